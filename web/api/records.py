"""A record as the API tells it: links with titles, lines nested under their field, exact numbers as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engine.model import Entity, Field
from engine.runtime.cells import Masked
from engine.runtime.inquiry import Inquiry
from engine.runtime.record import Record, read_record, read_record_in
from engine.runtime.session import Session
from engine.runtime.titles import Linked
from web.api.call import Call

PLAIN = frozenset({
    "text", "long_text", "email", "phone", "url", "color", "integer", "boolean", "choice", "stage", "date", "datetime",
    "decimal", "money", "percent",
})  # fmt: skip
"""Kinds whose stored values, written plainly, are what their `to_json` makes of them."""
UNTOLD = frozenset({"id", "version", "deleted_at"})
"""Told otherwise, or not at all: what is deleted is not found."""


def record_json(call: Call, entity: str, id: int) -> dict[str, Any]:
    """One record as the caller may see it; raises NotFound."""
    return as_json(read_record(call.site, call.actor, entity, id))


def record_json_in(session: Session, entity: str, id: int) -> dict[str, Any]:
    """The same as it is becoming in a transaction that is open."""
    return as_json(read_record_in(Inquiry.on(session.site, session.actor, session.connection), entity, id))


def as_json(record: Record) -> dict[str, Any]:
    """A record or line with what stands below it."""
    found: dict[str, Any] = {"id": record.id}
    if record.entity.root:
        found["version"] = record.version
    for name, field in record.entity.fields.items():
        if name in UNTOLD or is_parent(record.entity, field) or (field.system and not record.entity.root):
            continue
        if name in record.lines:
            found[name] = [line_json(field, line) for line in record.lines[name]]
        elif name in record.values:
            found[name] = value_json(field, record.values[name])
    return found


def line_json(holder: Field, line: Record) -> dict[str, Any]:
    """A line; of a many-to-many field the linked record, with the link's own attributes beside it."""
    if holder.kind.key != "links":
        return as_json(line)
    target = line.values.get("target")
    found = as_json(line)
    found.pop("target", None)
    found.pop("id", None)
    linked = value_json(line.entity.fields["target"], target)
    return {**(linked if isinstance(linked, dict) else {"id": None, "title": None}), **found}


def value_json(field: Field, value: Any) -> Any:
    """One value."""
    if value is None or (type(value) in (str, int, bool) and field.kind.key in PLAIN) or isinstance(value, Masked):
        return value
    if isinstance(value, Linked):
        return link_json(field, value)
    if isinstance(value, datetime):
        return moment_json(value)
    return field.kind.to_json(value)


def link_json(field: Field, linked: Linked) -> dict[str, Any]:
    """A link: id and title, and the entity where it may be one of several. A title that may not be seen is null."""
    if field.kind.target() is None and field.kind.key == "any_link":
        return {"entity": linked.entity, "id": linked.id, "title": linked.title}
    return {"id": linked.id, "title": linked.title}


def moment_json(moment: datetime) -> str:
    """A moment in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def is_parent(entity: Entity, field: Field) -> bool:
    """Whether the field is a line's way up to what it is a line of."""
    return entity.owned_by is not None and field.name == entity.owned_by[0]
