"""What follows in other records when records go: links are emptied, others go along, lines of others too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from engine.change import Actor, Change, Draft, FieldError
from engine.model import Field
from engine.runtime.combinations import keep_combinations
from engine.runtime.dependencies import dependencies_of
from engine.runtime.draft import expect_formulas
from engine.runtime.figures import Figures
from engine.runtime.linking import behaviour, in_use, linking, links_to
from engine.runtime.push import Key, frozen_keys, push
from engine.runtime.session import Session
from engine.runtime.tree import Node, Tree, load_tree
from engine.runtime.write import changed_fields, store_tree
from engine.store import history, records, search
from engine.store.history import Entry

Save = Callable[[Session, Draft], Change]
"""The write path within a transaction: links of other records are emptied through it."""


@dataclass(slots=True)
class Removal:
    """What one deletion takes along, gathered before anything is written."""

    session: Session
    deletion: str
    """What the records share that go together."""
    save: Save
    own: frozenset[Key] = frozenset()
    """The records of the tree that a save looks after itself."""
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
            self.gather_links(node)

    def gather_links(self, node: Node) -> None:
        """Add what must go or change with one record that goes."""
        for link in links_to(self.session, node.entity.name):
            self._gather_linking(node, link)

    def _gather_linking(self, node: Node, link: Field) -> None:
        ids = [id for id in linking(self.session, node, link) if not self._goes((link.entity, id))]
        if not ids:
            return
        if behaviour(link) == "restrict":
            self.restricting += [(link.entity, id) for id in ids]
        elif behaviour(link) == "clear":
            self.clear += [(link.entity, id, link.name) for id in ids]
        else:
            for id in ids:
                self._gather_cascade(link.entity, id)

    def _goes(self, key: Key) -> bool:
        return key in self.own or any(key in tree.by_key for tree in self.trees)

    def _gather_cascade(self, entity: str, id: int) -> None:
        known = self.session.entity(entity)
        if not known.root:
            self.lines.append((entity, id))
            return
        tree = load_tree(self.session, known, id, alone=True)
        if tree is not None:
            self.gather(tree)

    @property
    def takes_along(self) -> bool:
        """Whether other records or lines of others go too."""
        return bool(self.trees or self.lines)

    def errors(self) -> Iterator[FieldError]:
        """What stands in the way, by entity."""
        going = {key for tree in self.trees for key in tree.by_key} | set(self.lines)
        staying = dict.fromkeys(key for key in self.restricting if key not in going)
        for entity in dict.fromkeys(name for name, _ in staying):
            yield in_use(self.session, entity, [id for name, id in staying if name == entity])

    def carry_out(self) -> None:
        """Write it all: links cleared first, then the records with one shared deletion."""
        session = self.session
        if not (self.clear or self.takes_along):
            return
        system = Session.open(session.site, session.connection, _as_engine(session.actor))
        going = {key for tree in self.trees for key in tree.by_key}
        for entity, id, name in self.clear:
            if session.entity(entity).root and (entity, id) not in going:
                self._clear(system, entity, id, name)
        for root, loose in sorted(self._loose_lines().items()):
            tree = None if root in going else load_tree(session, session.entity(root[0]), root[1])
            if tree is not None:
                settle(session, tree, loose, self.deletion)
        nodes = [node for tree in self.trees for node in tree.root.walk()]
        for tree in self.trees:
            for node in tree.root.walk():
                self._delete(node, tree.root)
        session.forget()
        push(session, [_emptied(node) for node in nodes], dependencies_of(session.site))

    def _clear(self, system: Session, entity: str, id: int, name: str) -> None:
        """Empty a link. The record's own rules hold; warnings, which nobody could confirm, do not."""
        checks = frozenset(name for known in system.model.entities.values() for name in known.checks)
        self.save(system, Draft(entity, {name: None}, id=id, confirmed=checks))

    def _loose_lines(self) -> dict[Key, Loose]:
        """By record that stays: its lines that lose a link, and those that go."""
        found: dict[Key, Loose] = {}
        for entity, id, name in self.clear:
            if not self.session.entity(entity).root:
                found.setdefault(root_of(self.session, entity, id), Loose()).clear.append((entity, id, name))
        for entity, id in self.lines:
            found.setdefault(root_of(self.session, entity, id), Loose()).go.append((entity, id))
        return found

    def _delete(self, node: Node, root: Node) -> None:
        session = self.session
        assert node.before is not None
        row = {"deleted_at": session.now, "deleted__with": self.deletion, "version": int(node.before["version"]) + 1}
        row |= {"updated_at": session.now, "updated_by": session.actor.user}
        records.update(session.connection, session.tables, node.entity.name, node.id, row)
        search.remove(session.connection, session.tables, node.entity.name, node.id)
        entry = entry_of(session, node.entity.name, node.id, root.key, "deleted")
        history.write(session.connection, session.tables, [entry])


@dataclass(slots=True)
class Loose:
    """Lines of one record that stays."""

    clear: list[tuple[str, int, str]] = field(default_factory=list)
    go: list[Key] = field(default_factory=list)


def settle(session: Session, tree: Tree, loose: Loose, deletion: str | None) -> None:
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


def _as_engine(actor: Actor) -> Actor:
    """The engine acting for a person: history names the person, rules do not stop what the deletion asks."""
    return Actor(user=actor.user, name=actor.name, locale=actor.locale, timezone=actor.timezone, system=True)


def _emptied(node: Node) -> Node:
    """A deleted record, as rollups see it: it counted with its stored values."""
    return Node(node.entity, node.id, dict(node.values), before=node.before, parent=node.parent)


def entry_of(session: Session, entity: str, id: int, root: tuple[str, int], action: str) -> Entry:
    """A line of the history for a record that went or came back."""
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
