"""The printing firm on both databases, empty, with its people and their programs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from litestar.testing import TestClient

from engine.boot import compile_folder
from engine.catalog import Catalog
from engine.model import Model
from engine.runtime.clock import SetClock
from engine.runtime.site import Site, SiteHolder, make_site
from engine.store.apply import apply
from engine.store.database import open_database
from tests.acceptance.firm import Json, enter_rates, quotation_a
from tests.api.conftest import Firm, Program
from web.app import create_app

CONFIG = Path(__file__).parents[2] / "configs" / "printing_estimating"


@cache
def compiled() -> tuple[Model, Catalog]:
    """The firm's config, compiled once for all tests."""
    return compile_folder(CONFIG)


@contextmanager
def opened_site(url: str, folder: Path) -> Iterator[Site]:
    """The site of the printing firm on an empty database."""
    model, catalog = compiled()
    database, clock = open_database(url), SetClock()
    revision = apply(database, model, base=None, by=None, at=clock.now())
    yield make_site(
        model, database=database, catalog=catalog, clock=clock, folder=folder, key=b"k" * 32,
        revision=revision.number, files=folder / "files",
    )  # fmt: skip
    database.close()


@pytest.fixture
def firm(database_url: str, tmp_path: Path) -> Iterator[Firm]:
    """The firm, served; nothing is entered yet."""
    with (
        opened_site(database_url, tmp_path) as site,
        TestClient(create_app(SiteHolder(site)), base_url="http://127.0.0.1") as client,
    ):
        yield Firm(site, client)


@pytest.fixture
def manager(firm: Firm) -> Program:
    """The manager's program."""
    return firm.program("张经理", "manager")


@pytest.fixture
def rates(manager: Program) -> dict[str, Json]:
    """The rates that quotation A needs."""
    return enter_rates(manager)


@pytest.fixture
def customer(manager: Program) -> Json:
    """The customer."""
    return manager.make("customer", name="甲公司")


@pytest.fixture
def quote(manager: Program, rates: dict[str, Json], customer: Json) -> Json:
    """Quotation A as the answer to its POST holds it."""
    return manager.make("quote", **quotation_a(rates, customer))
