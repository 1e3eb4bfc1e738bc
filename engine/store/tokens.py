"""API tokens: shown once, stored as a digest, with the rights that their owner has at each use."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from engine.store.tables import Tables

START: Final = "forme_"
"""Every token begins so, which lets secret scanners find lost ones."""
PREFIX_CHARACTERS: Final = 8
SECRET_BYTES: Final = 32
USED_STEP: Final = timedelta(minutes=5)
"""How exactly "last used" is kept: not every request writes."""
NAME_MAX: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token; not the token itself."""

    id: int
    user: int
    name: str
    prefix: str
    """Its first characters, by which a person recognises it."""
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


def create(
    connection: sa.Connection,
    tables: Tables,
    user: int,
    name: str,
    now: datetime,
    *,
    expires_at: datetime | None = None,
) -> tuple[str, Token]:
    """A new token: its text, which nobody can be shown again, and what is kept of it."""
    prefix = secrets.token_hex(PREFIX_CHARACTERS // 2)
    text = f"{START}{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    statement = sa.insert(tables.token).values(
        user_id=user, name=name[:NAME_MAX], prefix=prefix, digest=digest_of(text), created_at=now, expires_at=expires_at
    )
    id = connection.execute(statement.returning(tables.token.c.id)).scalar_one()
    return text, Token(
        id=id, user=user, name=name[:NAME_MAX], prefix=prefix, created_at=now, expires_at=expires_at, used_at=None,
        revoked_at=None,
    )  # fmt: skip


def find(connection: sa.Connection, tables: Tables, text: str, now: datetime) -> Token | None:
    """The token of this text: None when unknown, revoked or expired."""
    prefix = prefix_of(text)
    if prefix is None:
        return None
    table = tables.token
    row = connection.execute(sa.select(table).where(table.c.prefix == prefix)).one_or_none()
    known = row.digest if row is not None else "0" * 64
    if not hmac.compare_digest(digest_of(text), known) or row is None:
        return None
    found = _token(row)
    over = found.expires_at is not None and found.expires_at <= now
    return None if over or found.revoked_at is not None else found


def prefix_of(text: str) -> str | None:
    """The part of a token's text by which it is looked up; None for what cannot be a token."""
    prefix, _, secret = text.removeprefix(START).partition("_")
    if not text.startswith(START) or len(prefix) != PREFIX_CHARACTERS or not 0 < len(secret) < 100:
        return None
    return prefix


def needs_touch(token: Token, now: datetime) -> bool:
    """Whether `touch` is due."""
    return token.used_at is None or now - token.used_at >= USED_STEP


def touch(connection: sa.Connection, tables: Tables, token: Token, now: datetime) -> None:
    """Note that the token is in use."""
    connection.execute(sa.update(tables.token).where(tables.token.c.id == token.id).values(used_at=now))


def listing(connection: sa.Connection, tables: Tables, user: int) -> list[Token]:
    """A person's tokens that were not revoked, newest first."""
    table = tables.token
    rows = connection.execute(
        sa.select(table).where(table.c.user_id == user, table.c.revoked_at.is_(None)).order_by(table.c.id.desc())
    )
    return [_token(row) for row in rows]


def revoke(connection: sa.Connection, tables: Tables, user: int, id: int, now: datetime) -> bool:
    """Let one of a person's tokens be of no use from now on; whether there was one."""
    table = tables.token
    mine = (table.c.id == id, table.c.user_id == user, table.c.revoked_at.is_(None))
    return connection.execute(sa.update(table).where(*mine).values(revoked_at=now)).rowcount == 1


def revoke_all(connection: sa.Connection, tables: Tables, user: int, now: datetime) -> int:
    """The same for all of them; how many."""
    table = tables.token
    mine = (table.c.user_id == user, table.c.revoked_at.is_(None))
    return connection.execute(sa.update(table).where(*mine).values(revoked_at=now)).rowcount


def digest_of(text: str) -> str:
    """What is stored of a token's text."""
    # Plain SHA-256 will do: the text is random, there is nothing to guess.
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _token(row: sa.Row[tuple[object, ...]]) -> Token:
    return Token(
        id=row.id, user=row.user_id, name=row.name, prefix=row.prefix, created_at=row.created_at,
        expires_at=row.expires_at, used_at=row.used_at, revoked_at=row.revoked_at,
    )  # fmt: skip
