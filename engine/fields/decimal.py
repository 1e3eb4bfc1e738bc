"""Exact numbers with places."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal

import sqlalchemy as sa

from engine.api import BadOption, FieldType, Operator, Reader, Shower, Type, Words, columns, limits, words
from engine.fields.integer import NUMBER_OPERATORS
from engine.fields.numbers import exact, grouped, in_bounds, plain, read_decimal
from engine.fields.reading import half_width


@dataclass(frozen=True, kw_only=True)
class DecimalNumber(FieldType):
    """An exact number with a fixed scale; more places than that are refused, not rounded away."""

    key: ClassVar[str] = "decimal"
    words: ClassVar[Words] = words("小数", "Decimal")
    operators: ClassVar[tuple[Operator, ...]] = NUMBER_OPERATORS
    widget: ClassVar[str] = "number"
    align: ClassVar[Literal["start", "end"]] = "end"

    scale: int = 2
    """Places after the point."""
    min: Decimal | None = None
    """The least number."""
    max: Decimal | None = None
    """The greatest number."""

    def check_options(self) -> None:
        """The scale can be stored and the bounds fit each other."""
        check_scale(self.scale)
        if self.min is not None and self.max is not None and self.min > self.max:
            raise BadOption("min", f"'min' ({self.min}) is above 'max' ({self.max}).")

    def expression_type(self) -> Type:
        """A number of this scale."""
        return Type("number", scale=self.scale)

    def column(self) -> sa.types.TypeEngine[Any]:
        """A scaled integer on SQLite, NUMERIC on PostgreSQL."""
        return columns.ExactDecimal(self.scale)

    def parse(self, raw: object, reader: Reader) -> Decimal:
        """An exact number; people may group its digits."""
        return self.held(read_decimal(half_width(raw) if isinstance(raw, str) else raw, reader))

    def held(self, number: Decimal) -> Decimal:
        """The number at this scale, if it keeps the bounds."""
        return in_bounds(exact(number, self.scale), self.min, self.max)

    def keeps(self, value: Decimal) -> bool:
        """Whether the number is within the bounds."""
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)

    def show(self, value: Decimal, shower: Shower) -> str:
        """With grouped digits, without zeros at the end."""
        return grouped(value, shower.locale)

    def edit(self, value: Decimal, shower: Shower) -> str:
        """Plain digits."""
        return plain(value)

    def to_json(self, value: Decimal) -> str:
        """A string with all its places, so that no reader turns it into a float."""
        return f"{exact(value, self.scale):f}"

    def json_schema(self) -> dict[str, Any]:
        """A string of digits."""
        places = rf"(\.[0-9]{{1,{self.scale}}})?" if self.scale else ""
        return {"type": "string", "pattern": rf"^-?[0-9]+{places}$", "examples": [self.to_json(Decimal(1))]}

    def sample(self, number: int) -> Decimal:
        """Steps of 12.5 within the bounds."""
        least = self.min or Decimal(0)
        value = (least + number * Decimal("12.5")).quantize(Decimal(1).scaleb(-self.scale))
        return exact(least if self.max is not None and value > self.max else value, self.scale)


def check_scale(scale: int) -> None:
    """Raise BadOption for a scale that cannot be stored."""
    if not 0 <= scale <= limits.DECIMAL_SCALE_MAX:
        raise BadOption("scale", f"'scale' is between 0 and {limits.DECIMAL_SCALE_MAX} places.")
