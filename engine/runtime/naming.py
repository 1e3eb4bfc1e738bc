"""What a record is called, as the engine knows it: for messages, and for what a figure found."""

from __future__ import annotations

from engine.expression import Expression, Path
from engine.kinds import FieldType, Shower
from engine.model import Entity
from engine.runtime.access import Access
from engine.runtime.figures import Figures, Place
from engine.runtime.titles import companion_path
from engine.runtime.tree import Node
from engine.store.sight import always

DEPTH_MAX = 4
"""A title that names a record that names a record ... ends somewhere."""


def name_of(figures: Figures, place: Place, depth: int = 0, *, reader: Access | None = None) -> str:
    """The record's title, worked out from its own fields; its id where the title is empty. For a `reader` only of
    parts that this person may read on every record."""
    entity = _entity(figures, place)
    parts = [
        part if isinstance(part, str) else _part(figures, place, entity, part, depth)
        for part in entity.title
        if isinstance(part, str) or reader is None or _may_read(reader, part)
    ]
    id = place.id if isinstance(place, Node) else place[1]
    return "".join(parts).strip() or f"{entity.label.text(figures.session.locale)} {id}"


def _part(figures: Figures, place: Place, entity: Entity, part: Expression, depth: int) -> str:
    context = figures.context(place)
    if not isinstance(part.node, Path):
        return str(figures.evaluate(part, place) or "")
    value = context.raw(part.node.root, part.node.steps)
    if value is None:
        return ""
    target = part.type.entity
    if part.type.kind == "record" and target is not None:
        inside = figures.tree.node(target, value)
        return "" if depth == DEPTH_MAX else name_of(figures, inside or (target, value), depth + 1)
    beside = companion_path(figures.session.model, part.node)
    return _shown(figures, part.node, value, None if beside is None else context.raw(beside.root, beside.steps))


def _may_read(reader: Access, part: Expression) -> bool:
    steps = [(number, step) for path in part.paths() for number, step in enumerate(path.steps)]
    beyond = {step.entity for number, step in steps if number} | {part.type.entity or ""} - {""}
    return all(reader.reading(step.entity, step.field).everywhere for _, step in steps) and all(
        always(reader.rights.rows("read", name)) for name in beyond
    )


def _shown(figures: Figures, path: Path, value: object, companion: str | None) -> str:
    session = figures.session
    kind: FieldType = session.model.field(path.steps[-1].entity, path.steps[-1].field).kind
    app = session.model.app
    return kind.show(kind.beside(value, companion), Shower(session.locale, app.timezone, app.currency))


def _entity(figures: Figures, place: Place) -> Entity:
    return place.entity if isinstance(place, Node) else figures.session.entity(place[0])
