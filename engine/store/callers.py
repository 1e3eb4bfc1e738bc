"""Who stands behind a user's id or a token, read anew for every request: the person, if active, and their roles."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.columns import BigInteger, PlainText
from engine.store import tokens
from engine.store.prepared import Prepared, Row
from engine.store.tables import Tables
from engine.store.tokens import Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An active person with the roles that they have now."""

    user: int
    name: str
    roles: frozenset[str]
    locale: str | None
    timezone: str | None
    theme: str | None


def by_id(connection: sa.Connection, tables: Tables, user: int) -> Caller | None:
    """The person with this id; None when there is none, or the account is closed."""
    people = tables.entities["user"]
    rows = _prepared(connection, tables, "id", people.c.id, BigInteger()).rows(connection, {"sought": user})
    return _caller(rows) if rows else None


def by_login(connection: sa.Connection, tables: Tables, login_key: str) -> Caller | None:
    """The person with this sign-in name, in the form of `records.unique_key`."""
    column = tables.entities["user"].c[tables.keys["user"]["login"]]
    rows = _prepared(connection, tables, "login", column, PlainText()).rows(connection, {"sought": login_key})
    return _caller(rows) if rows else None


def by_token(connection: sa.Connection, tables: Tables, text: str, now: datetime) -> tuple[Caller, Token] | None:
    """The person whose token this is, and what is kept of the token; None when it is of no use."""
    prefix = tokens.prefix_of(text)
    if prefix is None:
        return None
    table = tables.token
    kept = [table.c.digest, table.c.id, table.c.name, table.c.created_at, table.c.expires_at]
    kept += [table.c.used_at, table.c.revoked_at]
    prepared = _prepared(connection, tables, "token", table.c.prefix, PlainText(), kept)
    raw = prepared.raw_rows(connection, {"sought": prefix})
    # A program asks again and again: what stands in the database is read each time, and understood once.
    place = ("token-rows", connection.dialect.name, prefix)
    known = tables.statements.find(place)
    if not isinstance(known, _Known) or known.raw != raw:
        known = _Known(raw, *_understood(prepared.convert(raw), prefix))
        if raw:
            tables.statements.keep(place, known)
    if not hmac.compare_digest(tokens.digest_of(text), known.digest) or known.caller is None or known.token is None:
        return None
    token = known.token
    if token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now):
        return None
    return known.caller, token


@dataclass(frozen=True, slots=True)
class _Known:
    """What was understood from the rows of a token."""

    raw: list[Row]
    digest: str
    caller: Caller | None
    token: Token | None


def _understood(rows: Sequence[Row], prefix: str) -> tuple[str, Caller | None, Token | None]:
    if not rows:
        return "0" * 64, None, None
    digest, id, name, created_at, expires_at, used_at, revoked_at = rows[0][OWN:]
    caller = _caller(rows)
    token = Token(
        id=id, user=caller.user, name=name, prefix=prefix, created_at=created_at, expires_at=expires_at,
        used_at=used_at, revoked_at=revoked_at,
    )  # fmt: skip
    return digest, caller, token


def any_user(connection: sa.Connection, tables: Tables) -> bool:
    """Whether there is anybody yet."""
    people = tables.entities["user"]
    return connection.execute(sa.select(people.c.id).where(people.c.deleted_at.is_(None)).limit(1)).first() is not None


OWN = 6
"""How many columns of the person stand before those of the token."""


def _prepared(
    connection: sa.Connection,
    tables: Tables,
    name: str,
    column: Any,
    type_: sa.types.TypeEngine[Any],
    more: Sequence[Any] = (),
) -> Prepared:
    key = ("caller", name, connection.dialect.name)
    return tables.statements.get(
        key, lambda: Prepared(_statement(tables, column, type_, more), connection.dialect, steady=True)
    )


def _statement(tables: Tables, column: Any, type_: Any, more: Sequence[Any]) -> sa.Select[Any]:
    """One row for each role of the person; one with an empty role when there are none."""
    people, roles = tables.entities["user"], tables.user_role
    # A config may take fields of the user away.
    optional = [
        people.c[name] if name in people.c else sa.null().label(name) for name in ("locale", "timezone", "theme")
    ]
    source: Any = people.outerjoin(roles, roles.c.user_id == people.c.id)
    if more:
        source = source.join(tables.token, tables.token.c.user_id == people.c.id)
    statement = (
        sa.select(people.c.id, people.c.name, *optional, roles.c.role, *more)
        .select_from(source)
        .where(column == sa.bindparam("sought", None, type_=type_), people.c.deleted_at.is_(None))
    )
    return statement.where(people.c.active.is_(sa.true())) if "active" in people.c else statement


def _caller(rows: Sequence[Row]) -> Caller:
    user, name, locale, timezone, theme = rows[0][:5]
    roles = frozenset(row[5] for row in rows if row[5] is not None)
    return Caller(user=user, name=name or "", roles=roles, locale=locale, timezone=timezone, theme=theme)
