"""What happened to a record and its lines, as one person may see it: only fields that the person may read now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.change import Actor, NotFound
from engine.kinds import BadValue, Reader
from engine.model import Entity, Field
from engine.runtime import permission
from engine.runtime.access import Access
from engine.runtime.figures import Figures
from engine.runtime.inquiry import Inquiry
from engine.runtime.session import Session
from engine.runtime.site import Site
from engine.runtime.titles import Linked, titles
from engine.runtime.tree import Tree, load_tree
from engine.store import history
from engine.store.history import Entry

EVENTS_MAX = 50
"""What a record's page shows; older ones are asked for by their last id."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that changed, old and new as stored; a link as Linked."""

    field: Field
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    id: int
    at: datetime
    user: int | None
    who: str
    """The person's name at that time; empty for the system."""
    action: str
    entity: Entity
    """Of the line that it happened to; of the record itself otherwise."""
    own: bool
    """Whether it happened to the record itself, not to a line of it."""
    changes: tuple[FieldChange, ...] = ()
    rule: str = ""


def past(
    site: Site, actor: Actor, entity: str, id: int, *, before: int | None = None, limit: int = EVENTS_MAX
) -> tuple[Event, ...]:
    """The newest events of a live record, newest first. Raises NotFound for one that the actor may not see."""
    with site.database.reading() as connection:
        session, access = Session.open(site, connection, actor), Access(site, actor)
        known = permission.known_entity(session, access, entity)
        tree = load_tree(session, known, id, lock=False)
        if tree is None:
            raise NotFound(entity)
        figures = Figures(session, tree)
        permission.require_readable(access, figures)
        reader = _Reader(session, access, tree, figures)
        entries = history.read(connection, session.tables, entity, id, before=before, limit=limit)
        found = [(entry, reader.changes(entry)) for entry in entries if entry.entity in session.model.entities]
        named = _titles(Inquiry.on(site, actor, connection), (change for _, changes in found for change in changes))
    return tuple(
        _event(session.entity(entry.entity), entry, [_named(change, named) for change in changes], id, entity)
        for entry, changes in found
        if changes or entry.action != "updated"
    )


@dataclass(slots=True)
class _Reader:
    """Reads stored changes back, as far as the asker may read the fields."""

    session: Session
    access: Access
    tree: Tree
    figures: Figures

    def changes(self, entry: Entry) -> list[FieldChange]:
        """The changes of one entry that may be shown."""
        entity = self.session.entity(entry.entity)
        return [
            FieldChange(field, *(self.told(field, self.value(field, raw), entry.record) for raw in pair))
            for name, pair in entry.changes.items()
            if (field := entity.fields.get(name)) is not None and self.readable(field, entry.record)
        ]

    def readable(self, field: Field, record: int) -> bool:
        """Whether the field may be read: on the line as it stands; of a line that is gone, only if everywhere."""
        node = self.tree.node(field.entity, record)
        if node is None:
            return self.access.reading(field.entity, field.name).everywhere
        if not self.figures.visible(node, field):
            return False
        return self.access.readable(field.entity, field.name, permission.rows_of(self.figures, node))

    def told(self, field: Field, value: Any, record: int) -> Any:
        """The value with what its companion holds now, as far as that may be read: an amount in its currency."""
        name, node = field.kind.companion(), self.tree.node(field.entity, record)
        if name is None or value is None or isinstance(value, str):
            return value
        known = node is not None and self.readable(node.entity.fields[name], record)
        return field.kind.beside(value, self.figures.companion(node, field) if node is not None and known else "")

    def value(self, field: Field, raw: Any) -> Any:
        """A value as history keeps it, read back; what its kind reads no longer stays as it is."""
        if raw is None or field.kind.secret:
            return raw
        try:
            return field.kind.parse(raw, Reader("json", self.session.locale, self.session.actor.timezone))
        except BadValue:
            return str(raw)


def _titles(inquiry: Inquiry, changes: Iterable[FieldChange]) -> Mapping[tuple[str, int], str]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for change in changes:
        target = change.field.kind.target()
        if target is not None:
            wanted[target] |= {value for value in (change.old, change.new) if isinstance(value, int)}
    return {(name, id): title for name, ids in wanted.items() for id, title in titles(inquiry, name, ids).items()}


def _named(change: FieldChange, named: Mapping[tuple[str, int], str]) -> FieldChange:
    target = change.field.kind.target()
    if target is None:
        return change
    old, new = (
        Linked(target, value, named.get((target, value))) if isinstance(value, int) else value
        for value in (change.old, change.new)
    )
    return FieldChange(change.field, old, new)


def _event(entity: Entity, entry: Entry, changes: list[FieldChange], id: int, root: str) -> Event:
    own = entry.entity == root and entry.record == id
    return Event(entry.id, entry.at, entry.user, entry.actor, entry.action, entity, own, tuple(changes), entry.rule)
