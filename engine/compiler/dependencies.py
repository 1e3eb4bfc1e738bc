"""Which figure is worked out from which: cycles, what is live, what is pushed, and the order of a save.

A read is one of three kinds. Within a record and its lines it is followed at every save ("tree"). A rollup over
backlinks is kept right by the saves of the records that it counts ("push"). Everything else is read once, when the
record is saved ("past"), and a later change elsewhere does not reach it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from engine.compiler.cycles import circle_in, circles
from engine.expression import Expression
from engine.expression.nodes import Aggregate, Call, Find, Node, Path, Root, Step, children
from engine.model import Field, Model
from engine.problems import Problem

Key = tuple[str, str]
"""(entity, field)."""
Reach = Literal["tree", "push", "past"]


@dataclass(frozen=True, slots=True)
class Read:
    """A field that an expression reads, and how a change of it would come back."""

    key: Key
    reach: Reach


class Reader:
    """Lists what an expression reads, seen from the entity that holds it."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def reads(self, expression: Expression, entity: str) -> Iterator[Read]:
        """Every field that is read, once or more."""
        yield from self._node(expression.node, {"this": "tree"}, self.model.root_of(entity))

    def _node(self, node: Node, roots: Mapping[Root, Reach], tree: str) -> Iterator[Read]:
        if isinstance(node, Path):
            yield from self._steps(node.steps, roots.get(node.root, "past"), tree)
        elif isinstance(node, Find):
            yield from (Read((step.entity, step.field), "past") for step in node.value)
            yield from (Read((node.entity, name), "past") for name in node.latest)
            if node.where is not None:
                yield from self._node(node.where, {"this": "past", "outer": roots.get("this", "past")}, tree)
        elif isinstance(node, Aggregate):
            yield from self._aggregate(node, roots, tree)
        else:
            for child in children(node):
                yield from self._node(child, roots, tree)

    def _aggregate(self, node: Aggregate, roots: Mapping[Root, Reach], tree: str) -> Iterator[Read]:
        here = roots.get("this", "past")
        yield from self._steps(node.through, here, tree)
        inside = here == "tree" and all(self._stays(step, tree) for step in node.through)
        rows: Reach = "tree" if inside else "push"
        for part in (node.value, node.where):
            if part is not None:
                yield from self._node(part, {"this": rows, "outer": here}, tree)

    def _steps(self, steps: tuple[Step, ...], reach: Reach, tree: str) -> Iterator[Read]:
        for step in steps:
            yield Read((step.entity, step.field), reach)
            if reach != "tree" or not self._stays(step, tree):
                reach = "past" if reach == "tree" else reach

    def _stays(self, step: Step, tree: str) -> bool:
        """Whether a hop leads to another row of the same tree: to the parent, to lines, across to a line."""
        entity = self.model.entities[step.entity]
        if step.via is not None:
            return self.model.root_of(step.via[0]) == tree and self.model.entities[step.via[0]].owned_by is not None
        if entity.owned_by is not None and step.field == entity.owned_by[0]:
            return True
        target = entity.fields[step.field].kind.target()
        below = self.model.entities.get(target) if target else None
        return below is not None and below.owned_by is not None and self.model.root_of(below.name) == tree


class Graph:
    """The computed fields of a Model and what each reads."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.reader = Reader(model)
        self.fields: dict[Key, Field] = {
            (entity.name, field.name): field
            for entity in model.entities.values()
            for field in entity.fields.values()
            if field.computed is not None or field.visible_when is not None
        }

    @cached_property
    def reads(self) -> dict[Key, tuple[Read, ...]]:
        """By field: the fields with a formula or condition of their own that it reads."""
        found = {}
        for key, field in self.fields.items():
            parts = [part for part in (field.computed, field.visible_when) if part is not None]
            reads = dict.fromkeys(read for part in parts for read in self.reader.reads(part, key[0]))
            found[key] = tuple(read for read in reads if read.key in self.fields)
        return found

    def live(self) -> frozenset[Key]:
        """Computed fields that depend, through any number of fields, on the day, the moment or the reader."""
        readers: dict[Key, list[Key]] = {}
        for key, reads in self.reads.items():
            for read in reads:
                readers.setdefault(read.key, []).append(key)
        live = {key for key, field in self.fields.items() if field.computed is not None and _is_live(field)}
        rest = list(live)
        while rest:
            for reader in readers.get(rest.pop(), ()):
                if reader not in live and self.fields[reader].computed is not None:
                    live.add(reader)
                    rest.append(reader)
        return frozenset(live)

    def pushed(self) -> frozenset[Key]:
        """Rollups that look at records outside their own tree."""
        return frozenset(
            key
            for key, field in self.fields.items()
            if field.computed is not None
            and any(self._leaves(node, key[0]) for node in _aggregates(field.computed.node))
        )

    def _leaves(self, node: Aggregate, entity: str) -> bool:
        tree = self.model.root_of(entity)
        return not all(self.reader._stays(step, tree) for step in node.through)

    def order(self, root: str, live: frozenset[Key]) -> tuple[Key, ...]:
        """The stored computed fields of a tree, each after all that it reads within the tree."""
        members = [key for key in self.fields if self.model.root_of(key[0]) == root]
        done: dict[Key, None] = {}
        for key in members:
            self._place(key, done)
        stored = [key for key in done if self._is_stored(key, live)]
        return tuple(stored)

    def _is_stored(self, key: Key, live: frozenset[Key]) -> bool:
        field = self.fields[key]
        return field.computed is not None and field.stored and key not in live

    def _place(self, key: Key, done: dict[Key, None]) -> None:
        """Depth first without recursion: a chain of formulas may be long."""
        stack = [(key, iter(self._within(key)))]
        entered = {key}
        while stack:
            at, rest = stack[-1]
            if at in done:
                stack.pop()
                continue
            following = next((k for k in rest if k not in done and k not in entered), None)
            if following is None:
                done[at] = None
                stack.pop()
            else:
                entered.add(following)
                stack.append((following, iter(self._within(following))))

    def _within(self, key: Key) -> list[Key]:
        return [read.key for read in self.reads[key] if read.reach == "tree"]

    def cycles(self) -> Iterator[Problem]:
        """Figures that are worked out from themselves. What was read in the past comes back only by a push."""
        live = self.live()
        close = {key: self._edges(key, live, ("tree", "push")) for key in self.fields}
        told: set[Key] = set()
        for circle in circles(close):
            told |= set(circle)
            yield self._cycle(circle)
        wide = {key: self._edges(key, live, ("tree", "push", "past")) for key in self.fields}
        for group in circles(wide):
            pushes = any(r.reach == "push" and r.key in group for key in group for r in self.reads[key])
            if pushes and not told & set(group):
                yield self._cycle(group)

    def _edges(self, key: Key, live: frozenset[Key], reaches: tuple[Reach, ...]) -> list[Key]:
        """What is worked out at each reading follows every path, wherever it leads."""
        follows_all = key in live or not self.fields[key].stored
        return [read.key for read in self.reads[key] if follows_all or read.reach in reaches]

    def _cycle(self, group: tuple[Key, ...]) -> Problem:
        edges = {key: [read.key for read in self.reads[key] if read.key in group] for key in group}
        circle = circle_in(edges, group[0])
        names = " -> ".join(f"{entity}.{field}" for entity, field in (*circle, circle[0]))
        message = f"These figures are worked out from each other: {names}."
        return Problem(
            "formula.cycle", message, self.fields[circle[0]].mark, "Enter one of them, or work it out from others."
        )


def _is_live(field: Field) -> bool:
    assert field.computed is not None
    parts = [part for part in (field.computed, field.visible_when) if part is not None]
    return any(part.starts_at("me") or _calls_clock(part.node) for part in parts)


def _calls_clock(node: Node) -> bool:
    if isinstance(node, Call) and node.function in ("today", "now"):
        return True
    return any(_calls_clock(child) for child in children(node))


def _aggregates(node: Node) -> Iterator[Aggregate]:
    if isinstance(node, Aggregate):
        yield node
    for child in children(node):
        yield from _aggregates(child)
