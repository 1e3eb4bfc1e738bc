"""Records that belong to this one and are saved with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from engine.api import BadValue, FieldType, Operator, Reader, Shower, Type, Words, limits, record, words


@dataclass(frozen=True, kw_only=True)
class RecordList(FieldType):
    """What every kind that holds several records has in common: no column, the rows stand elsewhere."""

    operators: ClassVar[tuple[Operator, ...]] = ()
    stored: ClassVar[bool] = False
    sortable: ClassVar[bool] = False

    def expression_type(self) -> Type:
        """A list of records of the target."""
        return Type("list", item=record(self.target()))

    def parse(self, raw: object, reader: Reader) -> Any:
        """The full new set, as the save reads it row by row."""
        return read_rows(raw)

    def show(self, value: Any, shower: Shower) -> str:
        """How many there are."""
        return str(len(value)) if isinstance(value, list | tuple) else str(value)

    def edit(self, value: Any, shower: Shower) -> str:
        """Nothing: rows have inputs of their own."""
        return ""

    def json_schema(self) -> dict[str, Any]:
        """A list of objects; the API fills in the shape of the target."""
        return {"type": "array", "items": {"type": "object"}, "maxItems": limits.LINES_MAX}

    def search_text(self, value: Any) -> str:
        """Nothing: rows are found by their own texts."""
        return ""


@dataclass(frozen=True, kw_only=True)
class Lines(RecordList):
    """Records that belong to this one: they share its rights and version, and are saved and deleted with it."""

    key: ClassVar[str] = "lines"
    words: ClassVar[Words] = words("明细", "Lines")
    widget: ClassVar[str] = "lines"

    of: str
    """The entity of the rows; its `owned_by` names this field."""

    def target(self) -> str:
        """The entity of the rows."""
        return self.of


def read_rows(raw: object) -> tuple[Mapping[str, Any], ...]:
    """The rows as they were sent. Raises BadValue."""
    if not isinstance(raw, list | tuple):
        raise BadValue("not_a_list")
    if len(raw) > limits.LINES_MAX:
        raise BadValue("too_many_items", max=limits.LINES_MAX)
    if not all(isinstance(row, Mapping) for row in raw):
        raise BadValue("not_a_row")
    return tuple(raw)
