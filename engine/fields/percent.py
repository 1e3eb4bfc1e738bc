"""Percentages: fractions everywhere, typed and shown as percent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from engine.api import BadOption, BadValue, Option, Reader, Shower, Words, words
from engine.fields.decimal import DecimalNumber
from engine.fields.numbers import as_percent, exact, plain, read_decimal
from engine.fields.reading import half_width


@dataclass(frozen=True, kw_only=True)
class Percent(DecimalNumber):
    """A fraction that people read and type as percent: 20% is 0.20 in the API and in formulas."""

    key: ClassVar[str] = "percent"
    words: ClassVar[Words] = words("百分比", "Percent")
    widget: ClassVar[str] = "text"

    scale: int = 2
    """Places of the fraction: 2 keeps whole percents, 4 keeps 16.67%."""
    min: Decimal | None = None
    """The least share, written as `0%`."""
    max: Decimal | None = None
    """The greatest share, written as `100%`."""

    @classmethod
    def read_option(cls, option: Option, raw: Any) -> Any:
        """Bounds are written as percentages are anywhere in YAML."""
        if option.name not in ("min", "max"):
            return super().read_option(option, raw)
        try:
            return cls(scale=12).parse(raw, Reader("yaml"))
        except BadValue as bad:
            raise BadOption(option.name, f"'{option.name}' is a percentage.", "Write it as 20%.") from bad

    def parse(self, raw: object, reader: Reader) -> Decimal:
        """A fraction. People type 20 for 20 %; the API sends "0.20"; YAML and CSV say 20%."""
        text = half_width(raw).strip() if isinstance(raw, str) else raw
        try:
            return self.held(_fraction(text, reader))
        except BadValue as bad:
            if bad.code == "too_many_places":
                raise BadValue("too_many_percent_places", scale=max(self.scale - 2, 0)) from bad
            if bad.code in ("too_small", "too_big"):
                bound = bad.details["min" if bad.code == "too_small" else "max"]
                assert isinstance(bound, Decimal)
                raise BadValue(f"percent_{bad.code}", bound=as_percent(bound, reader.locale)) from bad
            raise

    def show(self, value: Decimal, shower: Shower) -> str:
        """As percent: 0.1667 is 16.67%."""
        return as_percent(value, shower.locale)

    def edit(self, value: Decimal, shower: Shower) -> str:
        """As percent without a sign: 16.67."""
        return plain(value.scaleb(2))

    def sample(self, number: int) -> Decimal:
        """Up to 99 percent, in steps of one, if the bounds allow it."""
        value = Decimal(number * 7 % 100).scaleb(-2)
        least, most = self.min or Decimal(0), self.max if self.max is not None else Decimal(1)
        return exact(round(min(max(value, least), most), self.scale), self.scale)


def _fraction(raw: object, reader: Reader) -> Decimal:
    if isinstance(raw, str) and raw.endswith("%"):
        return read_decimal(raw[:-1], reader).scaleb(-2)
    number = read_decimal(raw, reader)
    if reader.source == "form":
        return number.scaleb(-2)
    if reader.source in ("yaml", "csv") and abs(number) >= 1:
        raise BadValue("percent_sign", written=plain(number))
    return number
