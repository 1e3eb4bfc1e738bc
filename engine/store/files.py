"""Uploaded files: their bytes in a folder under the digest of what they hold, their names in the database.

The bytes are safe on the disk before a row names them; what no row names is swept away later.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from engine.limits import FILE_BYTES_MAX
from engine.store.errors import StoreError
from engine.store.tables import Tables

CHUNK: Final = 65_536
NAME_MAX: Final = 255
ORPHAN_AGE: Final = timedelta(hours=24)
"""A file that no record took up by then was left behind by a form that was never saved."""


class TooLarge(StoreError):
    """The file is larger than FILE_BYTES_MAX."""


class Missing(StoreError):
    """The database knows the file, but the folder does not hold it (any more), or holds something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """What is known of a file."""

    id: int
    name: str
    """As it was called by whoever brought it; never a path."""
    type: str
    size: int
    digest: str
    created_by: int | None
    created_at: datetime
    used_at: datetime | None
    """When a record took it up; None while none has."""


def keep(folder: Path, chunks: Iterable[bytes]) -> tuple[str, int]:
    """Write the bytes to the folder: their digest and size. The same bytes are kept once. Raises TooLarge."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = folder / f".draft-{secrets.token_hex(8)}"
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > FILE_BYTES_MAX:
                    raise TooLarge(f"A file may have {FILE_BYTES_MAX:,} bytes at most.")
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        target = path_of(folder, digest.hexdigest())
        target.parent.mkdir(exist_ok=True, mode=0o700)
        draft.replace(target)
        _sync_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)
    return digest.hexdigest(), size


def add(
    connection: sa.Connection,
    tables: Tables,
    *,
    name: str,
    type: str,
    size: int,
    digest: str,
    by: int | None,
    now: datetime,
) -> StoredFile:
    """Name kept bytes in the database. No record has taken the file up yet."""
    plain = name.replace("\\", "/").rpartition("/")[2].replace("\0", "")[-NAME_MAX:] or "file"
    values = {"name": plain, "type": type, "size": size, "digest": digest, "created_by": by, "created_at": now}
    id = connection.execute(sa.insert(tables.file).values(values).returning(tables.file.c.id)).scalar_one()
    return StoredFile(
        id=id, name=plain, type=type, size=size, digest=digest, created_by=by, created_at=now, used_at=None
    )


def read(connection: sa.Connection, tables: Tables, ids: Iterable[int]) -> dict[int, StoredFile]:
    """What is known of these files; unknown ids are left out."""
    table = tables.file
    rows = connection.execute(sa.select(table).where(table.c.id.in_(sorted(set(ids)))))
    return {row.id: _file(row) for row in rows}


def use(connection: sa.Connection, tables: Tables, ids: Iterable[int], now: datetime) -> None:
    """Note that a record holds these files, so that they are not swept away."""
    table = tables.file
    mine = (table.c.id.in_(sorted(set(ids))), table.c.used_at.is_(None))
    connection.execute(sa.update(table).where(*mine).values(used_at=now))


def content(folder: Path, file: StoredFile) -> Iterator[bytes]:
    """The bytes, piece by piece. Raises Missing at once when they are not there whole."""
    path = path_of(folder, file.digest)
    try:
        opened = path.open("rb")
    except OSError as error:
        raise Missing(f"The file {file.name} is missing from the folder of files.") from error
    if os.fstat(opened.fileno()).st_size != file.size:
        opened.close()
        raise Missing(f"The file {file.name} is damaged in the folder of files.")

    def pieces() -> Iterator[bytes]:
        with opened:
            while piece := opened.read(CHUNK):
                yield piece

    return pieces()


def sweep(connection: sa.Connection, tables: Tables, folder: Path, now: datetime) -> int:
    """Remove files that no record took up in time, and bytes that no row names; how many of both."""
    table = tables.file
    old = now - ORPHAN_AGE
    removed = connection.execute(sa.delete(table).where(table.c.used_at.is_(None), table.c.created_at <= old)).rowcount
    named = set(connection.execute(sa.select(table.c.digest).distinct()).scalars())
    for path in [*folder.glob("??/*"), *folder.glob(".draft-*")]:
        with suppress(FileNotFoundError):
            if path.name not in named and path.stat().st_mtime <= old.timestamp():
                path.unlink()
                removed += 1
    return removed


def path_of(folder: Path, digest: str) -> Path:
    """Where bytes of this digest are kept."""
    assert len(digest) == 64 and digest.isalnum(), digest
    return folder / digest[:2] / digest


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _file(row: sa.Row[tuple[object, ...]]) -> StoredFile:
    return StoredFile(
        id=row.id, name=row.name, type=row.type, size=row.size, digest=row.digest, created_by=row.created_by,
        created_at=row.created_at, used_at=row.used_at,
    )  # fmt: skip
