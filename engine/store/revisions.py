"""The configs that were applied: their texts, and what the model stored."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from engine.model import SourceText
from engine.store import driver, engine_tables, snapshot
from engine.store.errors import Unusable

_METADATA: Final = sa.MetaData()
_TABLES: Final = engine_tables.define(_METADATA)
"""The engine's tables are the same for every model, and revisions are read before there is one."""
_REVISION, _SOURCE, _TEXT = _TABLES["revision"], _TABLES["source"], _TABLES["text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One applied config."""

    number: int
    at: datetime
    by: int | None
    """The user who applied it; None from the command line."""
    sources: tuple[SourceText, ...]
    """The text of all layers, packs included."""
    snapshot: Mapping[str, Any]
    versions: Mapping[str, Any]
    """Of the engine, the packs and the plugins that it was applied with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A revision without its texts."""

    number: int
    at: datetime
    by: int | None
    versions: Mapping[str, Any]


_LOCK: Final = 0x464F524D
"""PostgreSQL's advisory lock on the applied revision."""
_NEWEST: Final = "SELECT max(number) FROM forme_revision"


def current_number(connection: sa.Connection) -> int | None:
    """The number of the applied revision; None when no config was ever applied. Cheap enough for every request."""
    if not has_tables(connection):
        return None
    [(number,)] = driver.run(connection, _NEWEST)
    return None if number is None else int(number)


def held_number(connection: sa.Connection) -> int | None:
    """`hold` and `current_number`, in one question: how every save begins."""
    if connection.dialect.name == "sqlite" or not connection.info.get("forme"):
        hold(connection)
        return current_number(connection)
    # Two statements: the second sees what was applied while the first waited.
    locked = f"SELECT pg_advisory_xact_lock_shared({_LOCK})"
    [(number,)] = driver.run_script(connection, locked, _NEWEST)
    return None if number is None else int(number)


def hold(connection: sa.Connection, *, alone: bool = False) -> None:
    """Keep the applied revision until this transaction ends: savers hold it together, who applies holds it `alone`.

    SQLite's BEGIN IMMEDIATE did so already. PostgreSQL would let a config be applied between a saver's first look at
    the revision and its first row, which would then lack what the new config brought.
    """
    if connection.dialect.name == "postgresql":
        kind = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        connection.exec_driver_sql(f"SELECT {kind}({_LOCK})")


def current(connection: sa.Connection) -> Revision | None:
    """The applied revision with its texts; None when no config was ever applied.

    Raises Unusable when a later release of the product applied it.
    """
    number = current_number(connection)
    return None if number is None else read(connection, number)


def read(connection: sa.Connection, number: int) -> Revision | None:
    """A revision by its number."""
    if not has_tables(connection):
        return None
    row = connection.execute(sa.select(_REVISION).where(_REVISION.c.number == number)).one_or_none()
    if row is None:
        return None
    if row.snapshot.get("format", 0) > snapshot.FORMAT:
        made = row.versions.get("forme", "a later release")
        raise Unusable(f"Revision {number} was applied by Forme {made}, a later release than this one. Use that one.")
    texts = connection.execute(
        sa.select(_SOURCE.c.layer, _SOURCE.c.path, _TEXT.c.text)
        .join(_TEXT, _TEXT.c.digest == _SOURCE.c.digest)
        .where(_SOURCE.c.revision == number)
        .order_by(_SOURCE.c.position)
    )
    return Revision(
        number=row.number,
        at=row.at,
        by=row.by,
        sources=tuple(SourceText(layer, path, text) for layer, path, text in texts),
        snapshot=row.snapshot,
        versions=row.versions,
    )


def listing(connection: sa.Connection) -> list[Listed]:
    """All revisions, newest first."""
    if not has_tables(connection):
        return []
    columns = (_REVISION.c.number, _REVISION.c.at, _REVISION.c.by, _REVISION.c.versions)
    rows = connection.execute(sa.select(*columns).order_by(_REVISION.c.number.desc()))
    return [Listed(number=row.number, at=row.at, by=row.by, versions=row.versions) for row in rows]


def has_tables(connection: sa.Connection) -> bool:
    """Whether the engine's tables are there. They never go away again, so a connection asks until it finds them.

    Raises Unusable when a later release laid them out.
    """
    if connection.info.get("forme"):
        return True
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'forme_revision'").scalar()
    else:
        found = connection.exec_driver_sql("SELECT to_regclass('forme_revision')").scalar()
    if found is not None:
        layout = connection.exec_driver_sql("SELECT format FROM forme_store").scalar()
        if layout is not None and layout > engine_tables.FORMAT:
            raise Unusable("This database was changed by a later release of Forme. Use that release.")
    connection.info["forme"] = found is not None
    return found is not None


def add(connection: sa.Connection, revision: Revision) -> None:
    """Store a revision. Texts that an earlier one holds already are not stored again."""
    digests = [hashlib.sha256(source.text.encode()).hexdigest() for source in revision.sources]
    _add_texts(connection, {digest: source.text for digest, source in zip(digests, revision.sources, strict=True)})
    connection.execute(
        sa.insert(_REVISION),
        {
            "number": revision.number,
            "at": revision.at,
            "by": revision.by,
            "digest": revision.snapshot["sources"],
            "versions": revision.versions,
            "snapshot": revision.snapshot,
        },
    )
    rows: Sequence[Mapping[str, Any]] = [
        {
            "revision": revision.number,
            "position": position,
            "layer": source.layer,
            "path": source.path,
            "digest": digest,
        }
        for position, (source, digest) in enumerate(zip(revision.sources, digests, strict=True))
    ]
    if rows:
        connection.execute(sa.insert(_SOURCE), rows)


def _add_texts(connection: sa.Connection, texts: Mapping[str, str]) -> None:
    kind: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = kind.insert(_TEXT).on_conflict_do_nothing(index_elements=["digest"])
    if texts:
        connection.execute(statement, [{"digest": digest, "text": text} for digest, text in texts.items()])
