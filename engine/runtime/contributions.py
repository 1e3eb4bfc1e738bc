"""The rows that went into a rollup, as far as one asker may read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from engine.expression.nodes import Aggregate, Path
from engine.expression.sql import Source, gather
from engine.model import Field
from engine.runtime.inquiry import Inquiry
from engine.runtime.session import Session
from engine.runtime.titles import Linked, companion_path, titles
from engine.store import queries

SHOWN_MAX: Final = 20
"""What a person reads to the end; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One row that went in."""

    record: Linked
    value: Any
    """What was taken of it; None where rows are only counted."""
    field: Field | None
    """The field whose value that is; None where it was worked out of several."""


@dataclass(frozen=True, slots=True)
class Contributions:
    """The first rows, and how many there are besides."""

    rows: tuple[Contribution, ...] = ()
    further: int = 0


def contributions(
    inquiry: Inquiry, session: Session, rollup: Field, node: Aggregate, holder: tuple[str, int], known: int | None
) -> Contributions:
    """The rows of a record's rollup that the asker may read, in the order in which they were made.

    Which rows went in is decided as the engine decides it, and rows that the asker may not read are then left out.
    They are counted only where `known` says how many there are in all.
    """
    chosen = _rows(inquiry, session, node, holder)
    values = {**inquiry.values}
    total = queries.rows(session.connection, sa.select(sa.func.count()).select_from(chosen.subquery()), values)[0][0]
    found = queries.rows(session.connection, chosen.order_by(sa.text("1")).limit(SHOWN_MAX), values)
    names = titles(inquiry, node.entity, [row[0] for row in found])
    field = _field_of(session, node)
    rows = tuple(
        Contribution(
            Linked(node.entity, id, names.get(id)), value if field is None else field.kind.beside(value, beside), field
        )
        for id, value, beside in found
    )
    return Contributions(rows, max((total if known is None else known) - len(rows), 0))


def _rows(inquiry: Inquiry, session: Session, node: Aggregate, holder: tuple[str, int]) -> sa.Select[Any]:
    entity, id = holder
    engine = queries.RecordSql.system(session.site, session.today, session.now)
    above = Source(entity, session.tables.entities[entity].alias(), None)
    gathered = gather(node, engine, above)
    row, readable = gathered.sources[-1].alias, inquiry.sql.open(node.entity)
    seen = sa.select(readable.alias.c.id)
    if readable.condition is not None:
        seen = seen.where(readable.condition)
    conditions = [above.alias.c.id == id, *gathered.conditions, row.c.id.in_(seen)]
    value = sa.null() if gathered.value is None else gathered.value
    if gathered.value is not None:
        conditions.append(gathered.value.is_not(None))
    aliases = (source.alias for source in gathered.sources)
    chosen = sa.select(
        row.c.id.label("id"), value.label("value"), _beside(inquiry, session, node, gathered.sources[-1])
    )
    return chosen.select_from(above.alias, *aliases).where(*conditions)


def _beside(inquiry: Inquiry, session: Session, node: Aggregate, row: Source) -> sa.ColumnElement[Any]:
    """What the value is told together with; empty text where the asker may not read it."""
    path = companion_path(session.model, node.value) if node.value is not None else None
    if path is None:
        return sa.null().label("beside")
    step = path.steps[-1]
    if len(path.steps) > 1 or not inquiry.access.reading(step.entity, step.field).everywhere:
        return sa.literal("", sa.Text()).label("beside")
    engine = queries.RecordSql.system(session.site, session.today, session.now)
    return engine.column(row, step.entity, step.field).label("beside")


def _field_of(session: Session, node: Aggregate) -> Field | None:
    """The field whose values are taken, where they are one field's own."""
    if not isinstance(node.value, Path) or not node.value.steps:
        return None
    return session.model.field(node.value.steps[-1].entity, node.value.steps[-1].field)
