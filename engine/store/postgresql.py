"""How a PostgreSQL database is opened: psycopg 3, bounded waits, snapshots for readers."""

from __future__ import annotations

import time
from typing import Any, Final

import sqlalchemy as sa

from engine.store import driver
from engine.store.errors import Unusable

POOL_SIZE: Final = 5
POOL_OVERFLOW: Final = 15
"""Twenty of each kind for one process; PostgreSQL's default allows a hundred in all."""
VERSION_MIN: Final = 130000
"""`normalize()` and deferrable keys on all that we use came by 13."""
STATEMENT_MS: Final = 30_000
"""No page may hold a connection for longer."""

SETTINGS: Final = {
    "statement_timeout": STATEMENT_MS,
    "idle_in_transaction_session_timeout": 60_000,
    "timezone": "UTC",
}
NEVER: Final = 2**31
"""Uses after which the driver prepares a statement unasked; with None it would not do so when it is asked either."""
PREPARED_MAX: Final = 400
"""Statements that a connection keeps prepared: some for each entity and set of roles. Which are, is said of each."""


def engines(url: str) -> tuple[sa.Engine, sa.Engine]:
    """The writer (read committed) and the reader (repeatable read, read only)."""
    try:
        address = sa.make_url(url).set(drivername="postgresql+psycopg")
    except sa.exc.ArgumentError as error:
        raise Unusable("The database address cannot be read. Write postgresql://USER:PASSWORD@HOST/NAME.") from error
    return _engine(address, "BEGIN"), _engine(address, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _engine(address: sa.URL, begin: str) -> sa.Engine:
    engine = sa.create_engine(
        address,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "application_name": "forme",
            "connect_timeout": 10,
            "prepare_threshold": NEVER,
            "options": " ".join(f"-c {name}={value}" for name, value in SETTINGS.items()),
        },
    )

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        # The driver begins no transactions of its own: BEGIN goes out with the first statement.
        connection.autocommit = True
        connection.prepared_max = PREPARED_MAX
        record.info["begin"], record.info["opened"] = begin, time.monotonic()

    @sa.event.listens_for(engine, "begin")
    def start(connection: sa.Connection) -> None:
        driver.begin(connection)

    return engine
