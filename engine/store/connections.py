"""Connections that stay open between uses, each use a transaction.

A pool's bookkeeping, its events and the driver's set-up cost more than a short statement does; so the connection that
was used last is handed out next. SQLite begins when it is handed out; PostgreSQL with the first statement, in one
message (engine.store.driver). No transaction outlives its use: an old snapshot would hold back SQLite's log and
PostgreSQL's clean-up.
"""

from __future__ import annotations

import queue
import select
import time
from collections import deque
from types import TracebackType
from typing import Any, Final, Literal

import sqlalchemy as sa

from engine.store.driver import COMMAND_OK, IDLE, IN_ERROR, module_of, told
from engine.store.errors import Occupied, Undecided, translate

KEPT_MAX: Final = 8
"""Connections that wait open; those of a rare rush go back to the pool."""
TRUSTED_SECONDS: Final = 1.0
"""After so long without use a connection goes back to the pool, which asks a server whether it is still there."""
BUSY_MS: Final = 10_000
"""How long a writer of SQLite waits for the writer of another process."""
ANSWER_SECONDS: Final = 1.0
"""How long a connection is waited for that was used before; there are others."""
TURN_SECONDS: Final = 30.0
"""How long a thread waits for SQLite's one writer."""


class Connections:
    """The connections of one engine."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._sqlite = engine.dialect.name == "sqlite"
        self._idle: deque[tuple[sa.Connection, Any, float]] = deque()
        self._renewed = 0.0
        self._closed = False

    def take(self) -> tuple[sa.Connection, Any]:
        """A connection for one transaction, and the driver's own connection in it."""
        connection, driver = self.lend()
        if self._sqlite:
            begin = connection.info["begin"]
            try:
                driver.execute(begin)
            except BaseException as error:
                self.keep(connection, driver, trusted=False)
                if isinstance(error, Exception):
                    raise told(connection, begin, error) from error
                raise
        return connection, driver

    def lend(self) -> tuple[sa.Connection, Any]:
        """A connection outside of any transaction."""
        while True:
            try:
                connection, driver, used = self._idle.pop()
            except IndexError:
                connection = self._engine.connect()
                return connection, connection.connection.driver_connection
            if self._sqlite:
                return connection, driver
            if settled(connection, driver) and connection.info["opened"] < self._renewed:
                connection.invalidate()
            elif not connection.invalidated and time.monotonic() - used < TRUSTED_SECONDS:
                return connection, driver
            connection.close()

    def renew(self) -> None:
        """Use connections that are opened from now on. Uses that go on meanwhile end as they are.

        The tables have changed: what PostgreSQL has prepared for the old ones may be of no use.
        """
        self._renewed = time.monotonic()
        self._empty()
        self._engine.dispose()

    def give_back(self, connection: sa.Connection, driver: Any, error: BaseException | None) -> None:
        """End the transaction; after an error of the database the connection is not trusted any more."""
        trusted = False
        try:
            if not (connection.closed or connection.invalidated):
                self.end(connection, driver, error)
                trusted = not isinstance(error, sa.exc.DBAPIError)
        finally:
            self.keep(connection, driver, trusted=trusted)

    def end(self, connection: sa.Connection, driver: Any, error: BaseException | None) -> None:
        """Commit, or after an error roll back."""
        # PostgreSQL's driver forgets all prepared statements at a rollback, but not at a commit.
        ending = connection if connection.in_transaction() else driver
        try:
            (ending.commit if error is None else ending.rollback)()
        except Exception as broken:
            if error is None and not self._sqlite and driver.closed:
                raise Undecided from broken
            if ending is driver:
                raise told(connection, "COMMIT", broken) from broken
            raise

    def keep(self, connection: sa.Connection, driver: Any, *, trusted: bool) -> None:
        """Let a connection wait for its next use, or hand it back to the pool."""
        if self._outlived(connection):
            # Its pool is gone, and would not close it.
            connection.invalidate()
        if trusted and not connection.invalidated and not self._closed and len(self._idle) < KEPT_MAX:
            self._idle.append((connection, driver, time.monotonic()))
        else:
            connection.close()

    def _outlived(self, connection: sa.Connection) -> bool:
        if self._sqlite or connection.closed or connection.invalidated:
            return False
        return self._closed or connection.info["opened"] < self._renewed

    def close(self) -> None:
        """Close those that wait, and those that are still in use as soon as they are not."""
        self._closed = True
        self._empty()

    def _empty(self) -> None:
        while self._idle:
            connection, driver, _ = self._idle.pop()
            if not self._sqlite:
                settled(connection, driver)
            connection.close()


class Readers(Connections):
    """Connections that only read."""

    def end(self, connection: sa.Connection, driver: Any, error: BaseException | None) -> None:
        """Nothing was written: PostgreSQL's COMMIT is sent, and its answer is read before the next use."""
        if self._sqlite or error is not None or connection.in_transaction():
            super().end(connection, driver, error)
        elif driver.pgconn.transaction_status == IN_ERROR:
            driver.rollback()
        elif driver.pgconn.transaction_status != IDLE:
            driver.pgconn.send_query(b"COMMIT")
            driver.pgconn.flush()


class Writers(Connections):
    """Connections that write. SQLite has one, for which threads take turns: its own busy wait sleeps and polls."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self._turn: queue.Queue[None] = queue.Queue(1)
        self._turn.put(None)

    def lend(self) -> tuple[sa.Connection, Any]:
        """A connection outside of any transaction; on SQLite the only one."""
        if self._sqlite:
            try:
                self._turn.get(timeout=TURN_SECONDS)
            except queue.Empty as error:
                raise sa.exc.TimeoutError("the writer is in use") from error
        try:
            return super().lend()
        except BaseException:
            self._end_turn()
            raise

    def lend_now(self) -> tuple[sa.Connection, Any]:
        """The same for who may not wait; raises Occupied."""
        try:
            self._turn.get_nowait()
        except queue.Empty:
            raise Occupied from None
        try:
            return super().lend()
        except BaseException:
            self._end_turn()
            raise

    def end(self, connection: sa.Connection, driver: Any, error: BaseException | None) -> None:
        """Commit, or after an error roll back."""
        if error is None and not self._sqlite:
            swallowed = driver.pgconn.transaction_status == IN_ERROR
            assert not swallowed, "an error of the database was swallowed in a transaction"
        super().end(connection, driver, error)

    def keep(self, connection: sa.Connection, driver: Any, *, trusted: bool) -> None:
        """Let it wait, and let the next thread write."""
        try:
            super().keep(connection, driver, trusted=trusted)
        finally:
            self._end_turn()

    def _end_turn(self) -> None:
        if self._sqlite:
            self._turn.put(None)


class WithoutWaiting(Connections):
    """SQLite's one writer for who may not wait for it, such as the event loop of a server.

    It reads with that connection too: every other one has to read its pages anew after each write.
    """

    def __init__(self, writers: Writers, begin: str) -> None:
        self._writers = writers
        self._begin = begin

    def take(self) -> tuple[sa.Connection, Any]:
        """The writer in a new transaction; raises Occupied."""
        connection, driver = self._writers.lend_now()
        try:
            if self._begin == "BEGIN":
                driver.execute(self._begin)  # a reading waits for nobody
            else:
                driver.execute("PRAGMA busy_timeout=0")
                try:
                    driver.execute(self._begin)
                finally:
                    driver.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        except BaseException as error:
            # Most likely another process writes. Whoever asks again with patience is told what it is.
            self._writers.keep(connection, driver, trusted=False)
            if isinstance(error, Exception):
                raise Occupied from error
            raise
        return connection, driver

    def give_back(self, connection: sa.Connection, driver: Any, error: BaseException | None) -> None:
        """End the transaction."""
        self._writers.give_back(connection, driver, error)


class Use:
    """One transaction: a context that gives a connection, and tells the database's errors in the store's words."""

    __slots__ = ("_connection", "_connections", "_driver")

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def __enter__(self) -> sa.Connection:
        try:
            self._connection, self._driver = self._connections.take()
        except Exception as error:
            raise_known(error)
            raise
        return self._connection

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> Literal[False]:
        try:
            self._connections.give_back(self._connection, self._driver, error)
        except Exception as broken:
            raise_known(error if isinstance(error, Exception) else broken)
            raise
        if isinstance(error, Exception):
            raise_known(error)
        return False


def settled(connection: sa.Connection, driver: Any) -> bool:
    """Read the answer to a COMMIT that was only sent; False when the connection is of no use any more."""
    server, until = driver.pgconn, time.monotonic() + ANSWER_SECONDS
    try:
        while True:
            # Asked for the answer itself, libpq would wait without an end, and keep all other threads waiting too.
            while server.is_busy():
                if not select.select([server.socket], [], [], max(0.0, until - time.monotonic()))[0]:
                    connection.invalidate()
                    return False
                server.consume_input()
            result = server.get_result()
            if result is None:
                return True
            if result.status != COMMAND_OK:
                connection.invalidate()
                return False
    except (module_of(connection).Error, OSError, ValueError):
        connection.invalidate()
        return False


def raise_known(error: Exception) -> None:
    """Raise the error in the store's words where it has any."""
    known = translate(error)
    if known is not None:
        raise known from error
