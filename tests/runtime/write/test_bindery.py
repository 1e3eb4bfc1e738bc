"""A bindery: unique values among lines, rows kept for combinations, what `old` means, and figures that stand still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from engine.change import InvalidRecord, system
from engine.runtime.copying import copy
from tests.crm import Crm

BINDERY = """
app: {name: Bindery, locale: en, locales: [en], timezone: UTC, currency: EUR}
entities:
  rate:
    title: "{name}"
    fields: {name: {type: text}, price: {type: integer}}
  tag:
    title: "{name}"
    fields: {name: {type: text}}
  near:
    title: "{k}"
    fields: {k: {type: integer}, y: {type: integer}}
  far:
    title: "{k}"
    fields: {k: {type: integer}, z: {type: integer}}
  book:
    title: "{name}"
    frozen_when: sent
    copy: {set: {name: "{old.name} again"}}
    fields:
      name:   {type: text}
      sent:   {type: boolean}
      locked: {type: boolean}
      note:   {type: text, readonly_when: locked}
      weight: {type: integer}
      pin:    {type: secret, default: "1234"}
      tags:   {type: links, to: tag}
      rate:   {type: link, to: rate}
      net:    {type: integer, expr: rate.price, override: true}
      gross:  {type: integer, expr: net * 2}
      parts:  {type: lines, of: part}
      copies: {type: lines, of: copies}
      prices: {type: lines, of: price}
      total:  {type: rollup, of: prices, sum: amount}
      stage:  {type: stage, pipelines: {large: total > 10, small: total <= 10}}
      due:    {type: datetime, expr: stage_since + days(3)}
      third:  {type: decimal, scale: 2, expr: "weight / 3 if today() is not None else 0"}
      huge:   {type: integer, expr: weight * weight * weight}
      k:      {type: integer}
      found:  {type: integer, expr: "find(near.y, where=y == find(far.z, where=k == outer.k))"}
      since:  {type: date}
      age:    {type: duration, expr: today() - since, required_when: since is not None or weight == 7}
    checks:
      lighter: {refuse_when: weight < old.weight, message: Books only grow.}
      exact:   {refuse_when: third == 3.33, message: Not ten thirds.}
  part:
    owned_by: book.parts
    unique: [[book, code]]
    fields:
      code:  {type: text}
      serial: {type: text, unique: true}
      sheets: {type: integer}
    checks:
      fewer: {refuse_when: sheets < old.sheets, message: Sheets only grow.}
  copies:
    owned_by: book.copies
    fields: {number: {type: integer}}
  price:
    owned_by: book.prices
    each: {part: parts, copies: copies}
    fields:
      part:   {type: link, to: part}
      copies: {type: link, to: copies}
      number: {type: number, pattern: "P{seq:2}"}
      amount: {type: integer, expr: part.sheets * copies.number, override: true}
      remark: {type: text}
pipelines:
  large: {stages: {planned: {label: Planned}, bound: {label: Bound}}}
  small: {stages: {noted: {label: Noted}, bound: {label: Bound}}}
"""


@pytest.fixture
def bindery(database_url: str) -> Iterator[Crm]:
    """The bindery on a fresh database."""
    with Crm.load(BINDERY, database_url) as crm:
        yield crm


def test_lines_take_over_and_exchange_unique_values(bindery: Crm) -> None:
    book = bindery.create("book", parts=[{"serial": "A", "code": "x"}, {"serial": "B", "code": "y"}])
    first, second = (line.id for line in bindery.get("book", book).lines["parts"])

    bindery.update("book", book, parts=[{"id": first, "serial": "B"}, {"id": second, "serial": "A"}])
    bindery.update("book", book, parts=[{"id": first, "serial": "C"}, {"serial": "b"}])
    bindery.update("book", book, parts=[{"serial": "C"}, {"serial": "Ｂ"}])
    bindery.create("book", parts=[{"code": "x"}])

    assert [line.values["serial"] for line in bindery.get("book", book).lines["parts"]] == ["C", "Ｂ"]
    with pytest.raises(InvalidRecord) as twins:
        bindery.create("book", parts=[{"serial": "D", "code": "x"}, {"serial": "d", "code": "X"}])
    assert {(error.field, error.code) for error in twins.value.errors} == {
        ("parts.1.serial", "not_unique"), ("parts.1.code", "not_unique"),
    }  # fmt: skip
    with pytest.raises(InvalidRecord):
        bindery.create("book", parts=[{"serial": "c"}])


def test_rows_of_combinations_are_there_before_stages_and_numbers(bindery: Crm) -> None:
    book = bindery.create("book", parts=[{"sheets": 5}], copies=[{"number": 7}])

    made = bindery.get("book", book)
    assert (made.values["total"], made.values["stage"]) == (35, "planned")
    [row] = made.lines["prices"]
    assert row.values["number"] == "P01"
    for nonsense in ("²", "9" * 5_000, 1.5, -1, True):
        with pytest.raises(InvalidRecord) as refused:
            bindery.update("book", book, prices=[{"id": nonsense}])
        assert "no_such_combination" in {error.code for error in refused.value.errors}


def test_a_copy_keeps_what_was_entered_beside_combinations(bindery: Crm) -> None:
    book = bindery.create("book", name="Atlas", parts=[{"sheets": 5}, {"sheets": 6}], copies=[{"number": 7}])
    first, second = bindery.get("book", book).lines["prices"]
    bindery.update("book", book, prices=[{"id": first.id, "remark": "gilt", "amount": 9}, {"id": second.id}])

    again = bindery.get("book", copy(bindery.site, system(), "book", book).id)

    assert [(row.values["remark"], row.values["amount"]) for row in again.lines["prices"]] == [("gilt", 9), (None, 42)]
    assert {row.values["part"].id for row in again.lines["prices"]} == {part.id for part in again.lines["parts"]}
    assert (again.values["name"], again.values["total"]) == ("Atlas again", 51)


def test_figures_typed_over_stand_still_with_the_others(bindery: Crm) -> None:
    rate = bindery.create("rate", price=1)
    book = bindery.create("book", rate=rate, net=50)
    bindery.update("book", book, sent=True)
    bindery.update("rate", rate, price=3)

    for net in (70, None):
        with pytest.raises(InvalidRecord) as refused:
            bindery.update("book", book, net=net)
        assert [(error.field, error.code) for error in refused.value.errors] == [("net", "frozen")]
    bindery.update("book", book, name="Still open to this")

    assert [bindery.get("book", book).values[name] for name in ("net", "gross")] == [50, 100]


def test_old_is_the_record_before_the_change(bindery: Crm) -> None:
    book = bindery.create("book", weight=5, parts=[{"sheets": 5}])
    [part] = bindery.get("book", book).lines["parts"]

    bindery.update("book", book, weight=6, parts=[{"id": part.id, "sheets": 6}, {"sheets": 1}])
    with pytest.raises(InvalidRecord) as lighter:
        bindery.update("book", book, weight=5)
    with pytest.raises(InvalidRecord) as fewer:
        bindery.update("book", book, parts=[{"id": part.id, "sheets": 5}])
    copied = copy(bindery.site, system(), "book", book).id

    assert [error.check for error in (*lighter.value.errors, *fewer.value.errors)] == ["lighter", "fewer"]
    assert bindery.get("book", copied).values["weight"] == 6


def test_what_is_read_only_is_not_emptied_either(bindery: Crm) -> None:
    book = bindery.create("book", note="Keep")
    bindery.update("book", book, locked=True)

    with pytest.raises(InvalidRecord) as refused:
        bindery.update("book", book, note=None)

    assert [(error.field, error.code) for error in refused.value.errors] == [("note", "read_only")]


def test_figures_follow_the_stage_round_alike_and_name_themselves(bindery: Crm) -> None:
    book = bindery.create("book", name="Atlas")
    bindery.clock.advance(timedelta(days=10))
    bindery.update("book", book, stage="bound")
    made = bindery.get("book", book).values
    assert made["due"] == made["stage_since"] + timedelta(days=3)

    for entered, field, code in (
        ({"weight": 10}, "third", "check"),
        ({"weight": 9_000_000_000}, "huge", "too_large"),
        ({"weight": 7}, "age", "computed_empty"),
    ):
        with pytest.raises(InvalidRecord) as refused:
            bindery.create("book", **entered)
        assert [(error.field, error.code) for error in refused.value.errors] == [(field, code)]


def test_a_record_is_found_by_what_another_search_finds(bindery: Crm) -> None:
    bindery.create("near", k=1, y=10)
    bindery.create("far", k=1, z=10)
    bindery.create("far", k=2, z=99)

    assert bindery.get("book", bindery.create("book", k=2)).values["found"] == 10


def test_a_record_is_linked_once_however_often_it_is_named(bindery: Crm) -> None:
    tag = bindery.create("tag", name="Rare")
    book = bindery.create("book", tags=[tag, {"id": tag}])
    bindery.update("book", book, tags=[tag, tag])
    assert len(bindery.get("book", book).lines["tags"]) == 1

    bindery.update("book", book, tags=[])
    assert not bindery.get("book", book).lines["tags"]


def test_a_default_secret_is_encrypted(bindery: Crm) -> None:
    bindery.create("book")

    with bindery.site.database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT pin FROM book").scalar_one()
    assert b"1234" not in bytes(kept)
