"""A record with its lines in memory: as it was stored, and as it is becoming."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.model import Entity
from engine.runtime.session import Session
from engine.store import records


@dataclass(slots=True, eq=False)
class Node:
    """One record of a tree: the root, or a line of it."""

    entity: Entity
    id: int
    values: dict[str, Any]
    """Stored values by field, as they are becoming. A field that waits for its default or its formula
    is in `waiting` instead."""
    before: Mapping[str, Any] | None = None
    """The stored row before the change; None for a new record."""
    parent: Node | None = None
    path: str = ""
    """Where the draft speaks of it (`parts.0.`), for messages; "" for the root."""
    lines: dict[str, list[Node]] = field(default_factory=dict)
    """Living lines in order, by lines field."""
    gone: list[Node] = field(default_factory=list)
    """Lines that the change deletes, with all below them."""
    waiting: set[str] = field(default_factory=set)
    """Fields still to be worked out: defaults of a new record, and formulas."""
    working: set[str] = field(default_factory=set)
    """Fields being worked out just now: seen again, they are a cycle."""
    typed: set[str] = field(default_factory=set)
    """Computed fields that a person has typed over."""
    named: set[str] = field(default_factory=set)
    """Fields that the draft names."""
    position: int = 0
    """Its place in its parent's list, since the last `number_lines`."""
    by_each: bool = False
    """Kept by the engine, one for each combination."""

    @property
    def is_new(self) -> bool:
        """Whether the record is being made."""
        return self.before is None

    @property
    def key(self) -> tuple[str, int]:
        """Entity and id."""
        return self.entity.name, self.id

    def was(self, name: str) -> Any:
        """The value before the change; None for a new record."""
        return None if self.before is None else self.before.get(name)

    def changed(self, name: str) -> bool:
        """Whether the value differs from the stored one."""
        return bool(self.values.get(name) != self.was(name))

    def walk(self) -> Iterator[Node]:
        """It and the lines below, top down."""
        yield self
        for lines in self.lines.values():
            for line in lines:
                yield from line.walk()

    def number_lines(self) -> None:
        """Let every line below know its place."""
        for lines in self.lines.values():
            for position, line in enumerate(lines):
                line.position = position
                line.number_lines()

    def walk_gone(self) -> Iterator[Node]:
        """Every record that the change deletes."""
        for node in self.gone:
            yield from node.walk()
            yield from node.walk_gone()
        for lines in self.lines.values():
            for line in lines:
                yield from line.walk_gone()

    def place(self, name: str) -> str:
        """The path of one of its fields in a message."""
        return f"{self.path}{name}"


@dataclass(slots=True)
class Tree:
    """A root record with all its lines, and the way from an id to its node."""

    root: Node
    by_key: dict[tuple[str, int], Node] = field(default_factory=dict)

    def add(self, node: Node) -> None:
        """Make a node findable by entity and id."""
        self.by_key[node.key] = node

    def node(self, entity: str, id: int) -> Node | None:
        """The tree's node of that record, if it belongs here and lives."""
        return self.by_key.get((entity, id))

    def of(self, entity: str) -> list[Node]:
        """The living nodes of one entity, top down."""
        return [node for node in self.root.walk() if node.entity.name == entity]

    def copy(self) -> Tree:
        """The tree as it is now, untouched by what becomes of this one."""
        copied = Tree(_copy(self.root, None))
        for node in copied.root.walk():
            copied.add(node)
        return copied

    def remove(self, node: Node) -> None:
        """Take a line and all below it out of the living."""
        for below in node.walk():
            self.by_key.pop(below.key, None)


def load_tree(
    session: Session, entity: Entity, id: int, *, lock: bool = True, alone: bool = False
) -> Tree | None:  # fmt: skip
    """The live record with its lines, its root row locked for this transaction unless it is only looked at (`alone`:
    against new links to it too); None when there is none."""
    found = records.read(session.connection, session.tables, entity.name, [id], lock=lock, alone=alone)
    if not found or found[0]["deleted_at"] is not None:
        return None
    tree = Tree(_node(entity, found[0], None))
    tree.add(tree.root)
    _load_lines(session, tree, [tree.root])
    return tree


def new_tree(entity: Entity, id: int) -> Tree:
    """A tree for a record that is being made."""
    tree = Tree(Node(entity, id, {}))
    tree.root.lines = {field.name: [] for field in entity.lines()}
    tree.add(tree.root)
    return tree


def new_line(entity: Entity, id: int, parent: Node, path: str) -> Node:
    """A line that is being made; the caller puts it into its list."""
    node = Node(entity, id, {}, parent=parent, path=path)
    node.lines = {field.name: [] for field in entity.lines()}
    node.by_each = entity.each is not None
    return node


def _copy(node: Node, parent: Node | None) -> Node:
    copied = replace(node, values=dict(node.values), parent=parent, waiting=set(), working=set(), gone=[])
    copied.lines = {name: [_copy(line, copied) for line in lines] for name, lines in node.lines.items()}
    return copied


def _node(entity: Entity, row: Mapping[str, Any], parent: Node | None) -> Node:
    values = {field.name: row[field.name] for field in entity.stored}
    node = Node(entity, row["id"], values, before=row, parent=parent)
    node.lines = {field.name: [] for field in entity.lines()}
    node.by_each = entity.each is not None
    node.typed = {f.name for f in entity.fields.values() if f.override and row.get(f"{f.name}__typed") is not None}
    return node


def _load_lines(session: Session, tree: Tree, parents: list[Node]) -> None:
    """Read the lines below these parents, one query for each entity and level."""
    if not parents:
        return
    by_id = {parent.id: parent for parent in parents}
    for holder in parents[0].entity.lines():
        line = session.model.line_entity(holder)
        below = []
        for row in records.read_lines(session.connection, session.tables, line.name, list(by_id)):
            parent = by_id[row[parents[0].entity.name]]
            node = _node(line, row, parent)
            node.path = f"{parent.path}{holder.name}.{len(parent.lines[holder.name])}."
            parent.lines[holder.name].append(node)
            tree.add(node)
            below.append(node)
        _load_lines(session, tree, below)
