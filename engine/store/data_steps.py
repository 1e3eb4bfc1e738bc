"""The steps of a plan that change rows: filling new columns, more places, the search index."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from engine.model import Model
from engine.store import search
from engine.store.records import unique_key
from engine.store.steps import Step
from engine.store.tables import Tables

BATCH: Final = 1_000


def widen_scale(connection: sa.Connection, tables: Tables, model: Model, step: Step, at: datetime) -> None:
    """Keep more decimal places: on SQLite the scaled integers grow, on PostgreSQL the type."""
    table = tables.entities[step.entity].name
    few, many = step.scale
    for column in step.columns:
        if connection.dialect.name == "sqlite":
            factor = 10 ** (many - few)
            connection.exec_driver_sql(f'UPDATE "{table}" SET "{column}" = "{column}" * {factor}')  # noqa: S608 - ids
        else:
            connection.exec_driver_sql(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE NUMERIC(38, {many})')


def fill_keys(connection: sa.Connection, tables: Tables, model: Model, step: Step, at: datetime) -> None:
    """Work the normalised text of a newly unique field out for the rows that are there."""
    table = tables.entities[step.entity]
    field, key = table.c[step.field], table.c[step.columns[0]]
    change = sa.update(table).where(table.c.id == sa.bindparam("row")).values({key: sa.bindparam("key")})
    last = 0
    statement = sa.select(table.c.id, field).where(field.is_not(None)).order_by(table.c.id).limit(BATCH)
    while rows := connection.execute(statement.where(table.c.id > last)).all():
        last = rows[-1][0]
        connection.execute(change, [{"row": id, "key": unique_key(text)} for id, text in rows])


def fill_stage(connection: sa.Connection, tables: Tables, model: Model, step: Step, at: datetime) -> None:
    """Let the records that are there start in the first stage of the only pipeline."""
    entity, table = model.entities[step.entity], tables.entities[step.entity]
    pipeline = model.pipelines[entity.pipelines[0].pipeline]
    values = {step.field: pipeline.first.name, f"{step.field}__pipeline": pipeline.name, "stage_since": at}
    connection.execute(sa.update(table).where(table.c[step.field].is_(None)).values(values))


def reindex(connection: sa.Connection, tables: Tables, model: Model, step: Step, at: datetime) -> None:
    """Build the search index of an entity anew."""
    search.rebuild(connection, tables, model, step.entity)


Perform = Callable[[sa.Connection, Tables, Model, Step, datetime], None]
PERFORM: Final[Mapping[str, Perform]] = {
    "widen_scale": widen_scale,
    "fill_keys": fill_keys,
    "fill_stage": fill_stage,
    "reindex": reindex,
}
"""By kind of step."""
