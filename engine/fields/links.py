"""Links to several records of another entity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.api import BadValue, Reader, Words, filled, limits, words
from engine.fields.lines import RecordList
from engine.fields.link import read_id
from engine.fields.reading import items_of


@dataclass(frozen=True, kw_only=True)
class Links(RecordList):
    """Links to several records of another entity, each perhaps with values of its own: the contacts of a deal and
    the part that each plays."""

    key: ClassVar[str] = "links"
    words: ClassVar[Words] = words("多项关联", "Links")
    widget: ClassVar[str] = "picker"

    to: str
    """The entity that it links to."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Fields of each link itself, written like an entity's fields: {role: {type: text}}."""
    entity: str = filled("")
    """The entity of the rows between, which the compiler makes and fills in."""

    def target(self) -> str:
        """The entity that it links to."""
        return self.to

    def parse(self, raw: object, reader: Reader) -> tuple[Mapping[str, Any], ...]:
        """One row for each link: {"id": target's id, and the link's own values}. Forms send ids between commas."""
        rows = []
        for item in items_of(raw, limits.LIST_ITEMS_MAX):
            known = dict(item) if isinstance(item, Mapping) else {}
            unknown = [name for name in known if name not in ("id", "title", "entity", *self.attributes)]
            if unknown:
                raise BadValue("unknown_field", field=str(unknown[0])[:60])
            own = {name: value for name, value in known.items() if name in self.attributes}
            rows.append({"id": read_id(known.get("id", item)), **own})
        if len({row["id"] for row in rows}) < len(rows):
            raise BadValue("same_twice")
        return tuple(rows)

    def json_schema(self) -> dict[str, Any]:
        """A list of ids, or of objects with an id and the link's own values."""
        row = {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]}
        return {"type": "array", "items": {"anyOf": [{"type": "integer"}, row]}, "maxItems": limits.LIST_ITEMS_MAX}
