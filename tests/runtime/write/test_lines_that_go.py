"""A line that a save takes away, and what other records link to: emptied, gone along, or in the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.change import Forbidden, InvalidRecord, system
from engine.runtime.removal import restore
from tests.crm import Crm

SHELVES = """
app: {name: Library, locale: en, locales: [en], timezone: UTC, currency: EUR}
entities:
  shelf:
    title: "{name}"
    frozen_when: done
    fields:
      name: {type: text}
      done: {type: boolean}
      best: {type: link, to: plank, on_delete: clear}
      planks: {type: lines, of: plank}
      books: {type: rollup, of: planks, sum: held}
  plank:
    owned_by: shelf.planks
    title: "{mark}"
    fields:
      mark: {type: text}
      lying: {type: backlink, of: book.plank}
      held: {type: rollup, of: lying, count: true, declassify: true}
  book: {title: "{name}", fields: {name: {type: text}, plank: {type: link, to: plank, on_delete: clear}}}
  sticker: {title: "{name}", fields: {name: {type: text}, plank: {type: link, to: plank, on_delete: cascade}}}
  loan: {title: "{name}", fields: {name: {type: text}, sticker: {type: link, to: sticker}}}
  crate:
    title: "{name}"
    fields: {name: {type: text}, places: {type: lines, of: place}, count: {type: rollup, of: places, count: true}}
  place: {owned_by: crate.places, fields: {plank: {type: link, to: plank, on_delete: cascade}}}
roles:
  reader: {grants: {shelf: {read: true}, sticker: {read: true, restore: true}}}
  keeper: {grants: {shelf: {read: true, update: true}}}
  painter: {grants: {shelf: {read: true, update: true, fields: {planks: {update: false}}}}}
"""


@pytest.fixture
def library(database_url: str) -> Iterator[Crm]:
    with Crm.load(SHELVES, database_url) as crm:
        yield crm


@pytest.fixture
def shelf(library: Crm) -> int:
    """A shelf with two planks, of which the second is the best."""
    made = library.create("shelf", name="North", planks=[{"mark": "upper"}, {"mark": "lower"}])
    library.update("shelf", made, best=planks(library, made)["lower"])
    return made


def planks(library: Crm, shelf: int) -> dict[str, int]:
    return {line.values["mark"]: line.id for line in library.get("shelf", shelf).lines["planks"]}


def keep(library: Crm, shelf: int, *marks: str) -> None:
    """Save the shelf with these planks only."""
    known = planks(library, shelf)
    library.update("shelf", shelf, planks=[{"id": known[mark]} for mark in marks])


def test_links_of_other_records_are_emptied(library: Crm, shelf: int) -> None:
    book = library.create("book", name="Atlas", plank=planks(library, shelf)["lower"])
    other = library.create("book", name="Bible", plank=planks(library, shelf)["upper"])

    keep(library, shelf, "upper")

    assert library.get("book", book).values["plank"] is None
    assert library.get("book", book).version == 2
    assert library.get("book", other).values["plank"] is not None
    assert library.get("shelf", shelf).values["best"] is None
    assert library.get("shelf", shelf).values["books"] == 1


def test_records_that_hang_on_the_line_go_along_and_bring_it_back(library: Crm, shelf: int) -> None:
    known = planks(library, shelf)
    sticker = library.create("sticker", name="Fragile", plank=known["lower"])
    crate = library.create("crate", name="Oak", places=[{"plank": known["lower"]}, {"plank": known["upper"]}])

    keep(library, shelf, "upper")
    without = library.get("crate", crate).values["count"]
    assert not library.sees("sticker", sticker, system())
    restore(library.site, system(), "sticker", sticker)

    assert without == 1
    assert library.get("crate", crate).values["count"] == 2
    assert planks(library, shelf) == known
    assert library.get("sticker", sticker).values["plank"].id == known["lower"]


def test_bringing_a_line_back_changes_its_record_which_one_must_be_allowed_to(library: Crm, shelf: int) -> None:
    sticker = library.create("sticker", name="Fragile", plank=planks(library, shelf)["lower"])
    keep(library, shelf, "upper")
    reader, keeper = library.sign_in("Ada", "reader"), library.sign_in("Bob", "reader", "keeper")
    painter = library.sign_in("Cy", "reader", "painter")

    for nobody in (reader, painter):
        with pytest.raises(Forbidden, match="change"):
            restore(library.site, nobody, "sticker", sticker)
    restore(library.site, keeper, "sticker", sticker)

    assert set(planks(library, shelf)) == {"upper", "lower"}


def test_a_line_does_not_come_back_to_a_record_that_stands_still(library: Crm, shelf: int) -> None:
    sticker = library.create("sticker", name="Fragile", plank=planks(library, shelf)["lower"])
    keep(library, shelf, "upper")
    library.update("shelf", shelf, done=True)

    with pytest.raises(InvalidRecord) as refused:
        restore(library.site, system(), "sticker", sticker)

    assert [error.code for error in refused.value.errors] == ["restore_frozen"]
    assert set(planks(library, shelf)) == {"upper"}


def test_what_stands_in_the_way_of_those_keeps_the_line(library: Crm, shelf: int) -> None:
    sticker = library.create("sticker", name="Fragile", plank=planks(library, shelf)["lower"])
    library.create("loan", name="Ada", sticker=sticker)

    with pytest.raises(InvalidRecord) as refused:
        keep(library, shelf, "upper")

    assert [error.code for error in refused.value.errors] == ["in_use"]
    assert set(planks(library, shelf)) == {"upper", "lower"}
    assert library.sees("sticker", sticker, system())
