"""Yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.api import BOOLEAN, BadValue, FieldType, Operator, Reader, Shower, Type, Words, columns, words
from engine.fields.reading import scalar_text

_YES = frozenset({"true", "on", "1", "yes", "y", "是", "对", "有", "√", "✓", "真"})
_NO = frozenset({"false", "off", "0", "no", "n", "否", "不", "无", "×", "✗", "假"})


@dataclass(frozen=True, kw_only=True)
class Boolean(FieldType):
    """True or false; a box to tick."""

    key: ClassVar[str] = "boolean"
    words: ClassVar[Words] = words("是否", "Yes or no")
    type: ClassVar[Type] = BOOLEAN
    operators: ClassVar[tuple[Operator, ...]] = ("is", "empty", "not_empty")
    widget: ClassVar[str] = "checkbox"

    def column(self) -> sa.types.TypeEngine[Any]:
        """0 or 1 on SQLite, BOOLEAN on PostgreSQL."""
        return columns.Flag()

    def parse(self, raw: object, reader: Reader) -> bool:
        """True or false in JSON and YAML; in forms and CSV also words such as 是 and no."""
        if isinstance(raw, bool):
            return raw
        if reader.source in ("form", "csv"):
            word = scalar_text(raw, "not_a_boolean").lower()
            if word in _YES:
                return True
            if word in _NO:
                return False
        raise BadValue("not_a_boolean")

    def show(self, value: bool, shower: Shower) -> str:
        """是 or 否, Yes or No."""
        return _SHOWN[value].text(shower.locale)

    def edit(self, value: bool, shower: Shower) -> str:
        """`true` or `false`."""
        return "true" if value else "false"

    def json_schema(self) -> dict[str, Any]:
        """A boolean."""
        return {"type": "boolean"}

    def sample(self, number: int) -> bool:
        """Alternately."""
        return number % 2 == 1

    def search_text(self, value: bool) -> str:
        """Nothing: nobody searches for yes."""
        return ""


_SHOWN = {True: words("是", "Yes"), False: words("否", "No")}
