"""Rollups over backlinks: after a save, the records that count the saved one are brought up to date.

The holder's row is locked before its rollup is read anew. Under PostgreSQL's read committed isolation that makes two
savers take turns, and the second reads what the first has stored; without the lock the earlier sum would win.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from engine.expression.nodes import Aggregate, Step
from engine.limits import PUSH_ROWS_MAX
from engine.model import Field
from engine.runtime import lookup
from engine.runtime.dependencies import Dependencies, Spot
from engine.runtime.figures import Figures, stored_value
from engine.runtime.session import Session
from engine.runtime.tree import Node, load_tree
from engine.runtime.write import changed_fields, store_tree

Key = tuple[str, int]


def push(session: Session, nodes: Iterable[Node], dependencies: Dependencies) -> None:
    """Bring every pushed rollup that counts these changed records up to date, and what follows from it."""
    waiting = _holders(session, nodes)
    done = 0
    while waiting:
        done += len(waiting)
        if done > PUSH_ROWS_MAX:
            raise session.refuse("", "too_many_dependents", limit=PUSH_ROWS_MAX)
        changed: list[Node] = []
        for key in sorted(waiting):
            changed += _refresh(session, key, waiting[key], dependencies)
        waiting = _holders(session, changed)


def _refresh(session: Session, key: Key, fields: set[str], dependencies: Dependencies) -> list[Node]:
    """Work these rollups of one record out anew, with the formulas that follow; the nodes that changed."""
    entity, id = key
    root_entity, root_id = _root(session, entity, id)
    tree = load_tree(session, session.entity(root_entity), root_id) if root_id is not None else None
    node = tree.node(entity, id) if tree is not None else None
    if tree is None or node is None:
        return []
    figures = Figures(session, tree)
    frozen = frozen_keys(figures)
    spots: set[Spot] = set()
    for name in sorted(fields):
        field = node.entity.fields[name]
        if field.computed is None or (field.frozen and node.key in frozen) or name in node.typed:
            continue
        assert isinstance(field.computed.node, Aggregate)
        fresh = lookup.aggregate(session, field.computed.node, key)
        node.values[name] = stored_value(field, fresh, session, name)
        spots.add((entity, name))
    for spot in dependencies.dependents(root_entity, spots):
        for one in tree.of(spot[0]):
            field = one.entity.fields[spot[1]]
            if field.stored and not (field.frozen and one.key in frozen) and field.name not in one.typed:
                one.waiting.add(field.name)
    figures.all_worked_out()
    changed = [one for one in tree.root.walk() if changed_fields(one)]
    if changed:
        store_tree(figures, "computed", keep_version=True)
        session.read = {k: v for k, v in session.read.items() if k not in {one.key for one in changed}}
    return changed


def frozen_keys(figures: Figures) -> set[Key]:
    """The records of the tree whose figures stand still: those whose `frozen_when` holds, and their lines."""
    found: set[Key] = set()
    for node in figures.tree.root.walk():
        above = node.parent is not None and node.parent.key in found
        if above or (node.entity.frozen_when is not None and figures.holds(node.entity.frozen_when, node)):
            found.add(node.key)
    return found


def _holders(session: Session, nodes: Iterable[Node]) -> dict[Key, set[str]]:
    """The records whose pushed rollups count one of these nodes, as it was or as it is."""
    found: dict[Key, set[str]] = {}
    changed = list(nodes)
    for field, aggregate in _pushed(session):
        for node in changed:
            for id in _climb(session, node, aggregate):
                found.setdefault((field.entity, id), set()).add(field.name)
    return found


def _pushed(session: Session) -> Iterator[tuple[Field, Aggregate]]:
    for entity in session.model.entities.values():
        for field in entity.fields.values():
            if field.pushed and field.computed is not None and isinstance(field.computed.node, Aggregate):
                yield field, field.computed.node


def _climb(session: Session, node: Node, aggregate: Aggregate) -> set[int]:
    """The holders above a node: from the hop at which it stands, up to where the rollup belongs."""
    found: set[int] = set()
    for position, hop in enumerate(aggregate.through):
        entity, link = _arrival(session, hop)
        if entity != node.entity.name:
            continue
        ids = {_link(node, link, old=old) for old in (True, False)}
        for upper in reversed(aggregate.through[:position]):
            above, link = _arrival(session, upper)
            rows = [session.row(above, id) for id in ids if id is not None]
            ids = {row[link] for row in rows if row is not None}
        found |= {id for id in ids if id is not None}
    return found


def _arrival(session: Session, hop: Step) -> tuple[str, str]:
    """Where a hop arrives: (the lower entity, its field that points up)."""
    field = session.model.field(hop.entity, hop.field)
    if field.kind.key in ("lines", "links"):
        return session.model.line_entity(field).name, hop.entity
    return lookup.backlink_target(field)


def _link(node: Node, link: str, *, old: bool) -> int | None:
    if node.parent is not None and link == node.parent.entity.name:
        return node.parent.id
    value: Any = node.was(link) if old else node.values.get(link)
    return value if isinstance(value, int) else None


def _root(session: Session, entity: str, id: int) -> tuple[str, int | None]:
    owner = session.entity(entity).owned_by
    if owner is None:
        return entity, id
    row = session.row(entity, id)
    return (owner[0], None) if row is None else _root(session, owner[0], row[owner[0]])
