"""A real browser on a real server: what a person at a desk sees and does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from engine.boot import build_catalog
from engine.change import Actor, Draft
from engine.compiler import compile_config
from engine.runtime import signin
from engine.runtime.clock import SystemClock
from engine.runtime.save import save
from engine.runtime.site import Site, SiteHolder, make_site
from engine.store import callers
from engine.store.apply import apply
from engine.store.database import open_database
from engine.store.records import unique_key
from tests.web.conftest import CONFIG, KEY, PASSWORD, add_person
from web.app import create_app
from web.security import Settings


@dataclass(frozen=True, slots=True)
class Served:
    """A firm that is being served."""

    address: str
    site: Site


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The firm of tests/web/firm with some records, served for the session."""
    folder = tmp_path_factory.mktemp("served")
    database = open_database(f"sqlite:///{folder / 'forme.db'}")
    catalog = build_catalog(CONFIG)
    model = compile_config(CONFIG, catalog)
    revision = apply(database, model, base=None, by=None)
    site = make_site(
        model, database=database, catalog=catalog, clock=SystemClock(), folder=folder, key=KEY,
        revision=revision.number,
    )  # fmt: skip
    fill(site)
    with serving(site) as found:
        yield found
    database.close()


@contextmanager
def serving(site: Site) -> Iterator[Served]:
    """Serve a firm on a free port, in a thread of its own."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(create_app(SiteHolder(site), Settings()), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield Served(address, site)
    server.should_exit = True
    thread.join(10)


def fill(site: Site) -> None:
    """Some people and records."""
    boss = add_person(site, "王经理", "boss", "manager", "administrator")
    lin = add_person(site, "Lin Xiao", "lin", "sales")
    actor = Actor(user=boss, name="王经理", locale="en", timezone="Asia/Shanghai", system=True)
    names = ["晨光茶业", "启明出版社", "云栖文创", "Sunrise Tea", *(f"客户 {number:02}" for number in range(26))]
    for number, name in enumerate(names):
        values = {"name": name, "kind": ("publisher", "packaging")[number % 2], "wants": ["books", "boxes"],
                  "limit": str(1000 * number), "owner": (boss, lin)[number % 2], "phone": "13800132291",
                  "notes": "月结三十天"}  # fmt: skip
        save(site, actor, Draft("customer", values))
    for number in range(3):
        values = {"name": f"中秋礼盒 {number}", "customer": 1, "amount": "8000", "closes": "2026-12-20"}
        save(site, actor, Draft("deal", values))
    part = {"name": "内页", "pages": 32, "price": "2.5", "processes": [{"name": "骑马订"}]}
    save(site, actor, Draft("quote", {"name": "画册", "customer": 1, "parts": [part]}))


class Visitor:
    """One person at one browser window; what the console says is kept, and anything bad fails the test."""

    def __init__(self, context: BrowserContext, served: Served) -> None:
        self.context, self.served = context, served
        self.login = ""
        self.prefers = False
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _listen(self, message: ConsoleMessage) -> None:
        # Chromium itself writes a line for every answer of 4xx, also for those that are expected.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def open(self, path: str) -> Page:
        """Go to a page."""
        self.page.goto(self.served.address + path)
        return self.page

    def sign_in(self, login: str = "boss") -> Page:
        """Sign in."""
        self.login = login
        self.open("/login")
        self.page.fill("#login", login)
        self.page.fill("#password", PASSWORD)
        self.page.click("main button[type=submit]")
        self.page.wait_for_url(self.served.address + "/")
        return self.page

    def prefer(self, locale: str, theme: str) -> None:
        """Set language and theme."""
        self.open("/-/account")
        self.page.select_option("#f-locale", locale)
        self.page.select_option("#f-theme", theme)
        self.page.click("form[action='/-/account/preferences'] button[type=submit]")
        self.page.wait_for_url("**/-/account?done=saved")
        self.prefers = True

    def leave(self) -> None:
        """Close the window; whoever comes next finds the language of their own browser."""
        self.context.close()
        if self.prefers:
            site = self.served.site
            with site.database.reading() as connection:
                person = callers.by_login(connection, site.tables, unique_key(self.login))
            assert person is not None
            signin.set_preferences(site, Actor(user=person.user, name=person.name), locale="", theme="", timezone="")


@pytest.fixture
def visitor(chromium: Browser, served: Served) -> Iterator[Visitor]:
    """Somebody at a desk."""
    context = chromium.new_context(locale="en-US", viewport={"width": 1440, "height": 900})
    found = Visitor(context, served)
    yield found
    found.leave()
    assert found.complaints == []


@pytest.fixture
def on_phone(chromium: Browser, served: Served) -> Iterator[Visitor]:
    """Somebody with a phone."""
    context = chromium.new_context(locale="zh-CN", viewport={"width": 390, "height": 844}, has_touch=True)
    found = Visitor(context, served)
    yield found
    found.leave()
    assert found.complaints == []


@pytest.fixture
def without_scripts(chromium: Browser, served: Served) -> Iterator[Visitor]:
    """Somebody whose browser runs no scripts."""
    context = chromium.new_context(locale="en-US", java_script_enabled=False)
    found = Visitor(context, served)
    yield found
    found.leave()
