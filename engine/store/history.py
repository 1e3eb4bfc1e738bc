"""What happened to records: written in the transaction that did it, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.store.prepared import insertion
from engine.store.tables import Tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened to one record."""

    at: datetime
    user: int | None
    """Who did it; None for the system."""
    actor: str
    """Their name at that time."""
    entity: str
    record: int
    root_entity: str
    """The record that it is a line of; itself when it is none."""
    root: int
    action: str
    """created, updated, deleted, restored, ..."""
    changes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """By field: the old and the new value, as the API shows them."""
    source: str = ""
    """form, json, csv ...; empty when not known."""
    rule: str = ""
    """The rule that did it."""
    id: int = 0
    """Given by the database."""


def write(connection: sa.Connection, tables: Tables, entries: Sequence[Entry]) -> None:
    """Add entries."""
    if not entries:
        return
    rows = [
        {
            "at": entry.at,
            "actor": entry.user,
            "actor_name": entry.actor,
            "entity": entry.entity,
            "record_id": entry.record,
            "root_entity": entry.root_entity,
            "root_id": entry.root,
            "action": entry.action,
            "changes": {name: list(pair) for name, pair in entry.changes.items()},
            "source": entry.source,
            "rule": entry.rule,
        }
        for entry in entries
    ]
    insertion(connection.dialect, tables.statements, tables.history, rows[0]).run(connection, rows)


def read(
    connection: sa.Connection, tables: Tables, entity: str, record: int, *, before: int | None = None, limit: int = 50
) -> list[Entry]:
    """What happened to a record and its lines, newest first; `before` is the last id of the page before."""
    table = tables.history
    mine = (table.c.root_entity == entity, table.c.root_id == record)
    statement = sa.select(table).where(*mine).order_by(table.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(table.c.id < before)
    return [
        Entry(
            id=row.id, at=row.at, user=row.actor, actor=row.actor_name, entity=row.entity, record=row.record_id,
            root_entity=row.root_entity, root=row.root_id, action=row.action, changes=row.changes, source=row.source,
            rule=row.rule,
        )
        for row in connection.execute(statement)
    ]  # fmt: skip
