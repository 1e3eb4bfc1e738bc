"""What docs/explanation/promises.md promises, where no other test shows it already."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import boot
from engine.boot import Project
from engine.change import system
from engine.runtime.browse import ListQuery, browse
from tests.docs.pages import ROOT, frame, title_of
from tests.docs.served import Served, served

WRITER = """
import sys
from pathlib import Path
from engine import boot
from engine.boot import Project
from engine.change import Draft, system
from engine.runtime.save import save

folder = Path(sys.argv[1])
with Project.at(folder, sys.argv[2]).opened() as database:
    site = boot.open_site(Project.at(folder, sys.argv[2]), database)
    for number in range(100_000):
        print(save(site, system(), Draft("customer", {"name": f"customer {number}"})).id, flush=True)
"""
"""A program that says the id of each record as soon as its save was acknowledged."""


def test_what_was_acknowledged_survives_a_killed_process(tmp_path: Path, database_url: str) -> None:
    (tmp_path / "app.yaml").write_text(frame(), "utf-8")
    project = Project.at(tmp_path, database_url)
    with project.opened() as database:
        boot.first_apply(project, database)
    command = [sys.executable, "-c", WRITER, str(tmp_path), database_url]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as writer:
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(25)]
        writer.send_signal(signal.SIGKILL)
        told += [int(line) for line in writer.stdout if line.endswith("\n")]
    with project.opened() as database:
        page = browse(boot.open_site(project, database), system(), ListQuery(entity="customer", size=500))
    assert set(told) <= {row[0] for row in page.rows}


def test_sqlite_waits_for_the_disk(firm: Served) -> None:
    with firm.site.database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_stale_change_is_refused_with_the_record_as_it_is(firm: Served) -> None:
    made = firm.send('POST /api/v1/customer\n\n{"name": "Globe Press"}').json()
    address = f"/api/v1/customer/{made['id']}"
    first = firm.send(f'PATCH {address}\n\n{{"name": "Globe", "version": 1}}')
    second = firm.send(f'PATCH {address}\n\n{{"name": "Press", "version": 1}}')
    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["current"]["name"] == "Globe"
    assert firm.send(f"GET {address}").json()["name"] == "Globe"
    assert firm.send(f'PATCH {address}\n\n{{"name": "Press"}}').status_code == 428


def test_a_full_disk_refuses_writes_and_reading_goes_on(firm: Served) -> None:
    made = firm.send('POST /api/v1/customer\n\n{"name": "Globe Press"}').json()
    with firm.site.database.writing() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    answers = [
        firm.send(f'POST /api/v1/customer\n\n{{"name": "{number} {"x" * 400}"}}').status_code for number in range(60)
    ]
    assert answers[-1] == 503
    assert set(answers) == {201, 503}
    assert firm.send(f"GET /api/v1/customer/{made['id']}").json() == made
    listed = firm.send("GET /api/v1/customer?total=exact").json()
    assert listed["total"] == 1 + answers.count(201)


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Served]:
    """The firm of the how-to pages, served."""
    with served(frame(), tmp_path, "manager") as found:
        yield found


def test_every_test_that_a_page_names_is_there() -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        text = page.read_text("utf-8")
        places = [(page.parent / path).resolve() for path in re.findall(r"\]\(([^)]*tests/[^)]*\.py)\)", text)]
        sources = "".join(path.read_text("utf-8") for path in places)
        modules = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
        for name in re.findall(r"`(test_[a-z_]+)`", text):
            assert name in modules or f"def {name}(" in sources, f"{title_of(page)} names {name}"
