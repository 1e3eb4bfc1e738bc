"""Exact numbers: reading them from people and programs, and showing them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import lru_cache

import babel
from babel.numbers import get_currency_precision, get_currency_symbol
from babel.numbers import get_decimal_symbol as decimal_symbol_of
from babel.numbers import get_group_symbol as group_symbol_of

from engine.api import BadValue, Reader, limits

_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?|[+-]?\.[0-9]+")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_WIDE = Context(prec=80)
_EXACT = Context(prec=80, traps=[Inexact, InvalidOperation])
_CHARACTERS_MAX = 60


def read_decimal(raw: object, reader: Reader) -> Decimal:
    """The number that was typed or sent, not yet held to a scale. Raises BadValue("not_a_number")."""
    if isinstance(raw, bool):
        raise BadValue("not_a_number")
    if isinstance(raw, int | float | Decimal):
        return _from_number(raw)
    if not isinstance(raw, str) or len(raw) > _CHARACTERS_MAX:
        raise BadValue("not_a_number")
    text = raw.strip()
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    if reader.source in ("form", "csv") and _GROUPED.fullmatch(text):
        return Decimal(text.replace(",", ""))
    raise BadValue("not_a_number")


def exact(number: Decimal, scale: int) -> Decimal:
    """The number with exactly this many places, never rounded. Raises BadValue."""
    if number.is_zero():
        return Decimal((0, (0,), -scale))
    if number.adjusted() > 20:
        raise BadValue("too_many_digits", max=limits.INTEGER_MAX // 10**scale)
    unit, most = _unit_and_most(scale)
    try:
        found = number.quantize(unit, context=_EXACT)
    except Inexact:
        raise BadValue("too_many_places", scale=scale) from None
    if found.copy_abs() > most:
        raise BadValue("too_many_digits", max=limits.INTEGER_MAX // 10**scale)
    return found


@lru_cache(maxsize=100)
def _unit_and_most(scale: int) -> tuple[Decimal, Decimal]:
    """The smallest step of a scale, and the largest number that it is kept with."""
    unit = Decimal((0, (1,), -scale))
    return unit, Decimal(limits.INTEGER_MAX).scaleb(-scale, _WIDE)


def in_bounds(number: Decimal, least: Decimal | None, most: Decimal | None) -> Decimal:
    """The number, if it is within the bounds. Raises BadValue with the bound."""
    if least is not None and number < least:
        raise BadValue("too_small", min=least)
    if most is not None and number > most:
        raise BadValue("too_big", max=most)
    return number


def plain(number: Decimal, *, places: int = 0) -> str:
    """The number with ASCII digits, zeros at the end dropped down to so many places: what inputs hold."""
    return _trimmed(f"{number:f}", places)


def grouped(number: Decimal | int, locale: str, *, places: int = 0) -> str:
    """The number for people: digits in groups as in their language, zeros at the end dropped down to so many places."""
    text = f"{number:,}" if isinstance(number, int) else _trimmed(f"{number:,f}", places)
    style = _style(locale)
    if (style.decimal, style.group) == (".", ","):
        return text
    whole, dot, part = text.partition(".")
    return whole.replace(",", style.group) + (style.decimal if dot else "") + part


def as_percent(fraction: Decimal, locale: str) -> str:
    """A fraction as people read it: 0.1667 is 16.67%."""
    return grouped(fraction.scaleb(2, _WIDE), locale) + "%"


def as_money(amount: Decimal, currency: str, locale: str) -> str:
    """An amount with its currency's sign and at least its places."""
    shown = grouped(amount.copy_abs(), locale, places=currency_places(currency))
    before, after = _money_style(currency, locale)
    return f"{'-' if amount < 0 else ''}{before}{shown}{after}"


@lru_cache
def currency_places(currency: str) -> int:
    """How many places the currency's smallest coin asks for: 2 for CNY, 0 for JPY."""
    return get_currency_precision(currency) if currency else 2


@lru_cache
def babel_locale(locale: str) -> babel.Locale:
    """The language's rules; English for one that is not known."""
    try:
        return babel.Locale.parse(locale.replace("-", "_"))
    except (ValueError, babel.UnknownLocaleError):
        return babel.Locale("en")


@dataclass(frozen=True, slots=True)
class _Style:
    decimal: str
    group: str


@lru_cache
def _style(locale: str) -> _Style:
    known = babel_locale(locale)
    return _Style(decimal_symbol_of(known), group_symbol_of(known))


@lru_cache
def _money_style(currency: str, locale: str) -> tuple[str, str]:
    """What stands before and after an amount: `¥` in Chinese, `CN¥` in English."""
    if not currency:
        return "", ""
    known = babel_locale(locale)
    sign = get_currency_symbol(currency, known)
    pattern = known.currency_formats["standard"]
    before, after = pattern.prefix[0], pattern.suffix[0]
    # A code such as CHF needs room before the figure; a sign does not.
    gap = "\u00a0" if sign[-1:].isalpha() and before.endswith("¤") else ""
    return before.replace("¤", sign + gap), after.replace("¤", sign)


def _trimmed(text: str, places: int) -> str:
    whole, _, part = text.partition(".")
    if len(part) <= places and part:
        return text
    kept = part.rstrip("0").ljust(places, "0")
    return f"{whole}.{kept}" if kept else whole


def _from_number(raw: int | float | Decimal) -> Decimal:
    if isinstance(raw, int):
        if abs(raw) > 10**30:
            raise BadValue("too_many_digits", max=limits.INTEGER_MAX)
        return Decimal(raw)
    # The shortest text of a float is what was written: 0.1, not 0.1000000000000000055.
    number = Decimal(repr(raw)) if isinstance(raw, float) else raw
    if not number.is_finite():
        raise BadValue("not_a_number")
    return number
