"""Functions that SQLite calls: exact numbers, dates and letters as Python works them out.

Numbers arrive as canonical text or as a scaled integer beside its scale, never as floats. What is too large is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any

from engine.expression import casing, dates, numbers
from engine.expression.numbers import EXACT, TooLarge, canonical
from engine.limits import LONG_TEXT_CHARACTERS_MAX

_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


def register(connection: Any) -> None:
    """Give a SQLite connection (of sqlite3 or pysqlite3) the functions that expressions compile to."""
    for name, function in _FUNCTIONS.items():
        connection.create_function(f"forme_{name}", -1, function, deterministic=True)
    for name, aggregate in _AGGREGATES.items():
        connection.create_aggregate(f"forme_{name}", 2, aggregate)


def _number(value: str | int, scale: int) -> Decimal:
    if isinstance(value, str):
        return Decimal(value)
    assert isinstance(value, int), value
    return EXACT.scaleb(Decimal(value), -scale) if scale else Decimal(value)


def _strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """Empty for an empty argument, and for a result that is too large."""

    @wraps(function)
    def call(*arguments: Any) -> Any:
        if None in arguments:
            return None
        try:
            return function(*arguments)
        except TooLarge:
            return None

    return call


def _binary(operation: Callable[[Decimal, Decimal], Decimal | None]) -> Callable[..., Any]:
    @_strict
    def call(left: Any, left_scale: int, right: Any, right_scale: int) -> str | None:
        result = operation(_number(left, left_scale), _number(right, right_scale))
        return None if result is None else canonical(result)

    return call


def _unary(operation: Callable[[Decimal], Decimal]) -> Callable[..., Any]:
    @_strict
    def call(value: Any, scale: int = 0) -> str:
        return canonical(numbers.bounded(operation(_number(value, scale))))

    return call


@_strict
def _compare(left: Any, left_scale: int, right: Any, right_scale: int) -> int:
    first, second = _number(left, left_scale), _number(right, right_scale)
    return (first > second) - (first < second)


@_strict
def _round(value: Any, places: Any) -> str:
    return canonical(numbers.bounded(numbers.rounded(_number(value, 0), int(_number(places, 0)))))


@_strict
def _scaled(value: Any, scale: int, wanted: int) -> int | None:
    """A number as the integer that a column of this scale keeps, half up; empty past int64."""
    whole = int(EXACT.scaleb(numbers.rounded(_number(value, scale), wanted), wanted))
    return whole if abs(whole) <= dates.SPAN_MICROSECONDS_MAX else None


@_strict
def _wide(high: int, low: int, scale: int) -> str:
    """A sum that was kept in two halves, so that none could overflow."""
    return canonical(numbers.bounded(EXACT.scaleb(Decimal(high * 4_294_967_296 + low), -scale)))


def _least(*values: Any) -> Any:
    return None if None in values else min(values, key=Decimal)


def _greatest(*values: Any) -> Any:
    return None if None in values else max(values, key=Decimal)


@_strict
def _concat(left: str, right: str) -> str | None:
    return left + right if len(left) + len(right) <= LONG_TEXT_CHARACTERS_MAX else None


def _join(separator: str | None, *texts: str | None) -> str | None:
    if separator is None:
        return None
    joined = separator.join(text for text in texts if text is not None)
    return joined if 0 < len(joined) <= LONG_TEXT_CHARACTERS_MAX else None


def _kept(span: timedelta) -> int:
    return dates.microseconds(span)


def _span(microseconds: int) -> timedelta:
    return timedelta(microseconds=microseconds)


@_strict
def _days(value: Any) -> int:
    return _kept(dates.days(_number(value, 0)))


@_strict
def _months(day: str, count: Any) -> str:
    return dates.months(date.fromisoformat(day), _number(count, 0)).isoformat()


@_strict
def _move_date(day: str, span: int) -> str:
    return dates.move_date(date.fromisoformat(day), _span(span)).isoformat()


@_strict
def _move_moment(moment: str, span: int) -> str:
    return dates.move_moment(_moment(moment), _span(span)).strftime(_MOMENT).rjust(27, "0")


def _moment(text: str) -> datetime:
    return datetime.strptime(text, _MOMENT).replace(tzinfo=UTC)


@_strict
def _between_dates(left: str, right: str) -> int:
    return _kept(date.fromisoformat(left) - date.fromisoformat(right))


@_strict
def _between_moments(left: str, right: str) -> int:
    return _kept(_moment(left) - _moment(right))


@_strict
def _add_span(left: int, right: int) -> int:
    return _kept(dates.add_span(_span(left), _span(right)))


@_strict
def _subtract_span(left: int, right: int) -> int:
    return _kept(dates.subtract_span(_span(left), _span(right)))


@_strict
def _times_span(span: int, factor: Any, scale: int) -> int:
    return _kept(dates.times(_span(span), _number(factor, scale)))


@_strict
def _ratio(left: int, right: int) -> str | None:
    result = dates.ratio(_span(left), _span(right))
    return None if result is None else canonical(result)


@_strict
def _wide_span(high: int, low: int) -> int:
    return _kept(dates.span(Decimal(high * 4_294_967_296 + low)))


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": _binary(numbers.add),
    "subtract": _binary(numbers.subtract),
    "multiply": _binary(numbers.multiply),
    "divide": _binary(numbers.divide),
    "floor_divide": _binary(numbers.floor_divide),
    "modulo": _binary(numbers.modulo),
    "compare": _compare,
    "text": _unary(lambda value: value),
    "minus": _unary(EXACT.minus),
    "abs": _unary(Decimal.copy_abs),
    "ceil": _unary(numbers.ceiling),
    "floor": _unary(numbers.floor),
    "round": _round,
    "scaled": _scaled,
    "wide": _wide,
    "least": _least,
    "greatest": _greatest,
    "lower": _strict(casing.lower),
    "upper": _strict(casing.upper),
    "concat": _concat,
    "join": _join,
    "days": _days,
    "months": _months,
    "move_date": _move_date,
    "move_moment": _move_moment,
    "between_dates": _between_dates,
    "between_moments": _between_moments,
    "add_span": _add_span,
    "subtract_span": _subtract_span,
    "times_span": _times_span,
    "ratio": _ratio,
    "wide_span": _wide_span,
}


class _Sum:
    """An exact sum; empty when it is too large."""

    def __init__(self) -> None:
        self.total: Decimal = numbers.ZERO

    def step(self, value: Any, scale: int) -> None:
        if value is not None:
            self.total = EXACT.add(self.total, _number(value, scale))

    def finalize(self) -> str | None:
        try:
            return canonical(numbers.bounded(self.total))
        except TooLarge:
            return None


class _Extreme:
    """The least or greatest number."""

    better: Callable[[Decimal, Decimal], bool]

    def __init__(self) -> None:
        self.found: Decimal | None = None

    def step(self, value: Any, scale: int) -> None:
        if value is None:
            return
        number = _number(value, scale)
        if self.found is None or type(self).better(number, self.found):
            self.found = number

    def finalize(self) -> str | None:
        return None if self.found is None else canonical(self.found)


class _Minimum(_Extreme):
    better = staticmethod(Decimal.__lt__)


class _Maximum(_Extreme):
    better = staticmethod(Decimal.__gt__)


_AGGREGATES: dict[str, type] = {"sum": _Sum, "min": _Minimum, "max": _Maximum}
