"""Connections for reading that stay open between readings.

A pool's bookkeeping, its events and the driver's set-up cost more than a short query does; so the connection that was
used last is handed out next, with nothing between but BEGIN and COMMIT. No transaction outlives its reading: an old
snapshot would hold back SQLite's log and PostgreSQL's clean-up.
"""

from __future__ import annotations

import time
from collections import deque
from types import TracebackType
from typing import Any, Final, Literal

import sqlalchemy as sa

from engine.store.errors import translate

KEPT_MAX: Final = 8
"""Connections that wait open; those of a rare rush go back to the pool."""
TRUSTED_SECONDS: Final = 1.0
"""After so long without use a connection goes back to the pool, which asks a server whether it is still there."""


class Readers:
    """The connections of one database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        self._idle: deque[tuple[sa.Connection, Any, float]] = deque()

    def take(self) -> tuple[sa.Connection, Any]:
        """A connection in a new transaction, and the driver's own connection in it."""
        while True:
            try:
                connection, driver, used = self._idle.pop()
            except IndexError:
                connection = self._engine.connect()
                driver = connection.connection.driver_connection
                break
            if self._sqlite or time.monotonic() - used < TRUSTED_SECONDS:
                break
            connection.close()
        if self._sqlite:
            # PostgreSQL's driver begins by itself, with the first statement.
            driver.execute("BEGIN")
        return connection, driver

    def give_back(self, connection: sa.Connection, driver: Any, error: BaseException | None) -> None:
        """End the reading; after an error of the database the connection is not trusted any more."""
        if connection.closed or connection.invalidated or isinstance(error, sa.exc.DBAPIError):
            connection.close()
            return
        # Nothing was written. PostgreSQL's driver forgets all prepared statements at a rollback, but not at a commit.
        if connection.in_transaction():
            (connection.commit if error is None else connection.rollback)()
        else:
            (driver.commit if error is None else driver.rollback)()
        if len(self._idle) < KEPT_MAX:
            self._idle.append((connection, driver, time.monotonic()))
        else:
            connection.close()

    def close(self) -> None:
        """Close those that wait."""
        while self._idle:
            self._idle.pop()[0].close()


class Reading:
    """One reading: a context that gives a connection, and tells the database's errors in the store's words."""

    __slots__ = ("_connection", "_driver", "_readers")

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    def __enter__(self) -> sa.Connection:
        try:
            self._connection, self._driver = self._readers.take()
        except Exception as error:
            raise_known(error)
            raise
        return self._connection

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> Literal[False]:
        try:
            self._readers.give_back(self._connection, self._driver, error)
        except Exception as broken:
            raise_known(error if isinstance(error, Exception) else broken)
            raise
        if isinstance(error, Exception):
            raise_known(error)
        return False


def raise_known(error: Exception) -> None:
    """Raise the error in the store's words where it has any."""
    known = translate(error)
    if known is not None:
        raise known from error
