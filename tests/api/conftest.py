"""A firm and the programs that use its API: every story runs on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from litestar.testing import TestClient

from engine.boot import build_catalog
from engine.change import Draft, system
from engine.compiler import compile_sources
from engine.model import SourceText
from engine.runtime.clock import SetClock
from engine.runtime.save import save
from engine.runtime.site import Site, SiteHolder, make_site
from engine.store import credentials, tokens
from engine.store.apply import apply
from engine.store.database import open_database
from web.app import create_app

CONFIG = Path(__file__).with_name("firm.yaml")
KEY = b"k" * 32
UNTOLD = frozenset({"forme_security_log", "forme_idempotency", "forme_token"})
"""Tables that a refused request may touch."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that calls the API with somebody's token."""

    client: TestClient[Any]
    token: str
    user: int

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Send a request; a body goes as JSON."""
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        more = {} if body is None else {"json": body}
        return self.client.request(method, f"/api/v1{path}", headers=sent, **more)

    def get(self, path: str) -> httpx.Response:
        """Read."""
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """Make, or do."""
        return self.ask("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> httpx.Response:
        """Change."""
        return self.ask("PATCH", path, body, **headers)

    def delete(self, path: str) -> httpx.Response:
        """Delete."""
        return self.ask("DELETE", path)

    def make(self, entity: str, **values: Any) -> dict[str, Any]:
        """Make a record that must be accepted."""
        answer = self.post(f"/{entity}", values)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


@dataclass(slots=True)
class Firm:
    """The firm's site, and whoever calls it."""

    site: Site
    client: TestClient[Any]
    programs: dict[str, Program] = field(default_factory=dict)

    def program(self, name: str, *roles: str) -> Program:
        """The program of a person; both are made at the first call."""
        if name not in self.programs:
            made = save(self.site, system(), Draft("user", {"name": name, "login": name}))
            with self.site.database.writing() as connection:
                credentials.set_roles(connection, self.site.tables, made.id, roles)
                text, _ = tokens.create(connection, self.site.tables, made.id, "test", self.site.now())
            self.programs[name] = Program(self.client, text, made.id)
        return self.programs[name]

    def digest(self) -> str:
        """Of everything that is stored, besides what a refused request may touch."""
        found = hashlib.sha256()
        with self.site.database.reading() as connection:
            for name in sorted(sa.inspect(connection).get_table_names()):
                if name not in UNTOLD and not name.startswith("sqlite_"):
                    rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"').fetchall()
                    found.update(name.encode() + repr(sorted(map(repr, rows))).encode())
        return found.hexdigest()


@pytest.fixture
def firm(database_url: str, tmp_path: Path) -> Iterator[Firm]:
    """The firm, served."""
    catalog = build_catalog(tmp_path)
    model = compile_sources((SourceText("", "app.yaml", CONFIG.read_text("utf-8")),), catalog)
    database, clock = open_database(database_url), SetClock()
    revision = apply(database, model, base=None, by=None, at=clock.now())
    site = make_site(
        model, database=database, catalog=catalog, clock=clock, folder=tmp_path, key=KEY,
        revision=revision.number, files=tmp_path / "files",
    )  # fmt: skip
    with TestClient(create_app(SiteHolder(site)), base_url="http://127.0.0.1") as client:
        yield Firm(site, client)
    database.close()


@pytest.fixture
def rep(firm: Firm) -> Program:
    """A sales person, who sees own deals only, never the margin."""
    return firm.program("r1", "rep")


@pytest.fixture
def other(firm: Firm) -> Program:
    """Another sales person."""
    return firm.program("r2", "rep")


@pytest.fixture
def manager(firm: Firm) -> Program:
    """Somebody who sees everything."""
    return firm.program("m", "manager")
