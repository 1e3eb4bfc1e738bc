"""Every config that we ship or show: it compiles without a word, passes its own tests, and every page of it opens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient

from engine.boot import compile_folder
from engine.change import Draft, InvalidRecord, system
from engine.model import Entity, Model
from engine.runtime.clock import SetClock
from engine.runtime.configtest import run_test
from engine.runtime.save import save
from engine.runtime.site import Site, SiteHolder, make_site
from engine.store.apply import apply
from engine.store.database import open_database
from tests.web.conftest import Browser, add_person
from web.app import create_app
from web.security import Settings

ROOT = Path(__file__).parents[1]
CONFIGS = {
    "minimal": ROOT / "configs" / "minimal",
    "printing_estimating": ROOT / "configs" / "printing_estimating",
    "repair_shop": ROOT / "tests" / "configs" / "repair_shop",
}


@pytest.mark.parametrize("name", CONFIGS)
def test_it_compiles_and_its_own_tests_pass(name: str) -> None:
    model, catalog = compile_folder(CONFIGS[name])

    assert model.warnings == ()
    assert [run_test(model, catalog, CONFIGS[name], test) for test in model.tests] == [None] * len(model.tests)


def test_a_trade_that_no_pack_knows_is_described_in_less_than_150_lines() -> None:
    folder = CONFIGS["repair_shop"]
    model, _ = compile_folder(folder)
    own = [
        entity for entity in model.entities.values() if entity.name not in ("user", "team") and not entity.links_table
    ]

    assert len((folder / "app.yaml").read_text("utf-8").splitlines()) < 150
    assert [path.name for path in folder.iterdir() if not path.name.startswith(".")] == ["app.yaml"]
    assert len(own) >= 4
    assert sum(len([f for f in entity.fields.values() if not f.system]) for entity in own) >= 40
    assert len(model.pipelines) == 2
    assert len(model.roles) - 1 == 3


@pytest.fixture(params=sorted(CONFIGS))
def site(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[Site]:
    """Each config, applied to each kind of database."""
    model, catalog = compile_folder(CONFIGS[request.param])
    database = open_database(database_url)
    revision = apply(database, model, base=None, by=None)
    yield make_site(
        model, database=database, catalog=catalog, clock=SetClock(), folder=tmp_path, key=b"k" * 32,
        revision=revision.number,
    )  # fmt: skip
    database.close()


def test_every_page_opens_for_every_role_in_every_language(site: Site) -> None:
    made = {entity.name: _record(site, entity) for entity in _roots(site.model)}
    with TestClient(create_app(SiteHolder(site), Settings(hosts=("testserver.local",)))) as client:
        for role in site.model.roles:
            for locale in site.model.app.locales:
                login = f"{role}.{locale}"
                person = add_person(site, login, login, role)
                save(site, system(), Draft("user", {"locale": locale}, id=person))
                browser = Browser(client)
                browser.sign_in(login)
                _open_all(browser, site.model, made)
                client.cookies.clear()


def _open_all(browser: Browser, model: Model, made: dict[str, int | None]) -> None:
    paths = ["/", "/-/account"]
    for entity in _roots(model):
        paths += [f"/{entity.name}", f"/{entity.name}?deleted=1", f"/{entity.name}/new", f"/{entity.name}?q=a"]
        if made[entity.name] is not None:
            paths += [f"/{entity.name}/{made[entity.name]}", f"/{entity.name}/{made[entity.name]}/edit"]
    for path in paths:
        # What a role may not do is told as 403 or 404; nothing may fail.
        assert browser.open(path).status_code in (200, 403, 404), path


def _roots(model: Model) -> list[Entity]:
    return [entity for entity in model.entities.values() if entity.root]


def _record(site: Site, entity: Entity) -> int | None:
    """A record of samples, where no link or check of the config stands in the way."""
    values = {
        field.name: field.kind.to_json(field.kind.sample(1))
        for field in entity.fields.values()
        if field.writable and field.required and field.stored and field.kind.target() is None
    }
    try:
        return save(site, system(), Draft(entity.name, values)).id
    except InvalidRecord:
        return None
