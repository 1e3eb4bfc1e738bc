"""Passwords and roles of people: never fields of the user, so that no query, export or history can hold them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.dialects import postgresql, sqlite

from engine.limits import LOGIN_FAILURES_MAX, LOGIN_WINDOW_SECONDS
from engine.store.engine_tables import EngineTables
from engine.store.records import unique_key
from engine.store.tables import Tables

PASSWORD_BYTES_MAX: Final = 1_024
"""Hashing more would let a stranger keep the processor busy."""
ADDRESS_FAILURES_MAX: Final = LOGIN_FAILURES_MAX * 10
"""An office has one address and many people."""
_HASHER: Final = PasswordHasher()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """How a person signs in."""

    user: int
    password_hash: str | None
    """None: there is no password yet, or the account is closed."""
    version: int
    """Counts up when the password or the account changes; sessions of an older one are over."""
    must_change: bool


def read(connection: sa.Connection, tables: Tables, user: int) -> Credential | None:
    """A person's credential."""
    table = tables.credential
    row = connection.execute(sa.select(table).where(table.c.user_id == user)).one_or_none()
    if row is None:
        return None
    return Credential(
        user=row.user_id, password_hash=row.password_hash, version=row.version, must_change=row.must_change
    )


def hash_password(password: str) -> str:
    """The password's hash. Slow on purpose: call it outside of a transaction."""
    assert fits(password)
    return _HASHER.hash(password)


def fits(password: str) -> bool:
    """Whether a text can be a password at all."""
    return 0 < len(password.encode(errors="replace")) <= PASSWORD_BYTES_MAX


def verify(credential: Credential | None, password: str) -> bool:
    """Whether the password is right; takes as long for nobody. It is slow: not inside a transaction."""
    known = credential.password_hash if credential is not None else None
    if not fits(password):
        password, known = "x", None
    try:
        _HASHER.verify(known or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return known is not None


def needs_rehash(credential: Credential) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return credential.password_hash is not None and _HASHER.check_needs_rehash(credential.password_hash)


def store_password(
    connection: sa.Connection,
    tables: Tables,
    user: int,
    password_hash: str | None,
    now: datetime,
    *,
    must_change: bool = False,
) -> None:
    """Set (or, with None, take away) a person's password. Every session of theirs is over."""
    table = tables.credential
    kind: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = {"password_hash": password_hash, "changed_at": now, "must_change": must_change}
    statement = kind.insert(table).values(user_id=user, version=1, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["user_id"], set_={**values, "version": table.c.version + 1})
    )


def replace_hash(connection: sa.Connection, tables: Tables, user: int, password_hash: str) -> None:
    """Store the same password under stronger settings; sessions go on."""
    table = tables.credential
    connection.execute(sa.update(table).where(table.c.user_id == user).values(password_hash=password_hash))


def end_sessions(connection: sa.Connection, tables: Tables, user: int) -> None:
    """Let every session of a person be over: the account was closed or its rights changed."""
    table = tables.credential
    connection.execute(sa.update(table).where(table.c.user_id == user).values(version=table.c.version + 1))
    connection.execute(sa.delete(tables.session).where(tables.session.c.user_id == user))


# ---- roles -----------------------------------------------------------------------------------------------------------


def roles(connection: sa.Connection, tables: Tables, user: int) -> frozenset[str]:
    """The roles that a person was given. Some may be unknown to the config of today."""
    table = tables.user_role
    return frozenset(connection.execute(sa.select(table.c.role).where(table.c.user_id == user)).scalars())


def set_roles(connection: sa.Connection, tables: Tables, user: int, wanted: Collection[str]) -> None:
    """Give a person exactly these roles."""
    table = tables.user_role
    connection.execute(sa.delete(table).where(table.c.user_id == user))
    if wanted:
        connection.execute(sa.insert(table), [{"user_id": user, "role": role} for role in sorted(set(wanted))])


def having_role(connection: sa.Connection, tables: Tables, role: str) -> list[int]:
    """The people who were given a role."""
    table = tables.user_role
    return list(
        connection.execute(sa.select(table.c.user_id).where(table.c.role == role).order_by("user_id")).scalars()
    )


# ---- guessing --------------------------------------------------------------------------------------------------------


def may_try(connection: sa.Connection, tables: Tables, account: str, address: str, now: datetime) -> bool:
    """Whether another password may be tried: not after too many wrong ones for this account from this address, or
    from this address for anybody. Another address keeps its own count, so nobody can lock a colleague out."""
    table = tables.login_failure
    since = table.c.at > now - timedelta(seconds=LOGIN_WINDOW_SECONDS)
    here = table.c.address == address
    of_account = sa.func.count().filter(table.c.account == unique_key(account))
    row = connection.execute(sa.select(of_account, sa.func.count()).where(here, since)).one()
    return row[0] < LOGIN_FAILURES_MAX and row[1] < ADDRESS_FAILURES_MAX


def note_failure(connection: sa.Connection, tables: Tables, account: str, address: str, now: datetime) -> None:
    """Count a wrong password; what is older than the window is forgotten."""
    forget_old_failures(connection, tables, now)
    connection.execute(
        sa.insert(tables.login_failure).values(account=unique_key(account)[:200], address=address[:100], at=now)
    )


def forget_old_failures(connection: sa.Connection, tables: EngineTables, now: datetime) -> int:
    """Forget wrong passwords that no longer count; how many."""
    table = tables.login_failure
    over = table.c.at <= now - timedelta(seconds=LOGIN_WINDOW_SECONDS)
    return connection.execute(sa.delete(table).where(over)).rowcount


def forget_failures(connection: sa.Connection, tables: Tables, account: str, address: str) -> None:
    """A right password starts the count anew."""
    table = tables.login_failure
    mine = (table.c.account == unique_key(account), table.c.address == address)
    connection.execute(sa.delete(table).where(*mine))


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _HASHER.hash("nobody")
