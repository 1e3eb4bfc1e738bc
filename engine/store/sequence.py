"""Numbers without gaps: the saver holds the counter until its transaction ends, and a refused save gives it back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from engine.store.tables import Tables


def next_number(connection: sa.Connection, tables: Tables, entity: str, field: str, period: str) -> int:
    """The next number of a field in a period ("2026-11"; "" when the count never starts anew), from 1."""
    table = tables.sequence
    first = {"entity": entity, "field": field, "period": period, "last": 1}
    kind: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = (
        kind.insert(table)
        .values(first)
        .on_conflict_do_update(index_elements=["entity", "field", "period"], set_={"last": table.c.last + 1})
        .returning(table.c.last)
    )
    return int(connection.execute(statement).scalar_one())


def start_after(connection: sa.Connection, tables: Tables, entity: str, field: str, period: str, last: int) -> None:
    """Let the numbers go on after one that was brought along (an import); never backwards."""
    table = tables.sequence
    kind: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = kind.insert(table).values(entity=entity, field=field, period=period, last=last)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["entity", "field", "period"], set_={"last": last}, where=table.c.last < last
        )
    )
