"""Which field of a record's tree feeds which: for freezing what was sent, and for pushing rollups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from engine.expression import Expression
from engine.expression.nodes import Aggregate, Node, Path, Step, walk
from engine.model import Field, Model
from engine.runtime.site import Site

Spot = tuple[str, str]
"""(entity, field)"""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A rollup that counts rows of other records, and what its condition or value reads besides those rows."""

    field: Field
    aggregate: Aggregate
    rows: str
    """The entity of the rows."""
    beyond: frozenset[Spot]
    """Read on the way from a row: of a line perhaps its parent's fields."""
    holder: frozenset[Spot]
    """Read of the holder, as `outer.`"""


class Dependencies:
    """The dependencies of one model, worked out once for each root entity."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.pushed = tuple(_pushed(model))
        self.of_root = lru_cache(maxsize=None)(self._of_root)
        self.feeding = lru_cache(maxsize=None)(self._feeding)

    def pushes(self, entity: str) -> bool:
        """Whether rollups of other records may follow from a record of this entity."""
        return any(
            entity in {one.rows, *(arrival(self.model, hop)[0] for hop in one.aggregate.through)}
            or any(entity == spot[0] for spot in one.beyond | one.holder)
            for one in self.pushed
        )

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


def dependencies_of(site: Site) -> Dependencies:
    """The dependencies of the site's model, worked out once."""
    return site.kept.get("dependencies", lambda: Dependencies(site.model))


def _pushed(model: Model) -> Iterator[Pushed]:
    for entity in model.entities.values():
        for field in entity.fields.values():
            if not field.pushed or field.computed is None or not isinstance(field.computed.node, Aggregate):
                continue
            aggregate = field.computed.node
            paths = [path for part in (aggregate.where, aggregate.value) if part for path in _paths(model, part)]
            beyond = {(s.entity, s.field) for path in paths if path.root != "outer" for s in path.steps[1:]}
            holder = {(s.entity, s.field) for path in paths if path.root == "outer" for s in path.steps}
            last = aggregate.through[-1]
            yield Pushed(field, aggregate, arrival(model, last)[0], frozenset(beyond), frozenset(holder))


def _paths(model: Model, node: Node) -> Iterator[Path]:
    """The paths that an expression reads, with those in the conditions under which the fields show."""
    for path in walk(node):
        if isinstance(path, Path):
            yield path
            last = model.entities[path.steps[-1].entity].fields.get(path.steps[-1].field) if path.steps else None
            if last is not None and last.visible_when is not None:
                for inner in walk(last.visible_when.node):
                    if isinstance(inner, Path):
                        yield Path(path.root, (*path.steps[:-1], *inner.steps), inner.type)


def arrival(model: Model, hop: Step) -> Spot:
    """Where a hop of a rollup arrives: the lower entity, and its field that points up."""
    field = model.field(hop.entity, hop.field)
    if field.kind.key in ("lines", "links"):
        return model.line_entity(field).name, hop.entity
    entity, link = str(getattr(field.kind, "of")).split(".")  # noqa: B009 - the backlink kind's option
    return entity, link


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
    companion = field.kind.companion() if field.computed is not None and field.stored else None
    # A figure is rounded as its companion says: an amount to the places of the record's currency.
    spots: set[Spot] = set() if companion is None else {(field.entity, companion)}
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
