"""One database, opened the way that this product needs it: SQLite or PostgreSQL.

Writers and readers are separate engines. On SQLite a writer begins with BEGIN IMMEDIATE (so that reading and
then writing can never fail half-way), DDL takes part in transactions, and readers see one snapshot of the
write-ahead log. On PostgreSQL readers see one snapshot too (repeatable read, read only).
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Literal

import sqlalchemy as sa

from engine.store.connections import Connections, Readers, Use, WithoutWaiting, Writers
from engine.store.errors import Unusable, translate

Dialect = Literal["sqlite", "postgresql"]


class Database:
    """Where the firm's records are. Every use names whether it reads or writes."""

    def __init__(self, url: str, dialect: Dialect, writer: sa.Engine, reader: sa.Engine, path: str | None) -> None:
        self.url = url
        self.dialect: Dialect = dialect
        self.path = path
        """The file of a SQLite database; None for one in memory and for PostgreSQL."""
        self._writer, self._reader = writer, reader
        self._readers: Connections = Readers(reader)
        self._writers: Connections = Writers(writer)
        # A database in memory has one connection only, so its users take turns.
        self._turn = threading.RLock() if dialect == "sqlite" and path is None else None

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """A connection that sees one consistent state and cannot write."""
        return Use(self._readers) if self._turn is None else self._in_turn(self._reader)

    def without_waiting(self) -> Database | None:
        """The same database for who may not wait: every use of it, reading too, is the writer's, and raises Occupied
        when somebody else has that. None where there is no such way (PostgreSQL answers over a network)."""
        if self.dialect != "sqlite" or not isinstance(self._writers, Writers) or self._turn is not None:
            return None
        found = copy.copy(self)
        found._readers = WithoutWaiting(self._writers, "BEGIN")
        found._writers = WithoutWaiting(self._writers, "BEGIN IMMEDIATE")
        return found

    def writing(self) -> AbstractContextManager[sa.Connection]:
        """A transaction: committed at the end, rolled back by any exception. Never nest two.

        Raises Unavailable when the database is busy, full or away, and Duplicate when a unique index refuses.
        """
        return Use(self._writers) if self._turn is None else self._in_turn(self._writer)

    @contextmanager
    def _in_turn(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        with self._words(), self._alone(), engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def changing_schema(self) -> Iterator[sa.Connection]:
        """A writing transaction fit for schema changes: foreign keys rest (SQLite), no long waiting for locks."""
        with self._words(), self._alone(), self._lent() as connection:
            if self.dialect == "sqlite":
                # The pragma is without effect inside a transaction, so it goes to the driver, before BEGIN.
                _pragma(connection, "foreign_keys=off")
            try:
                with connection.begin():
                    if self.dialect == "postgresql":
                        connection.exec_driver_sql("SET LOCAL lock_timeout = '3s'")
                        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
                    yield connection
            finally:
                if self.dialect == "sqlite" and not connection.invalidated:
                    _pragma(connection, "foreign_keys=on")
        self.renew()

    @contextmanager
    def _lent(self) -> Iterator[sa.Connection]:
        """The writer outside of a transaction."""
        if self._turn is not None:
            with self._writer.connect() as connection:
                yield connection
            return
        connection, driver = self._writers.lend()
        try:
            yield connection
        finally:
            self._writers.keep(connection, driver, trusted=False)

    def renew(self) -> None:
        """Leave behind what the server has prepared for tables that have changed meanwhile."""
        if self.dialect == "postgresql":
            for connections in (self._readers, self._writers):
                connections.renew()

    def close(self) -> None:
        """Give every connection back. Closing the last one tidies SQLite's log away."""
        self._readers.close()
        self._writers.close()
        self._reader.dispose()
        self._writer.dispose()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        with self._turn:
            yield

    @contextmanager
    def _words(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            known = translate(error)
            if known is None:
                raise
            raise known from error


def open_database(url: str) -> Database:
    """Open (or, for SQLite, create) the database at this address.

    Raises Unusable, in words, for an unknown address, a file that is no database or not ours, and one that a
    later release wrote. Nothing is written to a database that is refused.
    """
    from engine.store import postgresql, sqlite  # each loads its driver only when it is needed

    kind = url.partition(":")[0].partition("+")[0]
    if kind == "sqlite":
        path = sqlite.path_of(url)
        writer, reader = sqlite.engines(path)
        return Database(url, "sqlite", writer, reader, path)
    if kind in ("postgresql", "postgres"):
        writer, reader = postgresql.engines(url)
        return Database(url, "postgresql", writer, reader, None)
    raise Unusable(f"'{kind}' is not a database that Forme knows. Write sqlite:///PATH or postgresql://HOST/NAME.")


def _pragma(connection: sa.Connection, text: str) -> None:
    raw = connection.connection.dbapi_connection
    assert raw is not None
    cursor = raw.cursor()
    cursor.execute("PRAGMA " + text)
    cursor.close()
