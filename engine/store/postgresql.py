"""How a PostgreSQL database is opened: psycopg 3, bounded waits, snapshots for readers."""

from __future__ import annotations

from typing import Any, Final

import psycopg
import sqlalchemy as sa

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
    # What a search or a row rule finds differs by a factor of a million: no plan is good for all values.
    "plan_cache_mode": "force_custom_plan",
}


def engines(url: str) -> tuple[sa.Engine, sa.Engine]:
    """The writer (read committed) and the reader (repeatable read, read only)."""
    try:
        address = sa.make_url(url).set(drivername="postgresql+psycopg")
    except sa.exc.ArgumentError as error:
        raise Unusable("The database address cannot be read. Write postgresql://USER:PASSWORD@HOST/NAME.") from error
    writer, reader = _engine(address), _engine(address)

    @sa.event.listens_for(reader, "connect")
    def only_read(connection: Any, _record: object) -> None:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True

    return writer, reader


def _engine(address: sa.URL) -> sa.Engine:
    return sa.create_engine(
        address,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={
            "application_name": "forme",
            "connect_timeout": 10,
            "prepare_threshold": 3,
            "options": " ".join(f"-c {name}={value}" for name, value in SETTINGS.items()),
        },
    )
