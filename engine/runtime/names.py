"""Finding records by what people call them: in imports, tests and demos, under the asker's rights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from engine.change import Actor, InvalidQuery
from engine.expression.nodes import Path
from engine.model import Entity, Field
from engine.runtime.browse import ListQuery, browse_in
from engine.runtime.inquiry import Inquiry, inquire
from engine.runtime.site import Site
from engine.runtime.titles import Linked

HITS_MAX = 5
"""More hits than one are told, not listed."""
_NUMBERED = re.compile(r"(?:.*\s)?#([1-9][0-9]{0,17})", re.DOTALL)


def find_by(site: Site, actor: Actor, entity: str, written: Mapping[str, Any]) -> list[int]:
    """Ids of the records that hold these values: by the unique fields among them, else by all plain ones."""
    known = site.model.entities[entity]
    plain = {
        name: value
        for name, value in written.items()
        if name in known.fields and isinstance(value, str | int | Decimal)
    }
    unique = {name: value for name, value in plain.items() if known.fields[name].unique}
    wanted = unique or plain
    if not wanted:
        return []
    with inquire(site, actor) as inquiry:
        return _holding(inquiry, entity, wanted)


def ids_by_name(inquiry: Inquiry, entity: str, text: str) -> list[int]:
    """Ids of the records that this text names: by a unique field, by a title of one field, or as `... #ID`."""
    for name_field in name_fields(inquiry.model.entities[entity]):
        found = _holding(inquiry, entity, {name_field.name: text})
        if found:
            return found
    numbered = _NUMBERED.fullmatch(text.strip())
    return _holding(inquiry, entity, {"id": numbered[1]}) if numbered else []


def name_of_link(entity: Entity, linked: Linked) -> str:
    """A linked record in a cell, so that an import finds it again: its title, with `#ID` where that is not enough."""
    if linked.title is None:
        return f"#{linked.id}"
    title = title_field(entity)
    if title is not None and title.unique:
        return linked.title
    return f"{linked.title} #{linked.id}"


def name_fields(entity: Entity) -> Iterator[Field]:
    """The fields by which people name a record: unique texts, then the one that is its title."""
    title = title_field(entity)
    for field in entity.fields.values():
        if field.unique and field.kind.expression_type().kind == "text":
            yield field
    if title is not None and not title.unique:
        yield title


def title_field(entity: Entity) -> Field | None:
    """The text field that alone is an entity's title."""
    if len(entity.title) != 1 or isinstance(entity.title[0], str):
        return None
    node = entity.title[0].node
    if not isinstance(node, Path) or len(node.steps) != 1:
        return None
    field = entity.fields.get(node.steps[0].field)
    return field if field is not None and field.stored and field.kind.expression_type().kind == "text" else None


def _holding(inquiry: Inquiry, entity: str, values: Mapping[str, Any]) -> list[int]:
    query = ListQuery(entity=entity, fields=(), sort=("id",), size=HITS_MAX, total="no")
    for name, value in values.items():
        query = query.on(name, "is", str(value))
    try:
        return [row[0] for row in browse_in(inquiry, replace(query, source="form")).rows]
    except InvalidQuery:
        # A value that the field cannot hold is held by no record.
        return []
