"""How a SQLite database is opened: the newest engine at hand, durable, strict, one writer at a time."""

from __future__ import annotations

import importlib
import os
import sqlite3
import urllib.parse
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool, StaticPool

from engine.expression.sqlite import register
from engine.store import search
from engine.store.connections import BUSY_MS
from engine.store.engine_tables import FORMAT
from engine.store.errors import Unavailable, Unusable, of_sqlite, translate

APPLICATION_ID: Final = 0x464F524D
"""Stands in the file's header: "FORM"."""
VERSION_MIN: Final = (3, 43, 0)
"""Search needs contentless-delete indexes."""
READERS_MAX: Final = 40
"""As many as the web server has threads."""


def driver() -> Any:
    """The module that speaks to SQLite: pysqlite3 carries a newer engine than most Pythons.

    A file in use must never be opened by two different SQLite libraries: use this one everywhere.
    """
    try:
        newer = importlib.import_module("pysqlite3")
    except ImportError:
        return sqlite3
    return newer if newer.sqlite_version_info > sqlite3.sqlite_version_info else sqlite3


def path_of(url: str) -> str | None:
    """The file that an address names, or None for a database in memory."""
    rest = url.partition("://")[2]
    path = urllib.parse.unquote(rest.partition("?")[0])
    if path in ("", "/", "/:memory:"):
        return None
    return path.removeprefix("/")


def engines(path: str | None) -> tuple[sa.Engine, sa.Engine]:
    """The writer and the reader. For a database in memory both are one connection."""
    module = driver()
    if module.sqlite_version_info < VERSION_MIN:
        raise Unusable(
            f"SQLite {module.sqlite_version} is too old: {'.'.join(map(str, VERSION_MIN))} or newer is needed. "
            "Install the package pysqlite3."
        )
    if path is None:
        only = sa.create_engine("sqlite://", module=module, poolclass=StaticPool)
        _recipe(only, begin="BEGIN IMMEDIATE", pragmas=("foreign_keys=on",))
        return only, only
    _check_file(module, Path(path))
    address = sa.URL.create("sqlite", database=str(Path(path).resolve()))
    # One writer connection: threads queue for it fairly, where SQLite's own busy wait sleeps and polls.
    writer = sa.create_engine(
        address, module=module, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=30,
    )  # fmt: skip
    reader = sa.create_engine(
        address, module=module, poolclass=QueuePool, pool_size=8, max_overflow=READERS_MAX - 8, pool_timeout=10,
    )  # fmt: skip
    common = (f"busy_timeout={BUSY_MS}", "cache_size=-32000", "mmap_size=268435456", "temp_store=memory")
    _recipe(
        writer,
        begin="BEGIN IMMEDIATE",
        pragmas=(*common, "journal_mode=wal", "synchronous=full", "foreign_keys=on", "journal_size_limit=67108864"),
    )
    _recipe(reader, begin="BEGIN", pragmas=(*common, "query_only=on"))
    _claim(writer)
    return writer, reader


def backup(path: str, target: Path) -> None:
    """Copy a database that may be in use, page by page, to a new file: whole, or not at all.

    Raises Unavailable where there is no space for it.
    """
    module = driver()
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}")
    try:
        _create(draft)
        source, copy = module.connect(path), module.connect(str(draft))
        try:
            source.backup(copy)
        finally:
            copy.close()
            source.close()
        draft.replace(target)
    except module.Error as error:
        raise of_sqlite(str(error)) or error from error
    finally:
        for part in (draft, *draft.parent.glob(f"{draft.name}-*")):
            part.unlink(missing_ok=True)


def _recipe(engine: sa.Engine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        record.info["begin"] = begin
        # None: the driver starts no transactions of its own, so that DDL too can be rolled back.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute("PRAGMA " + pragma)
        _register_functions(connection)

    @sa.event.listens_for(engine, "begin")
    def start(connection: sa.Connection) -> None:
        # A reading has begun on the driver already when a statement of SQLAlchemy's takes part in it.
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:
            connection.exec_driver_sql(begin)


def _register_functions(connection: Any) -> None:
    """Exact arithmetic and the other functions that expressions compile to, and the folding of searched text."""
    connection.create_function("forme_fold", 1, _folded, deterministic=True)
    register(connection)


def _folded(text: object) -> str | None:
    return None if text is None else search.fold(str(text))


def _check_file(module: Any, path: Path) -> None:
    """Refuse what is not ours, before anything is written."""
    if not path.exists() or path.stat().st_size == 0:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _create(path)
        return
    try:
        connection = module.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    except module.Error as error:
        raise Unusable(f"{path} cannot be opened: {error}.") from error
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        written_by = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except module.DatabaseError as error:
        if "locked" in str(error):
            raise Unusable(f"{path} is locked by another program.") from error
        known = of_sqlite(str(error))
        if isinstance(known, Unavailable):
            # Not the file is at fault: nobody should restore a backup over it for that.
            raise known from error
        raise Unusable(f"{path} is not a SQLite database, or is damaged ({error}). {RESTORE}") from error
    finally:
        connection.close()
    if application != APPLICATION_ID and tables:
        raise Unusable(f"{path} is a SQLite database of another program. Name another file; this one was not touched.")
    if application == APPLICATION_ID and written_by > FORMAT:
        raise Unusable(f"{path} was written by a later release of Forme. Use that release, or restore a backup.")


RESTORE = "It was not touched. Restore a backup, or name another file."


def _create(path: Path) -> None:
    """An empty file that only its owner may read; the log files beside it take over its mode."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _claim(writer: sa.Engine) -> None:
    """Write our name into a new file's header."""
    try:
        with writer.connect() as connection:
            if connection.exec_driver_sql("PRAGMA application_id").scalar() != APPLICATION_ID:
                connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
                connection.exec_driver_sql(f"PRAGMA user_version={FORMAT}")
                connection.commit()
    except sa.exc.DBAPIError as error:
        raise translate(error) or error from error
