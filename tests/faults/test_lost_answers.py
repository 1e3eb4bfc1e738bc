"""The answer to a COMMIT is lost on its way, or late: nothing is stored twice, and nobody else waits."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine.store.errors import Undecided
from tests.crm import Crm

PROXY = Path(__file__).with_name("proxy.py")
FIRM = """
app: {name: Firm, locale: en, locales: [en], timezone: UTC, currency: EUR}
entities:
  deal: {title: "{name}", fields: {name: {type: text}}}
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A firm behind a network that does what is ordered with the answer to the next COMMIT."""

    crm: Crm
    order: Path


@pytest.fixture
def line(postgres_url: str, tmp_path: Path) -> Iterator[Line]:
    server, order = urlsplit(postgres_url), tmp_path / "order"
    command = [sys.executable, str(PROXY), str(server.hostname), str(server.port), str(order)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        assert proxy.stdout is not None
        port = int(proxy.stdout.readline())
        with Crm.load(FIRM, postgres_url.replace(f":{server.port}/", f":{port}/")) as crm:
            yield Line(crm, order)
        proxy.kill()


def test_what_may_have_been_stored_is_not_stored_again(line: Line) -> None:
    line.crm.create("deal", name="first")
    line.order.write_text("cut")

    with pytest.raises(Undecided, match="before you do it again"):
        line.crm.create("deal", name="second")

    assert list(line.crm.titles("deal")).count("second") == 1
    line.crm.create("deal", name="third")
    assert set(line.crm.titles("deal")) == {"first", "second", "third"}


def test_a_reading_whose_end_is_not_answered_costs_nothing_but_its_connection(line: Line) -> None:
    deal = line.crm.create("deal", name="first")
    line.crm.get("deal", deal)
    line.order.write_text("cut")

    assert [line.crm.get("deal", deal).title for _ in range(3)] == ["first"] * 3


def test_nobody_else_waits_for_a_late_answer(line: Line) -> None:
    deal = line.crm.create("deal", name="first")
    line.crm.get("deal", deal)
    over, ticks = threading.Event(), [time.monotonic()]

    def tick() -> None:
        while not over.wait(0.02):
            ticks.append(time.monotonic())

    ticking = threading.Thread(target=tick)
    ticking.start()
    line.order.write_text("hold")
    found = [line.crm.get("deal", deal).title for _ in range(2)]
    over.set()
    ticking.join()

    assert found == ["first", "first"]
    assert max(later - earlier for earlier, later in itertools.pairwise(ticks)) < 2
