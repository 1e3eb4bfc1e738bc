"""What a server clears away from time to time: files that no record took up, sessions that are over, kept answers.

Each round does what is due and harms nothing when others do the same at the same time: several servers may run it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from engine.store import credentials, engine_tables, files, idempotency, scratch, sessions
from engine.store.database import Database
from engine.store.engine_tables import EngineTables
from engine.store.errors import StoreError

EVERY_SECONDS: Final = 3_600.0

log = logging.getLogger("forme.upkeep")


@dataclass(frozen=True, slots=True)
class Cleared:
    """How much a round cleared away."""

    files: int = 0
    """Uploads that no record took up in time, bytes that belong to none, copies of the database that trials left."""
    sessions: int = 0
    answers: int = 0
    """Answers kept for requests that might be sent again."""
    failures: int = 0
    """Wrong passwords that no longer count."""


def clear(database: Database, folder: Path, now: datetime) -> Cleared:
    """Do one round. Rows go first and their bytes only once that is stored, so that a crash leaves bytes at worst."""
    tables = _tables()
    with database.writing() as connection:
        cleared = Cleared(
            files=files.forget_unused(connection, tables, now),
            sessions=sessions.sweep(connection, tables, now),
            answers=idempotency.forget(connection, tables, now),
            failures=credentials.forget_old_failures(connection, tables, now),
        )
    with database.reading() as connection:
        swept = files.sweep(connection, tables, folder, now)
    if database.path is not None:
        swept += scratch.sweep(database.path, now)
    return Cleared(cleared.files + swept, cleared.sessions, cleared.answers, cleared.failures)


@contextmanager
def in_rounds(work: Callable[[], object], *, every: float = EVERY_SECONDS) -> Iterator[None]:
    """Do the work now and again from now on, beside whatever happens inside. A round that fails is told in the log,
    and the next one tries again."""
    over = threading.Event()

    def go_on() -> None:
        while not over.is_set():
            try:
                work()
            except (StoreError, OSError) as error:
                log.warning("Nothing was cleared away this time: %s", error)
            except Exception:
                log.exception("upkeep failed; it is tried again later")
            over.wait(every)

    thread = threading.Thread(target=go_on, name="forme-upkeep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=10)


def _tables() -> EngineTables:
    return EngineTables(**engine_tables.define(sa.MetaData()))
