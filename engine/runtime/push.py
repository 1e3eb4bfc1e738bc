"""Rollups over backlinks: after a save, the records that count the saved one are brought up to date.

The holder's row is locked before its rollup is read anew. Under PostgreSQL's read committed isolation that makes two
savers take turns, and the second reads what the first has stored; without the lock the earlier sum would win.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.expression.nodes import Aggregate
from engine.limits import PUSH_ROWS_MAX
from engine.runtime import lookup
from engine.runtime.dependencies import Dependencies, Spot, arrival
from engine.runtime.figures import Figures, stored_value
from engine.runtime.linking import linked_id
from engine.runtime.session import Session
from engine.runtime.tree import Node, load_tree
from engine.runtime.write import changed_fields, store_tree

Key = tuple[str, int]
Holders = dict[Key, set[str]]
"""Records, and which of their rollups wait to be worked out anew."""


def push(session: Session, nodes: Iterable[Node], dependencies: Dependencies) -> None:
    """Bring every pushed rollup that counts these changed records up to date, and what follows from it."""
    refresh(session, holders(session, nodes, dependencies), dependencies, limit=PUSH_ROWS_MAX)


def refresh(session: Session, waiting: Holders, dependencies: Dependencies, *, limit: int | None = None) -> None:
    """Bring these rollups up to date, and those that count what changes by it; `limit` bounds the records."""
    done = 0
    while waiting:
        done += len(waiting)
        if limit is not None and done > limit:
            raise session.refuse("", "too_many_dependents", limit=limit)
        changed: list[Node] = []
        for key in sorted(waiting):
            changed += refresh_record(session, key, waiting[key], dependencies)
        waiting = holders(session, changed, dependencies)


def refresh_record(session: Session, key: Key, fields: set[str], dependencies: Dependencies) -> list[Node]:
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
        node.values[name] = stored_value(field, fresh, session, node.place(name))
        spots.add((entity, name))
    for spot in dependencies.dependents(root_entity, spots):
        for one in tree.of(spot[0]):
            field = one.entity.fields[spot[1]]
            still = (field.frozen and one.key in frozen) or field.name in one.typed
            if field.stored and not field.pushed and not still:
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


def holders(session: Session, nodes: Iterable[Node], dependencies: Dependencies) -> Holders:
    """The records whose pushed rollups count one of these nodes, as it was or as it is, or read of it."""
    found: Holders = {}
    if not dependencies.pushed:
        return found
    changed = [(node, {(node.entity.name, name) for name in changed_fields(node)}) for node in nodes]
    for one in dependencies.pushed:
        for node, spots in changed:
            ids = _climb(session, node, one.aggregate)
            if spots & one.beyond:
                for row in _beside(session, node, one.rows):
                    ids |= _climb(session, row, one.aggregate)
            if spots & one.holder:
                ids |= {holder.id for holder in _beside(session, node, one.field.entity)}
            for id in ids:
                found.setdefault((one.field.entity, id), set()).add(one.field.name)
    return found


def _beside(session: Session, node: Node, entity: str) -> list[Node]:
    """The records of an entity in the same tree as a record that stands; none when it belongs elsewhere."""
    root, id = _root(session, *node.key)
    if node.is_new or id is None or session.model.root_of(entity) != root:
        return []
    tree = load_tree(session, session.entity(root), id, lock=False)
    return tree.of(entity) if tree is not None else []


def _climb(session: Session, node: Node, aggregate: Aggregate) -> set[int]:
    """The holders above a node: from the hop at which it stands, up to where the rollup belongs."""
    found: set[int] = set()
    for position, hop in enumerate(aggregate.through):
        entity, link = arrival(session.model, hop)
        if entity != node.entity.name:
            continue
        ids = {_link(node, link, hop.entity, old=old) for old in (True, False)}
        for upper in reversed(aggregate.through[:position]):
            above, link = arrival(session.model, upper)
            rows = [session.row(above, id) for id in ids if id is not None]
            ids = {linked_id(row[link], upper.entity) for row in rows if row is not None}
        found |= {id for id in ids if id is not None}
    return found


def _link(node: Node, link: str, entity: str, *, old: bool) -> int | None:
    if node.parent is not None and link == node.parent.entity.name:
        return node.parent.id
    return linked_id(node.was(link) if old else node.values.get(link), entity)


def _root(session: Session, entity: str, id: int) -> tuple[str, int | None]:
    owner = session.entity(entity).owned_by
    if owner is None:
        return entity, id
    row = session.row(entity, id)
    return (owner[0], None) if row is None else _root(session, owner[0], row[owner[0]])
