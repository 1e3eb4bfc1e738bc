"""Which field of a record's tree feeds which: for freezing what was sent, and for pushing rollups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from engine.expression import Expression
from engine.expression.nodes import Aggregate, Path, walk
from engine.model import Field, Model

Spot = tuple[str, str]
"""(entity, field)"""


class Dependencies:
    """The dependencies of one model, worked out once for each root entity."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.of_root = lru_cache(maxsize=None)(self._of_root)
        self.feeding = lru_cache(maxsize=None)(self._feeding)

    def dependents(self, root: str, changed: Iterable[Spot]) -> frozenset[Spot]:
        """The stored formulas of a root entity's tree that follow from these fields, however far."""
        found: set[Spot] = set()
        front = set(changed)
        while front:
            front = {spot for spot, reads in self.of_root(root).items() if spot not in found and reads & front}
            found |= front
        return frozenset(found)

    def _of_root(self, root: str) -> dict[Spot, frozenset[Spot]]:
        return {
            (field.entity, field.name): frozenset(_reads(self.model, field))
            for field in _tree_fields(self.model, root)
            if field.computed is not None
        }

    def _feeding(self, root: str) -> frozenset[Spot]:
        """The entered fields (and lists) of the tree that a frozen figure is worked out from."""
        spots: set[Spot] = set()
        for field in _tree_fields(self.model, root):
            if field.computed is not None and field.stored and field.frozen:
                spots |= _reads(self.model, field)
        for entity in self.model.entities.values():
            if entity.each and entity.owned_by and self.model.root_of(entity.name) == root:
                spots |= set(_list_spots(self.model, entity.owned_by[0], entity.each.lists.values()))
        return frozenset(spots)


def _list_spots(model: Model, owner: str, paths: Iterable[tuple[str, ...]]) -> Iterator[Spot]:
    for path in paths:
        entity = owner
        for name in path:
            yield entity, name
            field = model.entities[entity].fields[name]
            entity = field.kind.target() or entity


def _tree_fields(model: Model, root: str) -> Iterator[Field]:
    for entity in model.entities.values():
        if model.root_of(entity.name) == root:
            yield from entity.fields.values()


def _reads(model: Model, field: Field) -> set[Spot]:
    spots: set[Spot] = set()
    for expression in (field.computed, field.visible_when):
        if expression is not None:
            spots |= set(_spots(expression))
    # A field that is read counts with the condition under which it shows.
    for entity, name in list(spots):
        read = model.entities[entity].fields.get(name)
        if read is not None and read.visible_when is not None:
            spots |= set(_spots(read.visible_when))
    return spots


def _spots(expression: Expression) -> Iterator[Spot]:
    for node in walk(expression.node):
        if isinstance(node, Path):
            yield from ((step.entity, step.field) for step in node.steps)
        elif isinstance(node, Aggregate):
            yield from ((step.entity, step.field) for step in node.through)
