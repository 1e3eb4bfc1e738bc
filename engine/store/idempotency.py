"""Doing a request once, however often it is sent: the first answer is kept and given again.

Keys belong to one actor and one route; nobody can fetch another's answer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from engine.limits import IDEMPOTENCY_HOURS
from engine.store.engine_tables import EngineTables
from engine.store.tables import Tables

KEY_MAX: Final = 200
STALE: Final = timedelta(minutes=5)
"""A request that has not answered by then was cut off; it may be sent anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the first request was answered."""

    status: int
    headers: str
    """As the web layer wrote them down."""
    body: str


class InProgress(Exception):
    """The first request with this key is being worked on still."""


class KeyReused(Exception):
    """This key came with another body before."""


def begin(
    connection: sa.Connection, tables: Tables, actor: str, route: str, key: str, body: bytes, now: datetime
) -> Answer | None:
    """Claim a key: None when the request is to be done now, else its answer. Commit before doing the work.

    Raises InProgress and KeyReused.
    """
    assert 0 < len(key) <= KEY_MAX
    table = tables.idempotency
    digest = hashlib.sha256(body).hexdigest()
    kind: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    forget(connection, tables, now)
    row = {"actor": actor, "route": route, "key": key, "digest": digest, "headers": "", "body": "", "at": now}
    claim = kind.insert(table).values(row).on_conflict_do_nothing(index_elements=["actor", "route", "key"])
    # An INSERT's row count is thrown away on PostgreSQL unless it is asked for.
    if connection.execute(claim, execution_options={"preserve_rowcount": True}).rowcount == 1:
        return None
    known = connection.execute(sa.select(table).where(*_same(table, actor, route, key)).with_for_update()).one_or_none()
    if known is None:
        raise InProgress
    if known.digest != digest:
        raise KeyReused
    if known.status is not None:
        return Answer(status=known.status, headers=known.headers, body=known.body)
    if known.at > now - STALE:
        raise InProgress
    connection.execute(sa.update(table).where(*_same(table, actor, route, key)).values(at=now))
    return None


def finish(connection: sa.Connection, tables: Tables, actor: str, route: str, key: str, answer: Answer) -> None:
    """Keep the answer, best in the transaction that did the work."""
    table = tables.idempotency
    values = {"status": answer.status, "headers": answer.headers, "body": answer.body}
    connection.execute(sa.update(table).where(*_same(table, actor, route, key)).values(values))


def abandon(connection: sa.Connection, tables: Tables, actor: str, route: str, key: str) -> None:
    """Give a key back whose request did nothing (it was refused or failed): it may be mended and sent again."""
    table = tables.idempotency
    connection.execute(sa.delete(table).where(*_same(table, actor, route, key), table.c.status.is_(None)))


def forget(connection: sa.Connection, tables: EngineTables, now: datetime) -> int:
    """Forget answers that were kept long enough; how many."""
    table = tables.idempotency
    return connection.execute(sa.delete(table).where(table.c.at <= now - timedelta(hours=IDEMPOTENCY_HOURS))).rowcount


def _same(table: sa.Table, actor: str, route: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.actor == actor, table.c.route == route, table.c.key == key
