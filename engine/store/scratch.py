"""A copy of a SQLite database, to try something in without holding up its writer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

from engine.store import sqlite
from engine.store.database import Database, open_database

PREFIX: Final = ".dry-run-"
LEFT_AGE: Final = timedelta(hours=24)
"""A copy that old was left behind by a program that was killed."""


@contextmanager
def copied(path: str) -> Iterator[Database]:
    """The database as it is now, in a folder beside it that is gone afterwards."""
    with TemporaryDirectory(prefix=PREFIX, dir=Path(path).parent) as folder:
        copy = Path(folder) / "forme.db"
        sqlite.backup(path, copy)
        database = open_database(f"sqlite:///{quote(str(copy))}")
        try:
            yield database
        finally:
            database.close()


def sweep(path: str, now: datetime) -> int:
    """Remove copies of this database that were left behind; how many."""
    left = [
        folder
        for folder in Path(path).parent.glob(f"{PREFIX}*")
        if folder.is_dir() and folder.stat().st_mtime <= (now - LEFT_AGE).timestamp()
    ]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)
