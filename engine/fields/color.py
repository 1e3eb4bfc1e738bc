"""Colours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.api import BadValue, FieldType, Operator, Reader, Words, columns, words
from engine.fields.reading import scalar_text

_HEX = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})")


@dataclass(frozen=True, kw_only=True)
class Color(FieldType):
    """A colour, kept as #rrggbb."""

    key: ClassVar[str] = "color"
    words: ClassVar[Words] = words("颜色", "Colour")
    operators: ClassVar[tuple[Operator, ...]] = ("is", "is_not", "empty", "not_empty")
    widget: ClassVar[str] = "color"
    sortable: ClassVar[bool] = False

    def column(self) -> sa.types.TypeEngine[Any]:
        """Text."""
        return columns.PlainText()

    def parse(self, raw: object, reader: Reader) -> str:
        """`#1746b0`, or short `#17b`."""
        found = _HEX.fullmatch(scalar_text(raw, "bad_color").lower())
        if found is None:
            raise BadValue("bad_color")
        digits = found.group(1)
        return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))

    def json_schema(self) -> dict[str, Any]:
        """Six hexadecimal digits."""
        return {"type": "string", "pattern": "^#[0-9a-f]{6}$"}

    def sample(self, number: int) -> str:
        """All over the circle."""
        return f"#{number * 1_118_481 % 16_777_216:06x}"
