"""The reference world: a firm, its people, records of two sellers, and a canary in every place that is not for all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import httpx
from litestar.testing import TestClient

from engine.boot import build_catalog
from engine.change import Draft, system
from engine.compiler import compile_sources
from engine.model import Model, SourceText
from engine.runtime.clock import SetClock
from engine.runtime.save import save
from engine.runtime.site import Site, SiteHolder, make_site
from engine.store import credentials, sessions, tokens
from engine.store.apply import apply
from engine.store.database import open_database
from tests.attacks.oracles import digest, leaks
from web.app import create_app
from web.security import Settings, csrf_token

CONFIG = Path(__file__).with_name("world.yaml")
HOST = "testserver.local"
KEY = b"the key of the attacked firm, 32"
PASSWORD = "correct horse battery"
NEVER = 999_999
"""An id that no record has."""

# Each stands nowhere but in one hidden place. Figures are long enough never to turn up by chance.
MARGIN_1, MARGIN_2, MARGINS = "7319341", "8426573", "15745914"
COST_1, COST_2 = "6612973", "5503817"
MEMO, CODENAME, TIP = "canarymemo", "canarycodename", "canarytip"
PIN, SECRET, PERK = "zqv7731", "canarysecret", "canaryperk"
CREDIT, CODE, FACTOR = "9184477", "canarycode", "3.7719"
DEAL_2, ACCOUNT_2, CONTACT_2, NOTE_2 = "canarydeal", "canaryaccount", "canarycontact", "canarynote"
TERMS_2, FILE_2, CONTENT_2 = "canaryterms", "canaryfile", "canarycontent"
TARIFF, SALARY = "canarytariff", "3318842"
OF_THE_FIRM = (MARGIN_1, MARGIN_2, MARGINS, COST_1, COST_2, MEMO, CODENAME, PIN, SECRET, PERK, CREDIT, CODE, FACTOR,
               SALARY)  # fmt: skip
OF_R2 = (DEAL_2, ACCOUNT_2, CONTACT_2, NOTE_2, TERMS_2, FILE_2, CONTENT_2)


@cache
def attacked_model() -> Model:
    """The world's config, compiled once."""
    return compile_sources((SourceText("", "app.yaml", CONFIG.read_text("utf-8")),), build_catalog(Path()))


@dataclass(slots=True)
class Person:
    """Somebody at work, by browser and by program; every answer to them is searched for what they may not see."""

    world: World
    name: str
    id: int
    token: str
    canaries: tuple[str, ...] = ()
    session: str = ""

    # ---- the JSON API

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A request with the person's token; a body goes as JSON."""
        more: dict[str, Any] = {} if body is None else {"json": body}
        return self.raw(method, f"/api/v1{path}", **more, headers={"Authorization": f"Bearer {self.token}", **headers})

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Read by the API."""
        return self.api("GET", path, **headers)

    def make(self, entity: str, **values: Any) -> int:
        """Make a record that must be accepted; its id."""
        answer = self.api("POST", f"/{entity}", values)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def version(self, path: str) -> int:
        """The version of a record that the person sees."""
        return int(self.get(path).json()["version"])

    # ---- the pages

    def page(self, path: str, **headers: str) -> httpx.Response:
        """Open a page."""
        return self.raw("GET", path, headers={"Cookie": f"forme={self.session}", **headers})

    def send(self, path: str, values: Mapping[str, Any] | None = None, **headers: str) -> httpx.Response:
        """Post a form as one of our own pages would."""
        data = {"_csrf": csrf_token(KEY, self.session), **(values or {})}
        return self.raw("POST", path, data=data, headers={"Cookie": f"forme={self.session}", **headers})

    def raw(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request as it is; the answer is searched, and a refused one must have stored nothing."""
        answer = self.world.request(method, path, **more)
        sent = f"{unquote_plus(path)} {more}"
        shown = leaks(answer, (canary for canary in self.canaries if canary not in sent))
        assert not shown, f"{method} {path} shows {self.name} {shown}: {answer.text[:2000]}"
        return answer

    def open_session(self) -> None:
        """A new session without the sign-in page, which takes its time."""
        with self.world.site.database.writing() as connection:
            self.session, _ = sessions.open_session(connection, self.world.site.tables, self.id, self.world.site.now())
        self.world.changed()

    def sign_in(self) -> str:
        """A new session by the sign-in page; its id."""
        answer = self.world.sign_in(self.name)
        assert answer.status_code == 303, answer.text
        self.session = self.world.cookie(answer)
        return self.session


@dataclass(slots=True)
class World:
    """The firm, served."""

    site: Site
    clock: SetClock
    client: TestClient[Any]
    people: dict[str, Person] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    """The records by the names that the attack list gives them: D1, D2, A1 ..."""
    state: str | None = None
    """The digest of the database, as long as nothing was written."""

    def __getattr__(self, name: str) -> Person:
        try:
            return self.people[name]
        except KeyError:
            raise AttributeError(name) from None

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Any request; refused ones must leave the database as it was, and nothing may fail."""
        before = self.state or digest(self.site.database)
        self.client.cookies.clear()
        self.state = None
        answer: httpx.Response = self.client.request(method, path, follow_redirects=False, **more)
        assert answer.status_code < 500, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        if answer.status_code >= 400:
            self.state = digest(self.site.database)
            assert self.state == before, f"{method} {path} was refused, yet it stored something"
        return answer

    @contextmanager
    def later(self, span: timedelta) -> Iterator[None]:
        """What happens after some time; then the clock goes back."""
        self.clock.advance(span)
        try:
            yield
        finally:
            self.clock.advance(-span)
            self.changed()  # sessions and tokens note when they were last used

    def changed(self) -> None:
        """The test itself wrote to the database."""
        self.state = None

    def make(self, entity: str, **values: Any) -> int:
        """A record made by the engine itself."""
        self.changed()
        return save(self.site, system(), Draft(entity, values)).id

    def update(self, entity: str, id: int, **values: Any) -> None:
        """A record changed by the engine itself."""
        self.changed()
        save(self.site, system(), Draft(entity, values, id=id))

    def hire(self, name: str, *roles: str, canaries: tuple[str, ...] = (), **more: Any) -> Person:
        """A person with a password and a token."""
        id = self.make("user", name=name, login=name, **more)
        with self.site.database.writing() as connection:
            tables, now = self.site.tables, self.site.now()
            credentials.store_password(connection, tables, id, hashed(PASSWORD), now)
            credentials.set_roles(connection, tables, id, roles)
            text, _ = tokens.create(connection, tables, id, "attack", now)
        self.people[name] = Person(self, name, id, text, canaries)
        self.people[name].get("/openapi.json")  # the token's first use is noted now, not in a test
        self.changed()
        return self.people[name]

    def give_roles(self, name: str, *roles: str) -> None:
        """Other roles, from now on."""
        with self.site.database.writing() as connection:
            credentials.set_roles(connection, self.site.tables, self.people[name].id, roles)
        self.changed()

    # ---- doors without a person

    def sign_in(self, login: str, password: str = PASSWORD, *, cookie: str = "", next: str = "/", **headers: str,
                ) -> httpx.Response:  # fmt: skip
        """The answer to the sign-in form, sent as a browser does."""
        sent = {"Cookie": cookie} if cookie else {}
        door = self.request("GET", "/login", params={"next": next}, headers=sent)
        visitor = self.cookie(door, "forme-visitor") or re.sub(r".*forme-visitor=([^;]*).*", r"\1", cookie)
        data = {"_csrf": csrf_token(KEY, visitor), "login": login, "password": password, "next": next}
        jar = "; ".join(part for part in (cookie, f"forme-visitor={visitor}") if part)
        return self.request("POST", "/login", data=data, headers={"Cookie": jar, **headers})

    @staticmethod
    def cookie(answer: httpx.Response, name: str = "forme") -> str:
        """The value that an answer sets a cookie to; empty when it does not."""
        for line in answer.headers.get_list("set-cookie"):
            found = re.match(rf'{re.escape(name)}="?([^";]*)', line)
            if found:
                return found[1]
        return ""


_HASHES: dict[str, str] = {}


def hashed(password: str) -> str:
    """A password's hash; hashing is slow on purpose."""
    return _HASHES.setdefault(password, credentials.hash_password(password))


@contextmanager
def serve(url: str, folder: Path) -> Iterator[World]:
    """An empty world on this database."""
    database, clock, model = open_database(url), SetClock(), attacked_model()
    try:
        revision = apply(database, model, base=None, by=None, at=clock.now())
        site = make_site(
            model, database=database, catalog=build_catalog(folder), clock=clock, folder=folder, key=KEY,
            revision=revision.number, files=folder / "files",
        )  # fmt: skip
        app = create_app(SiteHolder(site), Settings(hosts=(HOST,)))
        with TestClient(app, base_url=f"http://{HOST}", raise_server_exceptions=False) as client:
            yield World(site, clock, client)
    finally:
        database.close()


def populate(world: World, **hidden: str) -> World:
    """The firm's people and records; `hidden` replaces canaries, for a second world that differs in nothing else."""
    of = {
        name: hidden.get(name, value) for name, value in globals().items() if name.isupper() and isinstance(value, str)
    }

    def blind(*canaries: str) -> tuple[str, ...]:
        """What is looked for; values of the second world may be anything at all, so they are not."""
        return () if hidden else canaries

    unseen = (*OF_THE_FIRM, *OF_R2, TIP)
    r1 = world.hire("r1", "rep", canaries=blind(*unseen, TARIFF), salary=of["SALARY"])
    r2 = world.hire("r2", "rep")
    world.hire("clerk", "clerk", canaries=blind(MARGIN_1, MARGIN_2, TIP, CONTACT_2, SECRET))
    world.hire("manager", "manager", canaries=blind(SECRET))
    world.hire("admin", "administrator", canaries=blind(*unseen))
    world.hire("nobody", canaries=blind(*unseen))
    ids = world.ids
    world.make("tariff", source=of["TARIFF"], kind="base", price=77, from_date="2025-01-01")
    ids["A1"] = world.make("account", name="Open account", owner=r1.id, terms="30 days", ceiling=900000000,
                           credit=of["CREDIT"], code=of["CODE"], factor=of["FACTOR"])  # fmt: skip
    ids["A2"] = world.make(
        "account", name=of["ACCOUNT_2"], owner=r2.id, terms=of["TERMS_2"], ceiling=50, region="north"
    )
    ids["C1"] = world.make("contact", name="Open contact", account=ids["A1"], owner=r1.id)
    ids["C2"] = world.make("contact", name=of["CONTACT_2"], account=ids["A2"], owner=r2.id)
    ids["F2"] = send_file(r2, of["FILE_2"] + ".txt", of["CONTENT_2"])
    ids["D1"] = world.make(
        "deal", name="Open deal", account=ids["A1"], owner=r1.id, amount=2000, margin=of["MARGIN_1"], memo=of["MEMO"],
        codename=of["CODENAME"], pin=of["PIN"], api_key=of["SECRET"], contacts=[ids["C1"], ids["C2"]],
        items=[{"name": "Open item", "price": 12, "cost": of["COST_1"]}], perks=[{"name": of["PERK"]}],
    )  # fmt: skip
    ids["D2"] = save(world.site, system(), Draft("deal", {
        "name": of["DEAL_2"], "account": ids["A1"], "owner": r2.id, "amount": 3000, "margin": of["MARGIN_2"],
        "tip": of["TIP"], "items": [{"name": of["DEAL_2"], "price": 5, "cost": of["COST_2"]}], "contract": ids["F2"],
    })).id  # fmt: skip
    ids["N2"] = world.make("note", text=of["NOTE_2"], deal=ids["D2"], owner=r2.id)
    ids["N1"] = world.make("note", text="Open note", deal=ids["D1"], about=f"account:{ids['A2']}", owner=r1.id)
    world.changed()
    for person in world.people.values():
        person.open_session()
    return world


def send_file(person: Person, name: str, content: str) -> int:
    """A file sent by the API; its id."""
    answer = person.raw(
        "POST", "/api/v1/files", files={"file": (name, content.encode(), "text/plain")},
        headers={"Authorization": f"Bearer {person.token}"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])
