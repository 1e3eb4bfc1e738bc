"""Reading outside the tree at hand: other records, `find`, and rollups over backlinks.

What is read here is read as the engine, in the saving transaction; what of it a person may see is decided when
the result is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.expression.nodes import NODE_CLASSES, Aggregate, Constant, Find, Path
from engine.expression.nodes import Node as ExpressionNode
from engine.expression.run import Tie, evaluate
from engine.expression.sql import Source, to_sql
from engine.kinds import as_number
from engine.runtime.session import Session
from engine.store import queries

if TYPE_CHECKING:
    from engine.runtime.figures import PlaceContext
    from engine.runtime.tree import Node


def read(session: Session, place: tuple[str, int], name: str, context: PlaceContext) -> Any:
    """A field of another record as the engine reads it: visibility rules apply, permissions do not."""
    entity, id = place
    row = session.row(entity, id)
    if row is None:
        return None
    if name == "id":
        return id
    field = session.model.field(entity, name)
    there = context.figures.context(place)
    if field.visible_when is not None and evaluate(field.visible_when.node, there) is not True:
        return None
    if not field.stored and not field.system:
        return None if field.computed is None else context.figures.live(field, place)
    return row[name]


def system_value(session: Session, node: Node, name: str) -> Any:
    """A field that the engine keeps, on a record of the tree."""
    if node.before is not None and not (name == "stage_since" and node.changed(node.entity.stage or "")):
        return node.before[name]
    made_now: Mapping[str, Any] = {
        "created_at": session.now,
        "updated_at": session.now,
        "stage_since": session.now,
        "created_by": session.actor.user,
        "updated_by": session.actor.user,
    }
    return made_now.get(name)


def find(session: Session, sought: Find, context: PlaceContext) -> Any:
    """The record (or a value of it) that a `find` describes; None without a hit.

    Raises Tie when two records are equally good: which one is meant must never be a matter of luck.
    """
    where = None if sought.where is None else _with_holder(sought.where, context)
    key = (sought.entity, sought.latest, where)
    if key not in session.found:
        session.found[key] = _best(session, sought, where)
    return _value_of(session, sought, session.found[key], context)


def _best(session: Session, sought: Find, where: ExpressionNode | None) -> int | None:
    sql = queries.RecordSql.system(session.site, session.today, session.now)
    source = sql.open(sought.entity)
    statement = sa.select(source.alias.c.id)
    order = [sql.column(source, sought.entity, name) for name in sought.latest]
    statement = statement.add_columns(*order).limit(2)
    if source.condition is not None:
        statement = statement.where(source.condition)
    if where is not None:
        statement = statement.where(to_sql(where, sql, source))
    statement = statement.order_by(*(key.desc().nulls_last() for key in order), source.alias.c.id)
    hits = queries.rows(session.connection, statement, sql.parameters())
    if not hits:
        return None
    if len(hits) > 1 and tuple(hits[0][1:]) == tuple(hits[1][1:]):
        raise Tie(sought.entity, (hits[0][0], hits[1][0]))
    return int(hits[0][0])


def aggregate(session: Session, node: Aggregate, place: tuple[str, int]) -> Any:
    """A rollup over what the database holds for this record now."""
    entity, id = place
    sql = queries.RecordSql.system(session.site, session.today, session.now)
    table = session.tables.entities[entity].alias()
    statement = sa.select(to_sql(node, sql, Source(entity, table, None))).where(table.c.id == id)
    hits = queries.rows(session.connection, statement, sql.parameters())
    return as_number(hits[0][0]) if hits else None


def _value_of(session: Session, sought: Find, id: int | None, context: PlaceContext) -> Any:
    value: Any = id
    for step in sought.value:
        if value is None:
            return None
        value = read(session, (step.entity, int(value)), step.field, context)
    return value


def _with_holder(node: ExpressionNode, context: PlaceContext, *, inner: bool = False) -> ExpressionNode:
    """The condition with every `outer.` and `me` path replaced by its value, so that SQL needs no holder.

    Inside another `find` or rollup (`inner`) `outer.` is the sought record's, and stays.
    """
    if isinstance(node, Path):
        if node.root == "me" or (node.root == "outer" and not inner):
            return Constant(context.value("this" if node.root == "outer" else "me", node.steps), node.type)
        return node
    inner = inner or isinstance(node, (Find, Aggregate))
    changes = {part.name: _replaced(getattr(node, part.name), context, inner) for part in fields(node)}
    return replace(node, **changes)


def _replaced(part: Any, context: PlaceContext, inner: bool) -> Any:
    if isinstance(part, NODE_CLASSES):
        return _with_holder(part, context, inner=inner)
    if isinstance(part, tuple):
        return tuple(_replaced(item, context, inner) for item in part)
    return part
