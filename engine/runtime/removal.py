"""Deleting records into the recycle bin, and bringing them back: together with what went with them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.change import (
    Actor,
    Change,
    Conflict,
    FieldError,
    Forbidden,
    InvalidRecord,
    NotFound,
    VersionRequired,
)
from engine.expression.run import Context
from engine.model import Entity, Field
from engine.runtime import permission
from engine.runtime.access import Access
from engine.runtime.cells import HIDDEN
from engine.runtime.dependencies import dependencies_of
from engine.runtime.figures import Figures
from engine.runtime.following import Loose, Removal, entry_of, root_of, settle
from engine.runtime.linking import LINKS, behaviour, linked_id
from engine.runtime.push import Key, frozen_keys, push
from engine.runtime.save import save_in
from engine.runtime.session import Session
from engine.runtime.site import Site
from engine.runtime.transaction import in_transaction
from engine.runtime.tree import Node, Tree, load_tree
from engine.store import history, records, search

Group = Sequence[tuple[str, Mapping[str, Any]]]
"""The rows of one deletion, with their entities."""


def delete(site: Site, actor: Actor, entity: str, id: int, version: int | None) -> Change:
    """Put a record with its lines into the recycle bin.

    What links to it decides: `restrict` refuses, `clear` empties the link, `cascade` goes along.
    Raises NotFound, Forbidden, VersionRequired, Conflict, InvalidRecord (in use).
    """
    return in_transaction(site, actor, lambda session: delete_in(session, entity, id, version))


def delete_in(session: Session, entity: str, id: int, version: int | None) -> Change:
    """The same inside a transaction that is open."""
    access = Access(session.site, session.actor)
    known = permission.known_entity(session, access, entity)
    tree = load_tree(session, known, id, alone=True)
    if tree is None:
        raise NotFound(entity)
    figures = Figures(session, tree)
    permission.require_readable(access, figures)
    if not access.decide("delete", entity, permission.rows_of(figures, tree.root)):
        raise Forbidden(session.say("may_not_delete", entity=known.label.text(session.locale)))
    _require_version(session, tree, version)
    removal = Removal(session, secrets.token_hex(8), save_in)
    removal.gather(tree)
    errors = tuple(removal.errors())
    if errors:
        raise InvalidRecord(errors)
    removal.carry_out()
    assert tree.root.before is not None
    return Change(entity, id, int(tree.root.before["version"]) + 1, "deleted")


def restore(site: Site, actor: Actor, entity: str, id: int) -> Change:
    """Bring a record back from the recycle bin, with everything that was deleted along with it.

    Raises NotFound, Forbidden, and InvalidRecord when a live record holds a unique value meanwhile, or when what it
    links to is not there any more.
    """
    return in_transaction(site, actor, lambda session: restore_in(session, entity, id))


def restore_in(session: Session, entity: str, id: int) -> Change:
    """The same inside a transaction that is open."""
    access = Access(session.site, session.actor)
    known = permission.known_entity(session, access, entity)
    rows = records.read(session.connection, session.tables, entity, [id], lock=True)
    if not rows or rows[0]["deleted_at"] is None or rows[0]["deleted__with"] is None:
        raise NotFound(entity)
    group = records.read_deleted(session.connection, session.tables, rows[0]["deleted__with"])
    for name, found in group:
        # To the rules they are alive again: what they would be is what is asked.
        session.read[(name, found["id"])] = {**found, "deleted_at": None}
    figures = Figures(session, Tree(Node(known, id, {})))
    context = {entity: figures.context((entity, id))}
    if not access.decide("read", entity, context):
        raise NotFound(entity)
    for name, row in (*_origins(session, group), (entity, rows[0])):
        if not access.decide("restore", name, {name: figures.context((name, row["id"]))}):
            raise Forbidden(session.say("may_not_restore", entity=session.entity(name).label.text(session.locale)))
    for line in _taken_away(session, group):
        standing = _with_holders(figures, line)
        if not access.decide("update", line[0], standing, standing):
            staying = session.entity(session.model.root_of(line[0]))
            raise Forbidden(session.say("may_not_update", entity=staying.label.text(session.locale)))
    errors = [error for name, row in group for error in _restore_errors(session, access, session.entity(name), row)]
    errors += _frozen_errors(session, group)
    if errors:
        raise InvalidRecord(tuple(errors))
    nodes = [_bring_back(session, session.entity(name), row) for name, row in group]
    session.forget()
    back = {node.key for node in nodes}
    for root in sorted({root_of(session, *node.key) for node in nodes} - back):
        # A line came back to a record that had stayed: its figures count the line again.
        tree = load_tree(session, session.entity(root[0]), root[1])
        if tree is not None:
            settle(session, tree, Loose(), None)
    push(session, nodes, dependencies_of(session.site))
    return Change(entity, id, int(rows[0]["version"]) + 1, "restored")


def _origins(session: Session, group: Group) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The records of a deletion that went along with none of the others: who may restore it is asked of these."""
    return ((name, row) for name, row in _went_first(session, group) if session.entity(name).root)


def _taken_away(session: Session, group: Group) -> list[Key]:
    """The lines that a save took away, with which others went, from records that stayed: one of each list, for whoever
    may write that list may bring back all of them."""
    together = _keys(group)
    found: dict[Key, Key] = {}
    for name, row in _went_first(session, group):
        owner = session.entity(name).owned_by
        if owner is not None and root_of(session, name, row["id"]) not in together:
            found.setdefault((name, row[owner[0]]), (name, row["id"]))
    return list(found.values())


def _went_first(session: Session, group: Group) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What went along with none of the others."""
    together = _keys(group)
    for name, row in group:
        cascading = (link for link in session.entity(name).stored if behaviour(link) == "cascade")
        if not any(_names_one_of(together, link, row[link.name]) for link in cascading):
            yield name, row


def _keys(group: Group) -> set[Key]:
    return {(name, row["id"]) for name, row in group}


def _with_holders(figures: Figures, line: Key) -> dict[str, Context]:
    """A line and the records that it is a line of, as rules are asked of them."""
    entity, id = line
    owner = figures.session.entity(entity).owned_by
    own: dict[str, Context] = {entity: figures.context(line)}
    if owner is None:
        return own
    [row] = records.read(figures.session.connection, figures.session.tables, entity, [id])
    return own | _with_holders(figures, (owner[0], int(row[owner[0]])))


def _names_one_of(together: set[Key], link: Field, value: object) -> bool:
    targets = getattr(link.kind, "to", ()) if link.kind.key == "any_link" else (link.kind.target(),)
    return any((target, linked_id(value, target)) in together for target in targets if target is not None)


def _restore_errors(session: Session, access: Access, entity: Entity, row: Mapping[str, Any]) -> Iterator[FieldError]:
    for names in entity.unique_sets:
        values = {name: row[name] for name in names}
        if any(value is None for value in values.values()):
            continue
        if records.taken(session.connection, session.tables, entity.name, values, row["id"]):
            label = ", ".join(entity.fields[name].label.text(session.locale) for name in names)
            shown = access.actor.system or access.reading(entity.name, names[0]).everywhere
            value = str(row[names[0]]) if shown else HIDDEN
            yield session.error(names[0], "restore_not_unique", field=label, value=value)
    for link in entity.stored:
        target = link.kind.target() if link.kind.key in LINKS else None
        if target is None or link.computed is not None or row[link.name] is None:
            continue
        if session.row(target, row[link.name]) is None:
            yield session.error(link.name, "restore_link_gone", field=link.label.text(session.locale))


def _frozen_errors(session: Session, group: Group) -> Iterator[FieldError]:
    """Records that had stayed, whose lines would come back, and that stand still by now."""
    together = {(name, row["id"]) for name, row in group}
    for root in sorted({root_of(session, name, row["id"]) for name, row in group} - together):
        entity = session.entity(root[0])
        tree = load_tree(session, entity, root[1])
        if tree is not None and root in frozen_keys(Figures(session, tree)):
            yield session.error("", "restore_frozen", entity=entity.label.text(session.locale))


def _bring_back(session: Session, entity: Entity, row: Mapping[str, Any]) -> Node:
    version = int(row["version"]) + 1
    back: dict[str, Any] = {"deleted_at": None, "deleted__with": None, "version": version}
    back |= {"updated_at": session.now, "updated_by": session.actor.user}
    records.update(session.connection, session.tables, entity.name, row["id"], back)
    values = {f.name: row[f.name] for f in entity.stored}
    texts = {
        n: entity.fields[n].kind.search_text(v) for n, v in values.items() if v is not None and entity.fields[n].search
    }
    if texts:
        search.index(session.connection, session.tables, entity.name, row["id"], texts)
    root = root_of(session, entity.name, row["id"])
    history.write(session.connection, session.tables, [entry_of(session, entity.name, row["id"], root, "restored")])
    return Node(entity, row["id"], values, before=row)


def _require_version(session: Session, tree: Tree, version: int | None) -> None:
    assert tree.root.before is not None
    if version is None:
        if not session.actor.system:
            raise VersionRequired(session.say("version_required"))
    elif version != tree.root.before["version"]:
        raise Conflict({"id": tree.root.id, "version": tree.root.before["version"]})
