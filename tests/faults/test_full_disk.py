"""A disk that fills up at any write: refused in words, nothing half-stored, reading goes on, space helps."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest

from engine.change import system
from engine.runtime.sheets import Row, Sheet
from engine.runtime.transfer import Stopped, import_rows
from engine.store import revisions
from engine.store.apply import apply
from engine.store.errors import Unavailable
from tests.crm import compile_text
from tests.docs.served import served
from tests.faults.disk import new_control, run
from tests.faults.on_a_full_disk import FIRM, names
from tests.postgres import PostgresServer

SMALL_DISK = 24_000_000


@pytest.mark.parametrize("story", ["save", "upload", "import", "apply"])
def test_a_disk_that_fills_up_at_any_write_does_no_harm(story: str, tmp_path: Path) -> None:
    tree, control = tmp_path.resolve() / "disk", new_control(tmp_path)

    run("tests.faults.on_a_full_disk", story, str(tree / "firm"), str(control), tree=tree, control=control)


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A small disk of its own for one PostgreSQL database."""

    folder: Path
    database_url: str

    @property
    def ballast(self) -> Path:
        """What takes the space away."""
        return self.folder / "ballast"

    def fill(self) -> None:
        """Take all space away."""
        with self.ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4_096))
            except OSError:
                return

    def empty(self) -> None:
        """Let space return."""
        self.ballast.unlink()


@pytest.fixture
def small_disk(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[SmallDisk]:
    """Needs a server of our own and the right to mount; skips, by name, where there is neither."""
    folder = (postgres_server.folder or tmp_path) / f"small-{tmp_path.name}"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(folder)]
    mountable = postgres_server.folder is not None and shutil.which("mount") is not None
    if not mountable or subprocess.run(mount, capture_output=True, check=False).returncode:
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail("CI must test a full disk under PostgreSQL too: it runs as root, which may mount one")
        pytest.skip("a full disk under PostgreSQL is tested by root, who may mount a small one")
    owner = (folder.parent / "data").stat()
    space = f"small_{os.getpid()}"
    (folder / "tables").mkdir()
    for path in (folder, folder / "tables"):
        os.chown(path, owner.st_uid, owner.st_gid)
    with psycopg.connect(postgres_server.admin_url, autocommit=True) as admin:
        admin.execute(f"CREATE TABLESPACE {space} LOCATION '{folder / 'tables'}'".encode())
        admin.execute(f"CREATE DATABASE {space} TEMPLATE template0 ENCODING 'UTF8' TABLESPACE {space}".encode())
        yield SmallDisk(folder, postgres_server.url(space))
        admin.execute(f"DROP DATABASE {space} WITH (FORCE)".encode())
        admin.execute(f"DROP TABLESPACE {space}".encode())
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_under_postgresql_does_no_harm(small_disk: SmallDisk, tmp_path: Path) -> None:
    with served(FIRM, tmp_path / "firm", "office", database_url=small_disk.database_url) as firm:
        stored = set()
        small_disk.fill()
        for number in count():
            answer = firm.send(f'POST /api/v1/customer\n\n{{"name": "Customer {number}", "phone": "{"1" * 400}"}}')
            if answer.status_code != 201:
                break
            stored.add(f"Customer {number}")
        assert (answer.status_code, answer.json()["detail"]) == (503, "The disk that holds the database is full.")
        assert names(firm) == stored

        rows = Sheet(("name", "phone"), [Row(n + 2, (f"Row {n}", "1" * 400)) for n in range(1_000)])
        with pytest.raises(Stopped, match="is full") as stopped:
            import_rows(firm.site, system(), "customer", rows)
        assert len(names(firm)) == len(stored) + stopped.value.summary.read

        newer = FIRM.replace("roles:\n", "  visit: {fields: {when: {type: date}, where: {type: text}}}\nroles:\n")
        with pytest.raises(Unavailable, match="is full"):
            apply(firm.site.database, compile_text(newer), base=1, by=None)
        with firm.site.database.reading() as connection:
            assert revisions.current_number(connection) == 1

        small_disk.empty()
        assert firm.send('POST /api/v1/customer\n\n{"name": "After"}').status_code == 201
        assert apply(firm.site.database, compile_text(newer), base=1, by=None).number == 2
