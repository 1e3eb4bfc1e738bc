"""Rows that the engine keeps: exactly one for every combination of an `each` entity's lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from engine.limits import LINES_MAX
from engine.model import Entity
from engine.runtime.draft import DraftReader, expect_figures, whole
from engine.runtime.figures import Figures
from engine.runtime.session import Session
from engine.runtime.tree import Node, Tree, new_line
from engine.store import records

Combination = tuple[int | None, ...]


def keep_combinations(figures: Figures) -> None:
    """Make the rows that are missing and take away those whose combination is gone.

    A row keeps its id while its combination lasts. Outer entities come first: inner ones may count on them.
    """
    for entity in _each_entities(figures.session, figures.tree.root.entity):
        owner, holder = entity.owned_by or ("", "")
        for node in figures.tree.of(owner):
            _keep(figures, node, holder, entity)


def read_rows(reader: DraftReader) -> None:
    """Read what a draft says of kept rows: each is named by its id or by its combination, and all are there."""
    for node, holder, raw in reader.each:
        standing = node.lines[holder.name]
        by_id = {one.id: one for one in standing}
        by_combination = {_combination(one): one for one in standing}
        seen = set()
        for number, item in enumerate(raw):
            path = f"{node.path}{holder.name}.{number}."
            one = _named(item, by_id, by_combination, reader, standing)
            if one is None or one.id in seen:
                reader.errors.append(reader.session.error(path.rstrip("."), "no_such_combination"))
                continue
            seen.add(one.id)
            one.path = path
            reader.read_values(one, {k: v for k, v in item.items() if not reader.is_combination(one, k)})
        if len(seen) < len(standing):
            reader.fail(node, holder.name, "combination_missing", field=reader.label(holder))


def _each_entities(session: Session, root: Entity) -> list[Entity]:
    found = [e for e in session.model.entities.values() if e.each and session.model.root_of(e.name) == root.name]
    return sorted(found, key=lambda entity: _depth(session, entity))


def _depth(session: Session, entity: Entity) -> int:
    return 0 if entity.owned_by is None else 1 + _depth(session, session.entity(entity.owned_by[0]))


def _keep(figures: Figures, node: Node, holder: str, entity: Entity) -> None:
    each = entity.each
    assert each is not None
    lists = [_ids(figures, node, path) for path in each.lists.values()]
    total = 1
    for ids in lists:
        total *= len(ids)
    if total > LINES_MAX:
        raise figures.session.refuse(node.place(holder), "too_many_lines", limit=LINES_MAX)
    standing: dict[Combination, Node] = {}
    # Rows from before a config kept them may stand for the same combination: one stays.
    alike = [one for one in node.lines[holder] if standing.setdefault(_combination(one), one) is not one]
    kept = []
    combinations: list[Combination] = list(product(*lists))
    session = figures.session
    missing = sum(1 for combination in combinations if combination not in standing)
    new_ids = iter(records.allocate(session.connection, session.tables, entity.name, missing))
    for number, combination in enumerate(combinations):
        path = f"{node.path}{holder}.{number}."
        one = standing.pop(combination, None)
        if one is None:
            one = _make(figures.tree, entity, next(new_ids), node, path)
            one.values.update(zip(each.lists, combination, strict=True))
        one.path = path
        kept.append(one)
    for one in (*standing.values(), *alike):
        figures.tree.remove(one)
        if not one.is_new:
            node.gone.append(one)
    node.lines[holder] = kept


def _make(tree: Tree, entity: Entity, id: int, node: Node, path: str) -> Node:
    one = new_line(entity, id, node, path)
    expect_figures(one)
    tree.add(one)
    return one


def _ids(figures: Figures, node: Node, path: Sequence[str]) -> list[int]:
    """The ids of the lines that a path from the owner arrives at, through links first."""
    here: Node | None = node
    for name in path[:-1]:
        if here is None:
            return []
        target = here.entity.fields[name].kind.target() or ""
        link = figures.value(here, name)
        here = None if link is None else figures.tree.node(target, link)
    return [] if here is None else [line.id for line in here.lines[path[-1]]]


def _combination(one: Node) -> Combination:
    assert one.entity.each is not None
    return tuple(one.values.get(name) for name in one.entity.each.lists)


def _named(
    item: Any,
    by_id: Mapping[int, Node],
    by_combination: Mapping[Combination, Node],
    reader: DraftReader,
    standing: Sequence[Node],
) -> Node | None:
    if not isinstance(item, Mapping) or not standing:
        return None
    if item.get("id") not in (None, ""):
        return by_id.get(whole(item["id"]))
    each = standing[0].entity.each
    assert each is not None
    return by_combination.get(tuple(_link_id(item.get(name), reader) for name in each.lists))


def _link_id(raw: Any, reader: DraftReader) -> int:
    if isinstance(raw, Mapping):
        if isinstance(raw.get("key"), str):
            node = reader.keys.get(raw["key"])
            return node.id if node else 0
        raw = raw.get("id")
    return whole(raw)
