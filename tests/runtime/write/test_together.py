"""Two at the same moment: a link and the deletion of what it links to, a save and a config that is being applied."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine.change import Draft, InvalidRecord, system
from engine.runtime.removal import delete
from engine.runtime.save import save_in
from engine.runtime.session import Session
from engine.runtime.transaction import StaleSite, in_transaction
from engine.store.apply import apply
from tests.crm import Crm, compile_text

LIBRARY = """
app: {name: Library, locale: en, locales: [en], timezone: UTC, currency: EUR}
entities:
  shelf:
    title: "{name}"
    fields: {name: {type: text, unique: true}, planks: {type: lines, of: plank}}
  plank:
    owned_by: shelf.planks
    fields: {width: {type: integer}}
  book:
    title: "{name}"
    fields: {name: {type: text}, shelf: {type: link, to: shelf}, plank: {type: link, to: plank}}
"""


@pytest.fixture
def library(database_url: str) -> Iterator[Crm]:
    """The library on a database that several may use at once."""
    with Crm.load(LIBRARY, database_url) as crm:
        yield crm


@pytest.mark.parametrize("linked", ["shelf", "plank"])
def test_nothing_links_to_what_was_deleted_at_the_same_moment(library: Crm, linked: str) -> None:
    shelf = library.create("shelf", planks=[{"width": 90}])
    [plank] = library.get("shelf", shelf).lines["planks"]
    saved, go_on = threading.Event(), threading.Event()

    def put_up() -> None:
        def work(session: Session) -> None:
            save_in(session, Draft("book", {linked: shelf if linked == "shelf" else plank.id}))
            saved.set()
            go_on.wait(10)

        in_transaction(library.site, system(), work)

    with ThreadPoolExecutor(2) as people:
        putting = people.submit(put_up)
        assert saved.wait(10)
        deleting = people.submit(delete, library.site, system(), "shelf", shelf, 1)
        threading.Event().wait(0.3)
        go_on.set()
        putting.result(10)
        with pytest.raises(InvalidRecord) as used:
            deleting.result(10)

    assert [error.code for error in used.value.errors] == ["in_use"]


def test_of_two_who_take_a_name_at_the_same_moment_the_second_is_told_which_field(library: Crm) -> None:
    saved, go_on = threading.Event(), threading.Event()

    def first() -> None:
        def work(session: Session) -> None:
            save_in(session, Draft("shelf", {"name": "North"}))
            saved.set()
            go_on.wait(10)

        in_transaction(library.site, system(), work)

    with ThreadPoolExecutor(2) as people:
        making = people.submit(first)
        assert saved.wait(10)
        late = people.submit(library.create, "shelf", name="NORTH")
        threading.Event().wait(0.3)
        go_on.set()
        making.result(10)
        with pytest.raises(InvalidRecord) as refused:
            late.result(10)

    assert [(error.field, error.code) for error in refused.value.errors] == [("name", "not_unique")]
    assert library.titles("shelf") == ["North"]


def test_a_save_and_a_config_take_turns(library: Crm) -> None:
    more = LIBRARY.replace("{name: {type: text}, shelf", "{name: {type: text}, pages: {type: integer}, shelf")
    begun, go_on = threading.Event(), threading.Event()

    def put_up() -> None:
        def work(session: Session) -> None:
            begun.set()
            go_on.wait(10)
            save_in(session, Draft("book", {"name": "Atlas"}))

        in_transaction(library.site, system(), work)

    with ThreadPoolExecutor(2) as people:
        putting = people.submit(put_up)
        assert begun.wait(10)
        applying = people.submit(apply, library.site.database, compile_text(more), base=1, by=None)
        threading.Event().wait(0.3)
        assert not applying.done()
        go_on.set()
        putting.result(10)
        assert applying.result(30).number == 2

    with pytest.raises(StaleSite):
        library.create("book")
