"""Deleting records into the recycle bin, and bringing them back: together with what went with them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.change import (
    Actor,
    Change,
    Conflict,
    Draft,
    FieldError,
    Forbidden,
    InvalidRecord,
    NotFound,
    VersionRequired,
)
from engine.model import Entity, Field
from engine.runtime import permission
from engine.runtime.access import Access
from engine.runtime.cells import HIDDEN
from engine.runtime.combinations import keep_combinations
from engine.runtime.draft import expect_formulas
from engine.runtime.figures import Figures
from engine.runtime.linking import LINKS, behaviour, in_use, linked_id, linking, links_to
from engine.runtime.push import Key, frozen_keys, push
from engine.runtime.save import dependencies_of, save_in
from engine.runtime.session import Session
from engine.runtime.site import Site
from engine.runtime.transaction import in_transaction
from engine.runtime.tree import Node, Tree, load_tree
from engine.runtime.write import changed_fields, store_tree
from engine.store import history, records, search
from engine.store.history import Entry

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
    removal = _Removal(session, deletion=secrets.token_hex(8))
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
    errors = [error for name, row in group for error in _restore_errors(session, access, session.entity(name), row)]
    if errors:
        raise InvalidRecord(tuple(errors))
    nodes = [_bring_back(session, session.entity(name), row) for name, row in group]
    session.forget()
    back = {node.key for node in nodes}
    for root in sorted({root_of(session, *node.key) for node in nodes} - back):
        # A line came back to a record that had stayed: its figures count the line again.
        tree = load_tree(session, session.entity(root[0]), root[1])
        if tree is not None:
            _settle(session, tree, _Loose(), None)
    push(session, nodes, dependencies_of(session.site))
    return Change(entity, id, int(rows[0]["version"]) + 1, "restored")


def _origins(session: Session, group: Group) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The records of a deletion that went along with none of the others: who may restore it is asked of these."""
    together = {(name, row["id"]) for name, row in group}
    for name, row in group:
        entity = session.entity(name)
        cascading = (link for link in entity.stored if behaviour(link) == "cascade")
        if entity.root and not any(_names_one_of(together, link, row[link.name]) for link in cascading):
            yield name, row


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
    history.write(session.connection, session.tables, [_entry(session, entity.name, row["id"], root, "restored")])
    return Node(entity, row["id"], values, before=row)


@dataclass(slots=True)
class _Removal:
    """What one deletion takes along, gathered before anything is written."""

    session: Session
    deletion: str
    """What the records share that go together."""
    trees: list[Tree] = field(default_factory=list)
    clear: list[tuple[str, int, str]] = field(default_factory=list)
    lines: list[tuple[str, int]] = field(default_factory=list)
    """Lines of records that stay: they go with what they link to."""
    restricting: list[Key] = field(default_factory=list)
    """Records whose links restrict the deletion, unless they go along."""

    def gather(self, tree: Tree) -> None:
        """Add a record with its lines, and whatever must go or change with it."""
        if any(known.root.key == tree.root.key for known in self.trees):
            return
        self.trees.append(tree)
        for node in tree.root.walk():
            for link in links_to(self.session, node.entity.name):
                self._gather_linking(node, link)

    def _gather_linking(self, node: Node, link: Field) -> None:
        going = {key for tree in self.trees for key in tree.by_key}
        ids = [id for id in linking(self.session, node, link) if (link.entity, id) not in going]
        if not ids:
            return
        if behaviour(link) == "restrict":
            self.restricting += [(link.entity, id) for id in ids]
        elif behaviour(link) == "clear":
            self.clear += [(link.entity, id, link.name) for id in ids]
        else:
            for id in ids:
                self._gather_cascade(link.entity, id)

    def _gather_cascade(self, entity: str, id: int) -> None:
        known = self.session.entity(entity)
        if not known.root:
            self.lines.append((entity, id))
            return
        tree = load_tree(self.session, known, id, alone=True)
        if tree is not None:
            self.gather(tree)

    def errors(self) -> Iterator[FieldError]:
        """What stands in the way, by entity."""
        going = {key for tree in self.trees for key in tree.by_key} | set(self.lines)
        staying = dict.fromkeys(key for key in self.restricting if key not in going)
        for entity in dict.fromkeys(name for name, _ in staying):
            yield in_use(self.session, entity, [id for name, id in staying if name == entity])

    def carry_out(self) -> None:
        """Write it all: links cleared first, then the records with one shared deletion."""
        session = self.session
        system = Session.open(session.site, session.connection, _as_engine(session.actor))
        going = {key for tree in self.trees for key in tree.by_key}
        for entity, id, name in self.clear:
            if session.entity(entity).root and (entity, id) not in going:
                _clear(system, entity, id, name)
        for root, loose in sorted(self._loose_lines().items()):
            tree = None if root in going else load_tree(session, session.entity(root[0]), root[1])
            if tree is not None:
                _settle(session, tree, loose, self.deletion)
        nodes = [node for tree in self.trees for node in tree.root.walk()]
        for tree in self.trees:
            for node in tree.root.walk():
                self._delete(node, tree.root)
        session.forget()
        push(session, [_emptied(node) for node in nodes], dependencies_of(session.site))

    def _loose_lines(self) -> dict[Key, _Loose]:
        """By record that stays: its lines that lose a link, and those that go."""
        found: dict[Key, _Loose] = {}
        for entity, id, name in self.clear:
            if not self.session.entity(entity).root:
                found.setdefault(root_of(self.session, entity, id), _Loose()).clear.append((entity, id, name))
        for entity, id in self.lines:
            found.setdefault(root_of(self.session, entity, id), _Loose()).go.append((entity, id))
        return found

    def _delete(self, node: Node, root: Node) -> None:
        session = self.session
        assert node.before is not None
        row = {"deleted_at": session.now, "deleted__with": self.deletion, "version": int(node.before["version"]) + 1}
        row |= {"updated_at": session.now, "updated_by": session.actor.user}
        records.update(session.connection, session.tables, node.entity.name, node.id, row)
        search.remove(session.connection, session.tables, node.entity.name, node.id)
        entry = _entry(session, node.entity.name, node.id, root.key, "deleted")
        history.write(session.connection, session.tables, [entry])


@dataclass(slots=True)
class _Loose:
    """Lines of one record that stays."""

    clear: list[tuple[str, int, str]] = field(default_factory=list)
    go: list[Key] = field(default_factory=list)


def _clear(system: Session, entity: str, id: int, name: str) -> None:
    """Empty a link. The record's own rules hold; warnings, which nobody could confirm, do not."""
    checks = frozenset(name for known in system.model.entities.values() for name in known.checks)
    save_in(system, Draft(entity, {name: None}, id=id, confirmed=checks))


def _settle(session: Session, tree: Tree, loose: _Loose, deletion: str | None) -> None:
    """Change lines of a record that stays: its figures follow (where they do not stand still), it has a new version."""
    before = Figures(session, tree.copy())
    frozen = frozen_keys(before)
    for node in tree.root.walk():
        expect_formulas(node, frozen=node.key in frozen)
    for entity, id, name in loose.clear:
        if (line := tree.node(entity, id)) is not None:
            line.values[name] = None
    for key in loose.go:
        line = tree.node(*key)
        if line is not None and line.parent is not None and line.entity.owned_by is not None:
            line.parent.lines[line.entity.owned_by[1]].remove(line)
            line.parent.gone.append(line)
            tree.remove(line)
    figures = Figures(session, tree, before=before)
    if tree.root.key not in frozen:
        keep_combinations(figures)
    figures.all_worked_out()
    touched = [node for node in tree.root.walk() if node.is_new or changed_fields(node)]
    touched += tree.root.walk_gone()
    store_tree(figures, "updated", touch=True, deletion=deletion)
    session.forget()
    push(session, touched, dependencies_of(session.site))


def _require_version(session: Session, tree: Tree, version: int | None) -> None:
    assert tree.root.before is not None
    if version is None:
        if not session.actor.system:
            raise VersionRequired(session.say("version_required"))
    elif version != tree.root.before["version"]:
        raise Conflict({"id": tree.root.id, "version": tree.root.before["version"]})


def _as_engine(actor: Actor) -> Actor:
    """The engine acting for a person: history names the person, rules do not stop what the deletion asks."""
    return Actor(user=actor.user, name=actor.name, locale=actor.locale, timezone=actor.timezone, system=True)


def _emptied(node: Node) -> Node:
    """A deleted record, as rollups see it: it counted with its stored values."""
    return Node(node.entity, node.id, dict(node.values), before=node.before, parent=node.parent)


def _entry(session: Session, entity: str, id: int, root: tuple[str, int], action: str) -> Entry:
    return Entry(
        at=session.now, user=session.actor.user, actor=session.actor.name, entity=entity, record=id,
        root_entity=root[0], root=root[1], action=action, changes={}, rule="",
    )  # fmt: skip


def root_of(session: Session, entity: str, id: int) -> tuple[str, int]:
    """The record that a line stands in, however deep; itself for a record."""
    owner = session.entity(entity).owned_by
    if owner is None:
        return entity, id
    row = records.read(session.connection, session.tables, entity, [id])[0]
    return root_of(session, owner[0], row[owner[0]])
