"""A link to one record of one of several entities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.api import BadOption, BadValue, FieldType, Operator, Reader, Type, Words, columns, record, words
from engine.fields.link import LINK_OPERATORS, read_id


@dataclass(frozen=True, kw_only=True)
class AnyLink(FieldType):
    """A link to one record of one of several entities: a visit that belongs to a customer or to a deal."""

    key: ClassVar[str] = "any_link"
    words: ClassVar[Words] = words("任意关联", "Link to any")
    operators: ClassVar[tuple[Operator, ...]] = LINK_OPERATORS
    widget: ClassVar[str] = "picker"
    sortable: ClassVar[bool] = False

    to: tuple[str, ...]
    """The entities that it may link to."""

    def check_options(self) -> None:
        """There is something to link to."""
        if not self.to:
            raise BadOption("to", "'to' lists the entities that it may link to.", "Write [customer, deal].")

    def expression_type(self) -> Type:
        """A record of no particular entity."""
        return record(None)

    def column(self) -> sa.types.TypeEngine[Any]:
        """`customer:12`."""
        return columns.PlainText()

    def parse(self, raw: object, reader: Reader) -> str:
        """`customer:12`, or {"entity": "customer", "id": 12}."""
        if isinstance(raw, Mapping):
            entity, id = raw.get("entity"), raw.get("id")
        elif isinstance(raw, str) and len(raw) <= 100:
            entity, _, id = raw.strip().partition(":")
        else:
            raise BadValue("not_a_link", entities=self.to)
        if entity not in self.to:
            raise BadValue("not_a_link", entities=self.to)
        return f"{entity}:{read_id(id)}"

    def to_json(self, value: str) -> dict[str, Any]:
        """{"entity", "id"}; the API puts the title beside them."""
        entity, id = self.parts(value)
        return {"entity": entity, "id": id}

    @staticmethod
    def parts(value: str) -> tuple[str, int]:
        """The entity and the id that a stored value names."""
        entity, _, id = value.partition(":")
        return entity, int(id)

    def json_schema(self) -> dict[str, Any]:
        """An entity and an id."""
        properties = {"entity": {"enum": list(self.to)}, "id": {"type": "integer", "minimum": 1}}
        return {"type": "object", "properties": properties, "required": ["entity", "id"]}

    def sample(self, number: int) -> str:
        """Each entity in turn."""
        return f"{self.to[number % len(self.to)]}:{number // len(self.to) + 1}"

    def search_text(self, value: str) -> str:
        """Nothing: it is found by its title, which is its record's."""
        return ""
