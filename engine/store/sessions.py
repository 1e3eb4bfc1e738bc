"""Who is signed in: random ids of which only a digest is stored, so that a stolen database signs nobody in."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from engine.limits import SESSION_HOURS_MAX, SESSION_IDLE_HOURS_MAX
from engine.store.engine_tables import EngineTables
from engine.store.tables import Tables

BYTES: Final = 32
SEEN_STEP: Final = timedelta(minutes=5)
"""How exactly "last seen" is kept: not every request writes."""
TEXT_MAX: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One person signed in on one device."""

    digest: str
    """Names the session in the database; useless for signing in."""
    user: int
    csrf: str
    """The secret that this session's forms carry."""
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    must_change: bool
    """Whether the person still signs in with a password that somebody else gave them."""


def open_session(
    connection: sa.Connection, tables: Tables, user: int, now: datetime, *, address: str = "", agent: str = ""
) -> tuple[str, Session]:
    """Sign a person in: the secret id for the cookie, and the session. An id that a client brings is never taken up."""
    secret = secrets.token_urlsafe(BYTES)
    version, must_change = _credential(connection, tables, user)
    session = Session(
        digest=_digest(secret),
        user=user,
        csrf=secrets.token_urlsafe(BYTES),
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=SESSION_HOURS_MAX),
        address=address[:TEXT_MAX],
        agent=agent[:TEXT_MAX],
        must_change=must_change,
    )
    connection.execute(
        sa.insert(tables.session).values(
            digest=session.digest, user_id=user, credential_version=version,
            csrf=session.csrf, created_at=now, seen_at=now, expires_at=session.expires_at,
            address=session.address, agent=session.agent,
        )
    )  # fmt: skip
    return secret, session


def find(connection: sa.Connection, tables: Tables, secret: str, now: datetime) -> Session | None:
    """The session of a cookie: None when unknown, expired, idle too long, or older than the person's password."""
    if not 0 < len(secret) <= 2 * BYTES:
        return None
    table, credential = tables.session, tables.credential
    row = connection.execute(
        sa.select(table, credential.c.must_change)
        .join(credential, credential.c.user_id == table.c.user_id)
        .where(
            table.c.digest == _digest(secret),
            table.c.credential_version == credential.c.version,
            table.c.expires_at > now,
            table.c.seen_at > now - timedelta(hours=SESSION_IDLE_HOURS_MAX),
        )
    ).one_or_none()
    return None if row is None else _session(row)


def needs_touch(session: Session, now: datetime) -> bool:
    """Whether `touch` is due."""
    return now - session.seen_at >= SEEN_STEP


def touch(connection: sa.Connection, tables: Tables, session: Session, now: datetime) -> None:
    """Note that the session is in use."""
    table = tables.session
    connection.execute(sa.update(table).where(table.c.digest == session.digest).values(seen_at=now))


def close(connection: sa.Connection, tables: Tables, digest: str) -> None:
    """Sign out. A session that is gone already is no mistake."""
    connection.execute(sa.delete(tables.session).where(tables.session.c.digest == digest))


def close_all(connection: sa.Connection, tables: Tables, user: int, *, but: str = "") -> int:
    """Sign a person out everywhere (`but` in one session); how many sessions ended."""
    table = tables.session
    return connection.execute(sa.delete(table).where(table.c.user_id == user, table.c.digest != but)).rowcount


def listing(connection: sa.Connection, tables: Tables, user: int, now: datetime) -> list[Session]:
    """A person's living sessions, the last used first."""
    table, credential = tables.session, tables.credential
    rows = connection.execute(
        sa.select(table, credential.c.must_change)
        .join(credential, credential.c.user_id == table.c.user_id)
        .where(table.c.user_id == user, table.c.expires_at > now)
        .order_by(table.c.seen_at.desc())
    )
    return [_session(row) for row in rows]


def sweep(connection: sa.Connection, tables: EngineTables, now: datetime) -> int:
    """Forget sessions that are over; how many."""
    table = tables.session
    idle = now - timedelta(hours=SESSION_IDLE_HOURS_MAX)
    return connection.execute(
        sa.delete(table).where(sa.or_(table.c.expires_at <= now, table.c.seen_at <= idle))
    ).rowcount


def _credential(connection: sa.Connection, tables: Tables, user: int) -> tuple[int, bool]:
    table = tables.credential
    found = connection.execute(sa.select(table.c.version, table.c.must_change).where(table.c.user_id == user)).first()
    assert found is not None, f"user {user} has no credential"
    return found.version, found.must_change


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _session(row: sa.Row[tuple[object, ...]]) -> Session:
    return Session(
        digest=row.digest, user=row.user_id, csrf=row.csrf, created_at=row.created_at, seen_at=row.seen_at,
        expires_at=row.expires_at, address=row.address, agent=row.agent,
        must_change=row.must_change,
    )  # fmt: skip
