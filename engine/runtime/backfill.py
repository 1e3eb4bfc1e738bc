"""What a new config means for records that are there already: rows that it keeps, figures that it works out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter

import sqlalchemy as sa

from engine.change import FieldError, InvalidRecord, Refused, system
from engine.expression.nodes import Aggregate, Find, Path, walk
from engine.model import Entity, Field, Model
from engine.problems import ConfigError, Problem
from engine.runtime import lookup
from engine.runtime.combinations import keep_combinations
from engine.runtime.dependencies import Dependencies, Spot, dependencies_of
from engine.runtime.figures import Figures, stored_value
from engine.runtime.naming import name_of
from engine.runtime.numbering import give_numbers
from engine.runtime.push import Holders, Key, frozen_keys, holders, refresh_record
from engine.runtime.session import Session
from engine.runtime.site import Site
from engine.runtime.stages import settle_stage
from engine.runtime.tree import Node, Tree, load_tree
from engine.runtime.validation import unique_errors
from engine.runtime.write import changed_fields, store_tree
from engine.store import records
from engine.store.steps import Step

FOUND_MAX = 10_000
"""Answers of `find` that are remembered from one record to the next."""


def backfill(site: Site) -> Callable[[sa.Connection, Sequence[Step]], None]:
    """What `apply` calls with its steps for rows and formulas; `site` is of the model that is being applied.

    Each record is read once, whatever is new of it. Frozen records and figures that were typed over stay as they are;
    nobody's version changes. Raises ConfigError for a figure that cannot be kept, which names the record.
    """

    def fill(connection: sa.Connection, steps: Sequence[Step]) -> None:
        session = Session.open(site, connection, system(locale=site.model.app.locale))
        dependencies = dependencies_of(site)
        counting: Holders = {}
        for root, entity_steps in _by_root(session, dependencies, steps):
            fields = [session.model.field(step.entity, step.field) for step in entity_steps if step.kind == "backfill"]
            kept = [session.entity(step.entity) for step in entity_steps if step.kind != "backfill"]
            sought = _is_sought(session.model, root)
            session.found.clear()
            for id in records.living(connection, session.tables, root.name):
                tree = load_tree(session, root, id)
                if tree is not None:
                    changed = _fill_tree(session, Figures(session, tree), fields, kept, dependencies)
                    _note(counting, holders(session, changed, dependencies))
                session.read.clear()
                if sought or len(session.found) > FOUND_MAX:
                    session.found.clear()
        session.found.clear()
        _follow(session, counting, dependencies)

    return fill


def _by_root(
    session: Session, dependencies: Dependencies, steps: Sequence[Step]
) -> list[tuple[Entity, list[Step]]]:  # fmt: skip
    """The steps for each kind of record, those first that others read: a path into another record finds its figure."""
    by_root: dict[str, list[Step]] = {}
    for step in steps:
        by_root.setdefault(session.model.root_of(step.entity), []).append(step)
    roots_of = {(step.entity, step.field): root for root, mine in by_root.items() for step in mine}
    graph: TopologicalSorter[str] = TopologicalSorter({root: () for root in by_root})
    for (entity, name), root in roots_of.items():
        reads = dependencies.of_root(root).get((entity, name), frozenset())
        graph.add(root, *({roots_of[spot] for spot in reads if spot in roots_of} - {root}))
    try:
        order = list(graph.static_order())
    except CycleError:
        order = list(by_root)  # each reads the other: one of them finds what stood before
    return [(session.entity(root), by_root[root]) for root in order]


def _is_sought(model: Model, root: Entity) -> bool:
    """Whether any lookup reads records of this kind: what it has found may then be another one after each of them."""
    fields = [field for entity in model.entities.values() for field in entity.fields.values()]
    formulas = [field.computed for field in fields] + [field.default.expression for field in fields if field.default]
    nodes = (node for formula in formulas if formula is not None for node in walk(formula.node))
    return any(
        model.root_of(name) == root.name for find in nodes if isinstance(find, Find) for name in _looked_at(find)
    )


def _looked_at(find: Find) -> Iterator[str]:
    """The entities that a lookup chooses among, and by."""
    for node in walk(find):
        if isinstance(node, Find | Aggregate):
            yield node.entity
        elif isinstance(node, Path):
            yield from (step.entity for step in node.steps)


def _fill_tree(
    session: Session, figures: Figures, fields: Sequence[Field], kept: Collection[Entity], dependencies: Dependencies
) -> list[Node]:
    """Bring one record up to date; the records of its tree that changed."""
    try:
        changed = _work_out(session, figures, fields, kept, dependencies)
    except InvalidRecord as refused:
        raise _unkept(figures, refused) from refused
    if changed:
        store_tree(figures, "computed", keep_version=True)
    return changed


def _work_out(
    session: Session, figures: Figures, fields: Sequence[Field], kept: Collection[Entity], dependencies: Dependencies
) -> list[Node]:
    frozen = frozen_keys(figures)
    spots = _keep_rows(session, figures, kept, frozen) if kept else set()
    for field in fields:
        for one in figures.tree.of(field.entity):
            if field.name not in one.typed and not (field.frozen and one.key in frozen):
                _expect(session, one, field)
        spots.add((field.entity, field.name))
    _expect_dependents(figures, spots, frozen, dependencies)
    figures.all_worked_out()
    changed = [one for one in figures.tree.root.walk() if one.is_new or changed_fields(one)]
    changed += figures.tree.root.walk_gone()
    if changed:
        _stop_on(unique_errors(figures))
    return changed


def _keep_rows(session: Session, figures: Figures, kept: Collection[Entity], frozen: set[Key]) -> set[Spot]:
    """Make the rows that a config keeps from now on; the lists that they stand in."""
    if figures.tree.root.key in frozen:
        return set()
    keep_combinations(figures)
    give_numbers(session, figures.tree)
    for node in figures.tree.root.walk():
        if node.is_new:
            settle_stage(figures, node)
    return {entity.owned_by for entity in kept if entity.owned_by is not None}


def _expect_dependents(figures: Figures, spots: set[Spot], frozen: set[Key], dependencies: Dependencies) -> None:
    for entity, name in dependencies.dependents(figures.tree.root.entity.name, spots):
        following = figures.session.model.field(entity, name)
        for one in figures.tree.of(entity):
            still = (following.frozen and one.key in frozen) or name in one.typed
            if following.stored and not following.pushed and not still:
                one.waiting.add(name)


def _expect(session: Session, node: Node, field: Field) -> None:
    if node.is_new:
        return  # waits already, and nothing links to it yet
    if field.pushed and field.computed is not None and isinstance(field.computed.node, Aggregate):
        fresh = lookup.aggregate(session, field.computed.node, node.key)
        node.values[field.name] = stored_value(field, fresh, session, node.place(field.name))
    elif field.computed is not None:
        node.waiting.add(field.name)


def _follow(session: Session, counting: Holders, dependencies: Dependencies) -> None:
    """Rollups of other records that count these, once each; their own steps may have come before."""
    while counting:
        changed: list[Node] = []
        for key in sorted(counting):
            try:
                changed += refresh_record(session, key, counting[key], dependencies)
            except InvalidRecord as refused:
                raise _unkept(_figures_of(session, key), refused) from refused
        counting = holders(session, changed, dependencies)


def _note(counting: Holders, found: Holders) -> None:
    for key, names in found.items():
        counting.setdefault(key, set()).update(names)


# ---- what cannot be kept


def _unkept(figures: Figures, refused: InvalidRecord) -> ConfigError:
    """A refusal as a Problem that names entity, field, record and the place in the config."""
    return ConfigError([_problem(figures, error) for error in refused.errors[:1]])


def _figures_of(session: Session, key: Key) -> Figures:
    entity, id = session.entity(key[0]), key[1]
    while entity.owned_by is not None:
        owner, row = entity.owned_by[0], session.row(entity.name, id)
        assert row is not None
        entity, id = session.entity(owner), int(row[owner])
    tree = load_tree(session, entity, id, lock=False)
    assert tree is not None
    return Figures(session, tree)


def _problem(figures: Figures, error: FieldError) -> Problem:
    root = figures.tree.root
    node, field = _spot(figures.tree, error.field)
    what = f"{node.entity.name}.{field.name}" if field is not None else node.entity.name
    line = f" (in its {node.path.rstrip('.')})" if node.path else ""
    message = f"{what} cannot be worked out for {root.entity.name} {root.id}{_title(figures)}{line}: {error.message}"
    mark = field.mark if field is not None else node.entity.mark
    return Problem("plan.figure", message, mark, "Change the formula, or that record, then apply again.")


def _spot(tree: Tree, path: str) -> tuple[Node, Field | None]:
    """The record of the tree that a refusal speaks of, and the field."""
    for node in tree.root.walk():
        if path.startswith(node.path):
            field = node.entity.fields.get(path.removeprefix(node.path))
            if field is not None:
                return node, field
    return tree.root, None


def _title(figures: Figures) -> str:
    with suppress(Refused):
        return f" '{name_of(figures, figures.tree.root)}'"
    return ""  # the title reads what cannot be worked out


def _stop_on(errors: Iterator[FieldError]) -> None:
    found = tuple(errors)
    if found:
        raise InvalidRecord(found)
