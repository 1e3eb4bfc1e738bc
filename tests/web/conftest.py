"""A firm served to a browser without a browser: signed-in visits over Litestar's test client."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.testing import TestClient

from engine.boot import build_catalog
from engine.change import Draft, system
from engine.compiler import compile_config
from engine.runtime.clock import SetClock
from engine.runtime.save import save
from engine.runtime.site import Site, SiteHolder, make_site
from engine.store import credentials
from engine.store.apply import apply
from engine.store.database import open_database
from web.app import create_app
from web.security import Settings

CONFIG = Path(__file__).parent / "firm"
PASSWORD = "correct horse battery"
KEY = b"k" * 32


def add_person(site: Site, name: str, login: str, *roles: str) -> int:
    """A person who may sign in with PASSWORD."""
    made = save(site, system(), Draft("user", {"name": name, "login": login}))
    hashed = credentials.hash_password(PASSWORD)
    with site.database.writing() as connection:
        credentials.store_password(connection, site.tables, made.id, hashed, site.now())
        credentials.set_roles(connection, site.tables, made.id, roles)
    return made.id


class Browser:
    """What a person does with pages: opens them, fills forms in, presses buttons."""

    def __init__(self, client: TestClient[Any]) -> None:
        self.client = client
        self.page: httpx.Response = client.get("/healthz")

    def open(self, path: str, *, follow: bool = True, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Go to a page."""
        self.page = self.client.get(path, headers=headers, follow_redirects=follow)
        return self.page

    def send(self, path: str, values: Mapping[str, object] | None = None, *, follow: bool = True) -> httpx.Response:
        """Post a form with the token of the page that is open."""
        data = {"_csrf": self.csrf, **(values or {})}
        self.page = self.client.post(path, data=data, follow_redirects=follow)
        return self.page

    def sign_in(self, login: str, password: str = PASSWORD, *, next: str = "/") -> httpx.Response:
        """Sign in."""
        self.open(f"/login?next={next}")
        return self.send("/login", {"login": login, "password": password, "next": next})

    @property
    def csrf(self) -> str:
        """The token on the page that is open."""
        found = re.search(r'name="csrf-token" content="([^"]*)"', self.page.text)
        return found[1] if found else ""

    @property
    def text(self) -> str:
        """The page's words without tags."""
        body = re.sub(r"<(script|style|head)\b.*?</\1>", " ", self.page.text, flags=re.S)
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()

    def value(self, name: str) -> str | None:
        """What an input or text box of this name holds."""
        found = re.search(rf'<input[^>]*\bvalue="([^"]*)"[^>]*\bname="{re.escape(name)}"', self.page.text)
        found = found or re.search(rf'<input[^>]*\bname="{re.escape(name)}"[^>]*\bvalue="([^"]*)"', self.page.text)
        return unescape(found[1]) if found else None


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """The firm of tests/web/firm, applied to an empty database."""
    database = open_database(database_url)
    catalog = build_catalog(CONFIG)
    model = compile_config(CONFIG, catalog)
    revision = apply(database, model, base=None, by=None)
    yield make_site(
        model, database=database, catalog=catalog, clock=SetClock(), folder=tmp_path, key=KEY, revision=revision.number
    )
    database.close()


@pytest.fixture
def client(site: Site) -> Iterator[TestClient[Any]]:
    """The web app over that firm."""
    app = create_app(SiteHolder(site), Settings(hosts=("testserver.local",)))
    with TestClient(app) as client:
        yield client


@pytest.fixture
def browser(client: TestClient[Any]) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(client)


@pytest.fixture
def boss(site: Site, browser: Browser) -> Browser:
    """A browser with the manager signed in."""
    add_person(site, "王经理", "boss", "manager", "administrator")
    browser.sign_in("boss")
    return browser
