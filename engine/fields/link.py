"""A link to one record of another entity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import sqlalchemy as sa

from engine.api import BadValue, FieldType, Operator, Reader, Type, Words, columns, limits, record, words
from engine.fields.reading import half_width

LINK_OPERATORS: tuple[Operator, ...] = ("is", "is_not", "among", "empty", "not_empty")


@dataclass(frozen=True, kw_only=True)
class RecordLink(FieldType):
    """What every kind that points at one record has in common: the value is the record's id."""

    operators: ClassVar[tuple[Operator, ...]] = LINK_OPERATORS
    widget: ClassVar[str] = "picker"

    def expression_type(self) -> Type:
        """A record of the target."""
        return record(self.target())

    def column(self) -> sa.types.TypeEngine[Any]:
        """The id."""
        return columns.BigInteger()

    def parse(self, raw: object, reader: Reader) -> int:
        """The id, alone or as {"id": 12}. Titles, unique fields and keys of new lines are resolved by the save."""
        return read_id(raw)

    def to_json(self, value: int) -> Any:
        """The id; the API puts the title beside it."""
        return value

    def json_schema(self) -> dict[str, Any]:
        """An id."""
        return {"type": "integer", "minimum": 1}

    def sample(self, number: int) -> int:
        """The ids of the first records."""
        return number + 1

    def search_text(self, value: int) -> str:
        """Nothing: a link is found by its title, which is its record's."""
        return ""


@dataclass(frozen=True, kw_only=True)
class Link(RecordLink):
    """A link to one record of another entity."""

    key: ClassVar[str] = "link"
    words: ClassVar[Words] = words("关联", "Link")

    to: str
    """The entity that it links to."""
    on_delete: Literal["restrict", "clear", "cascade"] = "restrict"
    """When the linked record is deleted: refuse that, empty this field, or delete this record too."""

    def target(self) -> str:
        """The entity that it links to."""
        return self.to


TOLD = frozenset({"id", "title", "entity"})
"""What an answer tells of a linked record: it may be sent back; nothing else of that record can be changed here."""


def read_id(raw: object) -> int:
    """A record's id from a number, digits, or {"id": ...} as it was told. Raises BadValue("not_an_id")."""
    if isinstance(raw, Mapping):
        if not raw.keys() <= TOLD:
            raise BadValue("not_an_id")
        raw = raw.get("id")
    if isinstance(raw, str) and len(raw) <= 20:
        digits = half_width(raw).strip()
        raw = int(digits) if digits.isascii() and digits.isdigit() else None
    if isinstance(raw, bool) or not isinstance(raw, int) or not 1 <= raw <= limits.INTEGER_MAX:
        raise BadValue("not_an_id")
    return raw
