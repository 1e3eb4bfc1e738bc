"""What can be told of a database's health: versions, integrity, and how it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import sqlalchemy as sa

from engine.store.database import Database
from engine.store.sqlite import driver

State = Literal["ok", "warning", "error"]
SQLITE_WITHOUT_RACE: Final = (3, 51, 3)
"""Earlier engines can, very rarely, lose a write when two connections reset the write-ahead log at once."""
POSTGRESQL_MIN: Final = 140_000
PROBLEMS_SHOWN: Final = 5


def findings(database: Database) -> Iterator[tuple[State, str]]:
    """Each thing that was looked at, with what was found."""
    with database.reading() as connection:
        yield from _of_sqlite(connection) if database.dialect == "sqlite" else _of_postgresql(connection)


def _of_sqlite(connection: sa.Connection) -> Iterator[tuple[State, str]]:
    module = driver()
    if module.sqlite_version_info < SQLITE_WITHOUT_RACE:
        wanted = ".".join(map(str, SQLITE_WITHOUT_RACE))
        yield "warning", f"SQLite {module.sqlite_version} has a known write-ahead log race; {wanted} or newer has not."
    else:
        yield "ok", f"SQLite {module.sqlite_version} ({module.__name__})."
    mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    if mode in ("wal", "memory"):
        yield "ok", f"The journal is {mode}."
    else:
        yield "warning", f"The journal is {mode}, not wal: readers wait for writers."
    problems = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check") if row[0] != "ok"]
    for problem in problems[:PROBLEMS_SHOWN]:
        yield "error", f"The database is damaged: {problem}. Restore a backup."
    dangling = len(connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall())
    if dangling:
        yield "error", f"{dangling:,} rows link to rows that are not there."
    if not problems and not dangling:
        yield "ok", "The database is whole."


def _of_postgresql(connection: sa.Connection) -> Iterator[tuple[State, str]]:
    number = int(str(connection.exec_driver_sql("SHOW server_version_num").scalar()))
    name = connection.exec_driver_sql("SHOW server_version").scalar()
    if number < POSTGRESQL_MIN:
        yield "warning", f"PostgreSQL {name} is older than the oldest that is tested (14)."
    else:
        yield "ok", f"PostgreSQL {name}."
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        yield "error", f"The database's encoding is {encoding}: Chinese text cannot be stored. Make one with UTF8."
    if connection.exec_driver_sql("SHOW fsync").scalar() != "on":
        yield "warning", "fsync is off: a power cut loses what was stored."
