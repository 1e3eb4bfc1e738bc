"""Whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal

import sqlalchemy as sa

from engine.api import BadOption, FieldType, Operator, Reader, Shower, Type, Words, columns, limits, words
from engine.fields.numbers import exact, grouped, in_bounds, read_decimal
from engine.fields.reading import half_width

NUMBER_OPERATORS: tuple[Operator, ...] = (
    "is", "is_not", "less", "at_most", "more", "at_least", "between", "empty", "not_empty",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Integer(FieldType):
    """A whole number of up to 64 bits."""

    key: ClassVar[str] = "integer"
    words: ClassVar[Words] = words("整数", "Whole number")
    type: ClassVar[Type] = Type("number", scale=0)
    operators: ClassVar[tuple[Operator, ...]] = NUMBER_OPERATORS
    widget: ClassVar[str] = "number"
    align: ClassVar[Literal["start", "end"]] = "end"

    min: int | None = None
    """The least number."""
    max: int | None = None
    """The greatest number."""

    def check_options(self) -> None:
        """The bounds fit each other."""
        if self.min is not None and self.max is not None and self.min > self.max:
            raise BadOption("min", f"'min' ({self.min}) is above 'max' ({self.max}).")

    def column(self) -> sa.types.TypeEngine[Any]:
        """64 bits."""
        return columns.BigInteger()

    def parse(self, raw: object, reader: Reader) -> int:
        """A whole number; people may group its digits."""
        number = exact(read_decimal(half_width(raw) if isinstance(raw, str) else raw, reader), 0)
        least, most = (None if bound is None else Decimal(bound) for bound in (self.min, self.max))
        return int(in_bounds(number, least, most))

    def keeps(self, value: int) -> bool:
        """Whether the number is within the bounds."""
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)

    def show(self, value: int, shower: Shower) -> str:
        """With grouped digits."""
        return grouped(value, shower.locale)

    def json_schema(self) -> dict[str, Any]:
        """An integer with its bounds."""
        return {
            "type": "integer",
            "minimum": -limits.INTEGER_MAX if self.min is None else self.min,
            "maximum": limits.INTEGER_MAX if self.max is None else self.max,
        }

    def sample(self, number: int) -> int:
        """Steps of 250 within the bounds."""
        least, most = self.min or 0, self.max
        value = least + number * 250
        return value if most is None or value <= most else least + number % (most - least + 1)
