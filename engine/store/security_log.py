"""What an auditor asks for: sign-ins, refusals, changed rights. Never a password, token or session id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from engine.store.tables import Tables

TEXT_MAX: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of the log."""

    id: int
    at: datetime
    event: str
    user: int | None
    account: str
    address: str
    details: Mapping[str, Any]


def write(
    connection: sa.Connection,
    tables: Tables,
    event: str,
    at: datetime,
    *,
    user: int | None = None,
    account: str = "",
    address: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add a line: `event` in a word (signed_in, wrong_password, locked_out, password_changed, token_created, ...)."""
    connection.execute(
        sa.insert(tables.security_log).values(
            at=at, event=event, user_id=user, account=account[:TEXT_MAX], address=address[:TEXT_MAX],
            details=dict(details or {}),
        )
    )  # fmt: skip


def read(
    connection: sa.Connection,
    tables: Tables,
    *,
    user: int | None = None,
    event: str = "",
    before: int | None = None,
    limit: int = 100,
) -> list[Event]:
    """The newest lines first; `before` is the last id of the page before."""
    table = tables.security_log
    statement = sa.select(table).order_by(table.c.id.desc()).limit(limit)
    if user is not None:
        statement = statement.where(table.c.user_id == user)
    if event:
        statement = statement.where(table.c.event == event)
    if before is not None:
        statement = statement.where(table.c.id < before)
    return [
        Event(
            id=row.id, at=row.at, event=row.event, user=row.user_id, account=row.account, address=row.address,
            details=row.details,
        )
        for row in connection.execute(statement)
    ]  # fmt: skip
