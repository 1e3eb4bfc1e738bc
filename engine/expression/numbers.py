"""Exact decimals: what `+ - * / // %` give, the same in Python and in the functions that SQLite calls."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
)
from decimal import Overflow as DecimalOverflow
from functools import lru_cache

from engine.limits import DIVISION_PLACES, EXPRESSION_NUMBER_DIGITS_MAX

EXACT = Context(
    # 300 nodes of 12 places each, before the point 38 digits: whatever does not fit is too large, never rounded.
    prec=4_000,
    Emax=100_000,
    Emin=-100_000,
    traps=[Inexact, InvalidOperation, DivisionByZero, DecimalOverflow],
)
ROUNDING = Context(prec=4_000, Emax=100_000, Emin=-100_000, traps=[InvalidOperation, DecimalOverflow])
ZERO = Decimal(0)
ONE = Decimal(1)
_SCALED = DIVISION_PLACES + 1
"""One place more than kept: half up looks at the first dropped digit only."""


class TooLarge(OverflowError):
    """A result past what numbers or dates may be: the save is refused, in SQL the value is empty."""

    def __init__(self) -> None:
        super().__init__("the result is too large")


def bounded(value: Decimal) -> Decimal:
    """The value itself when its whole part has at most 38 digits; raises TooLarge."""
    if value.adjusted() >= EXPRESSION_NUMBER_DIGITS_MAX and value:
        raise TooLarge
    return value


def add(left: Decimal, right: Decimal) -> Decimal:
    """The exact sum."""
    return bounded(EXACT.add(left, right))


def subtract(left: Decimal, right: Decimal) -> Decimal:
    """The exact difference."""
    return bounded(EXACT.subtract(left, right))


def multiply(left: Decimal, right: Decimal) -> Decimal:
    """The exact product."""
    try:
        return bounded(EXACT.multiply(left, right))
    except Inexact as error:
        raise TooLarge from error


def divide(left: Decimal, right: Decimal) -> Decimal | None:
    """The quotient with 12 places, half up; empty by zero."""
    if not right:
        return None
    quotient = EXACT.divide_int(EXACT.scaleb(left, _SCALED), right)
    return bounded(rounded(EXACT.scaleb(quotient, -_SCALED), DIVISION_PLACES))


def floor_divide(left: Decimal, right: Decimal) -> Decimal | None:
    """The quotient rounded down, as in Python; empty by zero."""
    if not right:
        return None
    quotient = EXACT.divide_int(left, right)
    if EXACT.remainder(left, right) and (left < 0) != (right < 0):
        quotient = EXACT.subtract(quotient, ONE)
    return bounded(quotient)


def modulo(left: Decimal, right: Decimal) -> Decimal | None:
    """What `//` leaves: it has the divisor's sign; empty by zero."""
    if not right:
        return None
    rest = EXACT.remainder(left, right)
    return EXACT.add(rest, right) if rest and (rest < 0) != (right < 0) else rest


def rounded(value: Decimal, places: int) -> Decimal:
    """Half up (away from zero) to this many places."""
    return ROUNDING.quantize(value, _unit(places)) if places else value.to_integral_value(ROUND_HALF_UP)


def ceiling(value: Decimal) -> Decimal:
    """The least whole number that is not below."""
    return value.to_integral_value(ROUND_CEILING)


def floor(value: Decimal) -> Decimal:
    """The greatest whole number that is not above."""
    return value.to_integral_value(ROUND_FLOOR)


def average(total: Decimal, count: int) -> Decimal | None:
    """The mean with 12 places, half up; empty of nothing."""
    return divide(total, Decimal(count))


def canonical(value: Decimal) -> str:
    """One text for one number: no exponent, no trailing zeros, no minus zero."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


@lru_cache(maxsize=64)
def _unit(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


ROUNDING.rounding = ROUND_HALF_UP
