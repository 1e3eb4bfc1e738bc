"""Whether a change is allowed: asked of the record before, and of the record as it would be stored."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.change import FieldError, Forbidden, NotFound
from engine.expression.run import Context
from engine.model import Entity, Field
from engine.runtime.access import Access, Rows
from engine.runtime.figures import Figures
from engine.runtime.session import Session
from engine.runtime.tree import Node
from engine.store import files, records

Key = tuple[str, int]


def known_entity(session: Session, access: Access, name: str) -> Entity:
    """The entity of that name whose records stand on their own.

    Raises NotFound for one that the actor may not know of, Forbidden for lines, which change with their parent.
    """
    entity = session.model.entities.get(name)
    if entity is None or entity.links_table or not (access.ever("read", name) or access.ever("create", name)):
        raise NotFound(name)
    if not entity.root:
        raise Forbidden(session.say("lines_with_parent"))
    return entity


def rows_of(figures: Figures, node: Node) -> Rows:
    """What rules are asked of: the record and those that it is a line of."""
    rows: dict[str, Context] = {}
    here: Node | None = node
    while here is not None:
        rows[here.entity.name] = figures.context(here)
        here = here.parent
    return rows


def require_readable(access: Access, before: Figures) -> None:
    """Raises NotFound where the actor may not see the record: as if there were none."""
    root = before.tree.root
    if not access.decide("read", root.entity.name, rows_of(before, root)):
        raise NotFound(root.entity.name)


def require_created(access: Access, after: Figures) -> None:
    """Raises Forbidden where the actor may not make this record."""
    root = after.tree.root
    if not access.decide("create", root.entity.name, rows_of(after, root)):
        raise Forbidden(after.session.say("may_not_create", entity=_label(after.session, root)))


def require_updated(access: Access, before: Figures, after: Figures | None = None) -> None:
    """Raises Forbidden where the actor may not change the record, or not into what it would become."""
    root = before.tree.root
    rows = rows_of(after, after.tree.root) if after is not None else None
    if not access.decide("update", root.entity.name, rows_of(before, root), rows):
        raise Forbidden(before.session.say("may_not_update", entity=_label(before.session, root)))


def field_errors(access: Access, before: Figures | None, after: Figures) -> Iterator[FieldError]:
    """The fields that the draft names and that the actor may not write on these records."""
    if access.actor.system:
        return
    for node in after.tree.root.walk():
        free = access.rights.freely_set if before is None else access.rights.freely_changed
        may_write = writer(access, before, after, node)
        for name in sorted(node.named - free(node.entity.name)):
            field = node.entity.fields[name]
            if not may_write(field):
                yield after.session.error(node.place(name), "read_only", field=field.label.text(after.session.locale))


def withheld(access: Access, after: Figures) -> Iterator[tuple[Node, Field]]:
    """Values that name something which is not there, or which the actor may not see (the two look the same): another
    record, or a file that somebody else sent."""
    return (named for named in _pointing(after) if _is_withheld(access, after, *named))


@dataclass(slots=True)
class Withheld:
    """The same as errors, for a save, which asks again for whatever was read meanwhile. What is linked to is kept from
    being deleted until the save ends."""

    access: Access
    after: Figures
    asked: set[tuple[Key, str]] = dataclasses.field(default_factory=set)
    """Values that were found to be open: a draft gives each but once."""

    def errors(self) -> Iterator[FieldError]:
        """What is wrong with the values that were not asked about yet."""
        session = self.after.session
        fresh = [(node, field) for node, field in _pointing(self.after) if (node.key, field.name) not in self.asked]
        # In one order for all savers, so that none waits for another in a circle.
        targets = {_target(field, node.values[field.name]) for node, field in fresh}
        for target in sorted(filter(None, targets)):
            if self.after.tree.node(*target) is None:
                _hold(session, *target)
        for node, field in fresh:
            self.asked.add((node.key, field.name))
            if _is_withheld(self.access, self.after, node, field):
                code = "no_such_file" if field.kind.widget == "file" else "no_such_record"
                yield session.error(node.place(field.name), code, field=field.label.text(session.locale))


def _pointing(after: Figures) -> Iterator[tuple[Node, Field]]:
    """The values of the draft that name a record or a file anew."""
    for node in after.tree.root.walk():
        for name in sorted(node.named & node.entity.pointing):
            if node.values.get(name) is not None and node.changed(name):
                yield node, node.entity.fields[name]


def _is_withheld(access: Access, after: Figures, node: Node, field: Field) -> bool:
    value = node.values[field.name]
    if field.kind.widget == "file":
        return not _may_attach(access, after.session, set(file_ids(value)) - set(file_ids(node.was(field.name))))
    target = _target(field, value)
    return target is not None and not _visible(access, after, target)


def file_ids(value: object) -> tuple[int, ...]:
    """The files that a value of a file field names."""
    found = value if isinstance(value, list | tuple) else () if value is None else (value,)
    return tuple(int(id) for id in found)


def writer(access: Access, before: Figures | None, after: Figures, node: Node) -> Callable[[Field], bool]:
    """What tells whether the actor may give a field of this record a value."""
    rows, entity = rows_of(after, node), node.entity.name
    if before is None:
        return lambda field: bool(access.settable(entity, field.name, rows))
    stood = before.tree.node(*node.key)
    stood_rows = rows_of(before, stood) if stood is not None else rows
    return lambda field: bool(access.updatable(entity, field.name, stood_rows, rows))


def _may_attach(access: Access, session: Session, ids: set[int]) -> bool:
    """Whether these files may be put into a record: they are read under its rights from then on, so only by who
    sent them."""
    known = files.read(session.connection, session.tables, ids) if ids else {}
    return ids <= known.keys() and (
        access.actor.system or all(f.created_by == access.actor.user for f in known.values())
    )


def _target(field: Field, value: object) -> tuple[str, int] | None:
    if field.kind.key == "any_link":
        entity, _, id = str(value).partition(":")
        return entity, int(id)
    entity_name = field.kind.target()
    return None if entity_name is None or not isinstance(value, int) else (entity_name, value)


def _hold(session: Session, entity: str, id: int) -> None:
    owner = session.entity(entity).owned_by
    if owner is None:
        session.hold(entity, id)
        return
    # Lines go with the record that they stand in, which is what a deletion locks.
    for row in records.read(session.connection, session.tables, entity, [id]):
        _hold(session, owner[0], row[owner[0]])


def _visible(access: Access, figures: Figures, target: tuple[str, int]) -> bool:
    entity, id = target
    if figures.tree.node(entity, id) is not None:
        return True
    session = figures.session
    rows: dict[str, Context] = {}
    here: str | None = entity
    while here is not None:
        row = session.row(here, id)
        if row is None:
            return False
        rows[here] = figures.context((here, id))
        owner = session.entity(here).owned_by
        here = owner[0] if owner else None
        id = row[here] if here else id
    return bool(access.decide("read", entity, rows))


def _label(session: Session, node: Node) -> str:
    return node.entity.label.text(session.locale)
