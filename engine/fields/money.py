"""Amounts of money."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from babel.numbers import get_currency_symbol, list_currencies

from engine.api import BadOption, BadValue, Reader, Shower, Type, Words, filled, words
from engine.fields.decimal import DecimalNumber
from engine.fields.numbers import (
    as_money,
    babel_locale,
    currency_places,
    exact,
    grouped,
    plain,
    read_decimal,
)
from engine.fields.reading import half_width

_BEFORE = re.compile(r"^([-+]?)\s*(?:¥|CN¥|[A-Z]{3}|[$€£])\s*")
_AFTER = re.compile(r"\s*(?:元|圆)$")


PLACES_MAX = 4
"""Places of the currency that has the most: CLF and UYW."""


class Amount(Decimal):
    """An amount together with its currency."""

    currency: str
    """The code; empty where the reader may not see it. Of what was typed: the sign that stood beside the figure."""

    def __new__(cls, value: Decimal, currency: str) -> Self:
        """The same number."""
        made = super().__new__(cls, value)
        made.currency = currency
        return made


@dataclass(frozen=True, kw_only=True)
class Money(DecimalNumber):
    """An exact amount in the currency of the app, or of another field of the record."""

    key: ClassVar[str] = "money"
    words: ClassVar[Words] = words("金额", "Money")
    widget: ClassVar[str] = "text"

    scale: int = 2
    """Places after the point; not given, those of the currency, each record's own with `currency_field`. Unit prices
    often keep 4."""
    min: Decimal | None = None
    """The least amount."""
    max: Decimal | None = None
    """The greatest amount."""
    currency_field: str | None = None
    """The field of the same record that holds the currency's code, a text or a choice such as `usd`. Where it is empty,
    and where no field is named, it is the app's currency."""
    currency: str = filled("")
    """The app's currency, which the compiler fills in; it decides how many places are kept."""
    follows: bool = filled(False)
    """Whether each record's own currency says how many places an amount has."""

    @classmethod
    def build(cls, options: Mapping[str, Any], **filled: Any) -> Self:
        """With the places of the app's currency, or of any that a record may name, unless a scale is given."""
        if options.get("scale") is not None:
            return super().build(options, **filled)
        follows = options.get("currency_field") is not None
        places = PLACES_MAX if follows else currency_places(filled.get("currency", ""))
        return super().build({**options, "scale": places}, **filled, follows=follows)

    def check_options(self) -> None:
        """The scale can be stored, the bounds fit, the currency is one."""
        super().check_options()
        if self.currency and self.currency not in list_currencies():
            raise BadOption("currency", f"'{self.currency}' is no currency code such as CNY.")

    def expression_type(self) -> Type:
        """An amount of this scale."""
        return Type("number", money=True, scale=self.scale)

    def parse(self, raw: object, reader: Reader) -> Decimal:
        """An amount; people may write the currency's sign and group the digits."""
        text = raw
        if isinstance(raw, str):
            text = half_width(raw).strip()
            if reader.source in ("form", "csv"):
                if self.currency_field is not None:
                    return self._with_sign(text, reader)
                text = self._without_sign(text, reader)
        return self.held(read_decimal(text, reader))

    def companion(self) -> str | None:
        """The field that holds the currency."""
        return self.currency_field

    def beside(self, value: Decimal, companion: str | None) -> Amount:
        """The amount in its currency, with at least the places of that."""
        code = self._code(companion)
        places = self.places_beside(companion)
        return Amount(Decimal(plain(value, places=places)) if places is not None and code else value, code)

    def places_beside(self, companion: str | None) -> int | None:
        """The places of the record's currency, unless the config says a scale."""
        return min(self.scale, currency_places(self._code(companion) or self.currency)) if self.follows else None

    def names_companion(self, value: Decimal) -> bool:
        """Whether it was typed with a currency's sign."""
        return isinstance(value, Amount) and bool(value.currency)

    def settled(self, value: Decimal, companion: str | None, locale: str) -> Decimal:
        """The amount, if it has no more places than its currency, and no sign of another one."""
        places, code = self.places_beside(companion), self._code(companion)
        sign = value.currency if isinstance(value, Amount) else ""
        if sign and sign not in self._signs(code, locale):
            raise BadValue("other_currency", sign=sign, currency=code)
        return Decimal(value) if places is None else exact(exact(Decimal(value), places), self.scale)

    def show(self, value: Decimal, shower: Shower) -> str:
        """With the currency's sign and at least its places."""
        if isinstance(value, Amount):
            return as_money(value, value.currency, shower.locale) if value.currency else grouped(value, shower.locale)
        return as_money(value, shower.currency or self.currency, shower.locale)

    def edit(self, value: Decimal, shower: Shower) -> str:
        """Plain digits with the currency's places."""
        currency = value.currency if isinstance(value, Amount) else shower.currency
        return plain(value, places=min(self.scale, currency_places(currency or self.currency)))

    def to_json(self, value: Decimal) -> str:
        """A string with the places of its currency."""
        if not self.follows:
            return super().to_json(value)
        return f"{value:f}" if isinstance(value, Amount) and value.currency else plain(value)

    def _code(self, companion: str | None) -> str:
        return self.currency if companion is None else companion.strip().upper()

    def _with_sign(self, text: str, reader: Reader) -> Decimal:
        """The figure with the sign that was typed; whether that is the record's own is seen when it is settled."""
        found = _BEFORE.match(text)
        sign = found.group().lstrip("+-").strip() if found else ("¥" if _AFTER.search(text) else "")
        figure = found.group(1) + text[found.end() :] if found else _AFTER.sub("", text)
        number = self.held(read_decimal(figure, reader))
        return Amount(number, sign) if sign else number

    def _signs(self, code: str, locale: str) -> set[str]:
        own = {code, get_currency_symbol(code or "CNY", babel_locale(locale))}
        return own | ({"¥", "CN¥", "CNY"} if code in ("", "CNY") else {"¥"} if code == "JPY" else set())

    def _without_sign(self, text: str, reader: Reader) -> str:
        """The figure alone. A sign of another currency than the field's is refused, for it is another amount."""
        found = _BEFORE.match(text)
        if found is None:
            return _AFTER.sub("", text) if self.currency in ("", "CNY") else text
        sign = found.group().lstrip("+-").strip()
        if sign not in self._signs(self.currency, reader.locale):
            raise BadValue("other_currency", sign=sign, currency=self.currency)
        return found.group(1) + text[found.end() :]
