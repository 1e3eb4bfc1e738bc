"""What can be wrong with a database, in words for the person who runs the server."""

from __future__ import annotations

import sqlalchemy as sa


class StoreError(Exception):
    """The database cannot do what was asked; the message says why and what to do."""


class Unusable(StoreError):
    """This is not a database that this release may open. Nothing was written to it."""


class Unavailable(StoreError):
    """Busy, full, read-only or away just now. Nothing was stored; the same request may be tried again."""

    def __init__(self, message: str, *, retry: bool = True) -> None:
        self.retry = retry
        """Whether trying again soon may help (a full or read-only disk needs a person)."""
        super().__init__(message)


class Occupied(Unavailable):
    """Somebody else is writing, and whoever asked may not wait."""

    def __init__(self) -> None:
        super().__init__("The database is busy.", retry=False)


class Undecided(Unavailable):
    """The connection was lost while the database was storing: it may have been stored, or not."""

    def __init__(self) -> None:
        super().__init__(
            "The connection was lost while this was being stored. Look whether it is there before you do it again.",
            retry=False,
        )


class Duplicate(StoreError):
    """A live record holds this value already: a unique index refused."""

    def __init__(self, constraint: str) -> None:
        self.constraint = constraint
        """The name of the index, where the database told it."""
        super().__init__(constraint)


_SQLITE = (
    ("database is locked", "The database is busy.", True),
    ("database table is locked", "The database is busy.", True),
    ("database or disk is full", "The disk that holds the database is full.", False),
    ("readonly database", "The database may only be read: check who owns the file and its folder.", False),
    ("disk i/o error", "The disk that holds the database is full, or reports errors.", False),
    ("unable to open database file", "The database file cannot be opened: check its folder and rights.", False),
)
_POSTGRESQL = {
    "40001": ("The record was changed at the same moment.", True),
    "40P01": ("Two changes waited for each other.", True),
    "55P03": ("The database is busy.", True),
    "0A000": ("The config was changed just now.", True),  # a prepared statement met tables of another revision
    "57014": ("The database took too long.", True),
    "57P01": ("The database was restarted.", True),
    "57P03": ("The database is starting.", True),
    "53100": ("The disk that holds the database is full.", False),
    "53300": ("The database has no connection left.", True),
    "25006": ("The database may only be read.", False),
}


def translate(error: Exception) -> StoreError | None:
    """The store's own words for a driver's error, or None when it is nothing that running can explain."""
    if isinstance(error, sa.exc.TimeoutError):
        return Unavailable("All connections to the database are in use.")
    if isinstance(error, sa.exc.IntegrityError):
        return _duplicate(error)
    if not isinstance(error, sa.exc.DBAPIError):
        return None
    found = of_sqlite(str(error.orig))
    if found is not None:
        return found
    state = getattr(error.orig, "sqlstate", None)
    if state in _POSTGRESQL:
        words, retry = _POSTGRESQL[state]
        return Unavailable(words, retry=retry)
    if error.connection_invalidated or (state or "").startswith("08"):
        return Unavailable("The connection to the database was lost.")
    if isinstance(error, sa.exc.OperationalError) and state is None and "connect" in str(error.orig).lower():
        return Unavailable("The database does not answer.")
    return None


def of_sqlite(text: str) -> StoreError | None:
    """The words for what SQLite says, where it is a matter of the file or the disk."""
    text = text.lower()
    for part, words, retry in _SQLITE:
        if part in text:
            return Unavailable(words, retry=retry)
    if "malformed" in text or "not a database" in text:
        return Unusable("The database file is damaged. Restore a backup.")
    return None


def _duplicate(error: sa.exc.IntegrityError) -> Duplicate | None:
    state = getattr(error.orig, "sqlstate", None)
    if state == "23505":
        return Duplicate(getattr(getattr(error.orig, "diag", None), "constraint_name", None) or "")
    text = str(error.orig)
    if text.startswith("UNIQUE constraint failed"):
        # SQLite names columns, or the index itself when it is one on an expression.
        return Duplicate(text.partition(": ")[2].removeprefix("index ").strip("'"))
    return None
