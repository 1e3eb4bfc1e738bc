"""Several worker processes serve one firm on PostgreSQL: they agree on numbers, config, and what was stored."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine import boot
from engine.boot import Project
from engine.change import system
from engine.runtime import people
from engine.runtime.browse import ListQuery, browse
from tests.cli.server import Server, served
from tests.postgres import PostgresServer

WORKERS = 3
FIRM = """
app: {name: Friendly Printers, locale: en, locales: [en], timezone: UTC, currency: EUR}
entities:
  order:
    title: "{number}"
    fields:
      number: {type: number, label: Number, pattern: "A-{seq:4}"}
      what:   {type: text, label: What, required: true}
roles:
  office: {label: Office, grants: {order: {read: true, create: true, update: true}}}
"""


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm that several workers serve, and a program of its office."""

    project: Project
    server: Server
    token: str

    def ask(self, method: str, path: str, **values: Any) -> httpx.Response:
        """Send a request on a connection of its own: any worker may take it."""
        headers = {"Authorization": f"Bearer {self.token}"}
        json = values or None
        return httpx.request(method, f"{self.server.address}{path}", headers=headers, json=json, timeout=60)

    def orders(self) -> dict[int, str]:
        """What is stored: ids and numbers."""
        with self.project.opened() as database:
            site = boot.open_site(self.project, database)
            page = browse(site, system(), ListQuery(entity="order", fields=("number",), size=500))
        assert page.next is None
        return {row[0]: row[2] for row in page.rows}


@contextmanager
def firm_at_work(server: PostgresServer, folder: Path) -> Iterator[Firm]:
    """The firm on a database of its own, served."""
    url = server.create()
    (folder / "app.yaml").write_text(FIRM, "utf-8")
    project = Project.at(folder, url)
    with project.opened() as database:
        boot.first_apply(project, database)
        site = boot.open_site(project, database)
        people.add(site, system(), name="Ann", login="ann", roles=("office",), password="correct horse battery")
        token = people.create_token(site, login="ann", name="program", days=1)
    words = ("serve", str(folder), "--workers", str(WORKERS))
    with served(*words, cwd=folder, FORME_DATABASE=url) as running:
        yield Firm(project, running, token)
    server.drop(url)


@pytest.fixture(scope="module")
def firm(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    with firm_at_work(postgres_server, tmp_path_factory.mktemp("firm")) as found:
        yield found


def test_sixty_orders_at_once_are_stored_once_each_and_numbered_without_gaps(firm: Firm) -> None:
    before = firm.orders()

    def order(number: int) -> tuple[int, str]:
        answer = firm.ask("POST", "/api/v1/order", what=f"Poster {number}")
        assert answer.status_code == 201, answer.text
        return answer.json()["id"], answer.json()["number"]

    with ThreadPoolExecutor(20) as program:
        made = dict(program.map(order, range(60)))

    assert len(made) == 60
    assert firm.orders() == before | made
    numbers = sorted(int(number.removeprefix("A-")) for number in firm.orders().values())
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_new_revision_is_soon_served_by_all_workers(firm: Firm) -> None:
    text = FIRM.replace("      what: ", "      copies: {type: integer, label: Copies}\n      what: ")
    (firm.project.folder / "app.yaml").write_text(text, "utf-8")
    model, catalog = boot.compile_folder(firm.project.folder)
    with firm.project.opened() as database:
        revision = boot.perform(firm.project, database, model, catalog, base=1)

    deadline = time.monotonic() + 30
    in_a_row = 0
    while in_a_row < 20:
        assert time.monotonic() < deadline, "some worker goes on with the old revision"
        in_a_row = in_a_row + 1 if firm.ask("GET", "/readyz").json()["revision"] == revision.number else 0

    answers = [firm.ask("POST", "/api/v1/order", what="Atlas", copies=500) for _ in range(12)]
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["copies"] for answer in answers} == {500}


@pytest.mark.timeout(120)
def test_being_stopped_at_work_loses_nothing_that_was_acknowledged(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with firm_at_work(postgres_server, tmp_path) as firm:
        acknowledged: dict[int, str] = {}
        many, over = threading.Event(), threading.Event()
        strange: list[str] = []

        def work() -> None:
            while not over.is_set():
                try:
                    answer = firm.ask("POST", "/api/v1/order", what="Poster")
                except httpx.TransportError:
                    return  # stopped
                if answer.status_code == 201:
                    acknowledged[answer.json()["id"]] = answer.json()["number"]
                elif answer.status_code != 503:
                    strange.append(answer.text)
                if len(acknowledged) >= 40:
                    many.set()

        with ThreadPoolExecutor(8) as program:
            for _ in range(8):
                program.submit(work)
            assert many.wait(60)
            firm.server.process.send_signal(signal.SIGTERM)
            code = firm.server.process.wait(timeout=40)
            over.set()

        stored = firm.orders()

    assert strange == []
    assert acknowledged.items() <= stored.items()
    assert len(stored) - len(acknowledged) <= 8, "at most what was under way"
    assert code in (0, -signal.SIGTERM)
