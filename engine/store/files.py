"""Uploaded files: their bytes in a folder under the digest of what they hold, their names in the database.

The bytes are safe on the disk before a row names them; what no row names is swept away later.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from engine.limits import FILE_BYTES_MAX
from engine.store.engine_tables import EngineTables
from engine.store.errors import StoreError, Unavailable
from engine.store.tables import Tables

CHUNK: Final = 65_536
NAME_MAX: Final = 255
ORPHAN_AGE: Final = timedelta(hours=24)
"""A file that no record took up by then was left behind by a form that was never saved."""
ASIDE: Final = ".gone-"
BATCH: Final = 500


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
    """Write the bytes to the folder: their digest and size. The same bytes are kept once.

    Raises TooLarge, and Unavailable where the folder takes no more; what was written is gone then.
    """
    try:
        return _keep(folder, chunks)
    except OSError as error:
        raise Unavailable(f"The folder of files cannot be written: {error.strerror}.", retry=False) from error


def _keep(folder: Path, chunks: Iterable[bytes]) -> tuple[str, int]:
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
    """Note that a record holds these files, so that they are not swept away. Raises Unavailable where that is just
    happening: asked again, they are not there."""
    table, wanted = tables.file, sorted(set(ids))
    mine = table.c.id.in_(wanted)
    connection.execute(sa.update(table).where(mine, table.c.used_at.is_(None)).values(used_at=now))
    if connection.execute(sa.select(sa.func.count()).where(mine)).scalar_one() < len(wanted):
        raise Unavailable("A file was given up just now.")


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


def forget_unused(connection: sa.Connection, tables: EngineTables, now: datetime) -> int:
    """Forget files that no record took up in time; how many. Their bytes go with `sweep`, once this is committed."""
    table = tables.file
    unused = sa.delete(table).where(table.c.used_at.is_(None), table.c.created_at <= now - ORPHAN_AGE)
    return connection.execute(unused).rowcount


def sweep(connection: sa.Connection, tables: EngineTables, folder: Path, now: datetime) -> int:
    """Remove bytes that no row names, uploads that were cut off too; how many. Young ones may get their row yet."""
    old = (now - ORPHAN_AGE).timestamp()
    removed = sum(_remove(path, old) for path in folder.glob(".draft-*"))
    for part in folder.glob("??"):
        for aside in part.glob(f"{ASIDE}*"):  # by a sweep that was cut off
            _put_back(aside, now)
        names = [path.name for path in part.iterdir()]
        for start in range(0, len(names), BATCH):
            unnamed = set(names[start : start + BATCH]) - _named(connection, tables, names[start : start + BATCH])
            removed += sum(_remove(part / name, old) for name in sorted(unnamed))
    return removed


def _named(connection: sa.Connection, tables: EngineTables, digests: Sequence[str]) -> set[str]:
    table = tables.file
    return set(connection.execute(sa.select(table.c.digest).where(table.c.digest.in_(digests))).scalars())


def _put_back(aside: Path, now: datetime) -> None:
    """Bytes that are set aside are in place again. They count as young: perhaps the same ones were sent meanwhile, and
    their row is about to be stored."""
    with suppress(FileNotFoundError):  # another server was faster
        os.utime(aside, (now.timestamp(), now.timestamp()))
        aside.replace(aside.with_name(aside.name.removeprefix(ASIDE)))


def _remove(path: Path, old: float) -> bool:
    """Take a file away if it is old. The same bytes may be sent again this very moment: then they are put back."""
    aside = path.with_name(f"{ASIDE}{path.name}")
    with suppress(FileNotFoundError):
        if path.stat().st_mtime > old:
            return False
        path.rename(aside)
        if aside.stat().st_mtime > old:
            aside.replace(path)
            return False
        aside.unlink()
        return True
    return False


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
