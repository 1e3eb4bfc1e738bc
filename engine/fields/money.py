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
from engine.fields.numbers import as_money, babel_locale, currency_places, plain, read_decimal
from engine.fields.reading import half_width

_BEFORE = re.compile(r"^([-+]?)\s*(?:¥|CN¥|[A-Z]{3}|[$€£])\s*")
_AFTER = re.compile(r"\s*(?:元|圆)$")


@dataclass(frozen=True, kw_only=True)
class Money(DecimalNumber):
    """An exact amount in the currency of the app, or of another field of the record."""

    key: ClassVar[str] = "money"
    words: ClassVar[Words] = words("金额", "Money")
    widget: ClassVar[str] = "text"

    scale: int = 2
    """Places after the point; not given, those of the currency. Unit prices often keep 4."""
    min: Decimal | None = None
    """The least amount."""
    max: Decimal | None = None
    """The greatest amount."""
    currency_field: str | None = None
    """The field of the same record that holds the currency's code; not given, it is the app's currency."""
    currency: str = filled("")
    """The app's currency, which the compiler fills in; it decides how many places are kept."""

    @classmethod
    def build(cls, options: Mapping[str, Any], **filled: Any) -> Self:
        """With the places of the app's currency, unless a scale is given."""
        if options.get("scale") is None:
            options = {**options, "scale": currency_places(filled.get("currency", ""))}
        return super().build(options, **filled)

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
                text = self._without_sign(text, reader)
        return self.held(read_decimal(text, reader))

    def show(self, value: Decimal, shower: Shower) -> str:
        """With the currency's sign and at least its places."""
        return as_money(value, shower.currency or self.currency, shower.locale)

    def edit(self, value: Decimal, shower: Shower) -> str:
        """Plain digits with the currency's places."""
        return plain(value, places=min(self.scale, currency_places(shower.currency or self.currency)))

    def _without_sign(self, text: str, reader: Reader) -> str:
        """The figure alone. A sign of another currency than the field's is refused, for it is another amount."""
        found = _BEFORE.match(text)
        if found is None:
            return _AFTER.sub("", text) if self.currency in ("", "CNY") else text
        sign = found.group().lstrip("+-").strip()
        own = {self.currency, get_currency_symbol(self.currency or "CNY", babel_locale(reader.locale))}
        known = own | ({"¥", "CN¥", "CNY"} if self.currency in ("", "CNY") else set())
        if sign not in known:
            raise BadValue("other_currency", sign=sign, currency=self.currency)
        return found.group(1) + text[found.end() :]
