"""Lists: filters as people write them, order, pages, counts, and questions that make no sense."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from engine.change import Actor, InvalidQuery
from engine.limits import COUNT_MAX, PAGE_SIZE_MAX
from engine.runtime.listing import ListQuery
from engine.store import records
from tests.crm import Crm
from tests.runtime.read.conftest import Firm

SHOP = """
app: {name: Shop, locale: en, locales: [en], timezone: Asia/Shanghai, currency: CNY}
entities:
  item:
    label: Item
    title: "{name}"
    fields:
      name:  {type: text, required: true, search: true}
      size:  {type: choice, choices: {small: Small, big: Big, huge: Huge}}
      price: {type: money}
      count: {type: integer}
      made:  {type: date}
      tags:  {type: tags}
      maker: {type: link, to: maker}
      good:  {type: boolean}
      note:  {type: long_text}
    list: {columns: [name, price], sort: [name]}
  maker:
    label: Maker
    title: "{name}"
    fields:
      name: {type: text, required: true}
roles:
  clerk:
    label: Clerk
    grants:
      item: {read: true}
      maker: {read: true}
"""


@pytest.fixture
def shop(database_url: str) -> Iterator[Crm]:
    with Crm.load(SHOP, database_url) as crm:
        zeta, alfa = crm.create("maker", name="Zeta"), crm.create("maker", name="Alfa")
        crm.create("item", name="Anvil", size="huge", price="90", count=1, made="2026-01-01", maker=zeta, good=True)
        crm.create("item", name="brush", size="small", price="5.50", count=12, tags=["art", "hair"], maker=alfa)
        crm.create("item", name="Card", size="big", made="2026-03-01", tags=["art"], good=False, note="Thick card")
        crm.create("item", name="Éclair", price="5.50", count=-3)
        yield crm


def names(crm: Crm, query: str) -> list[str]:
    return [row[2] for row in crm.url("item", f"fields=name&{query}").rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("f.size=big", ["Card"]),
        ("f.size=", ["Anvil", "Card", "brush", "Éclair"]),
        ("f.size.is_not=big", ["Anvil", "brush", "Éclair"]),
        ("f.size.among=big,huge", ["Anvil", "Card"]),
        ("f.size.empty=", ["Éclair"]),
        ("f.size.not_empty=", ["Anvil", "Card", "brush"]),
        ("f.price=5.5", ["brush", "Éclair"]),
        ("f.price.at_least=5.50&f.price.less=90", ["brush", "Éclair"]),
        ("f.price.more=5.5", ["Anvil"]),
        ("f.price.at_most=5.5", ["brush", "Éclair"]),
        ("f.price.between=6..100", ["Anvil"]),
        ("f.price.between=..6", ["brush", "Éclair"]),
        ("f.count.less=0", ["Éclair"]),
        ("f.made.between=2026-01-01..2026-02-01", ["Anvil"]),
        ("f.tags.has=art", ["Card", "brush"]),
        ("f.tags.has_not=hair", ["Anvil", "Card", "Éclair"]),
        ("f.good=true", ["Anvil"]),
        ("f.good=false", ["Card"]),
        ("f.maker=2", ["brush"]),
        ("f.name.contains=C", ["Card", "Éclair"]),
        ("f.name.starts_with=b", ["brush"]),
        ("f.name.contains=éCL", ["Éclair"]),
        ("f.note.contains=CARD", ["Card"]),
        ("where=price > 5 and size is None", ["Éclair"]),
        ("where=maker.name == 'Alfa'", ["brush"]),
        ("where='art' in tags", ["Card", "brush"]),
        ("q=card", ["Card"]),
        ("q=%25", []),
    ],
)
def test_filters(shop: Crm, query: str, expected: list[str]) -> None:
    assert names(shop, query.replace("%25", "%")) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["Anvil", "Card", "brush", "Éclair"]),
        ("-name", ["Éclair", "brush", "Card", "Anvil"]),
        ("price", ["brush", "Éclair", "Anvil", "Card"]),
        ("-price", ["Anvil", "Éclair", "brush", "Card"]),
        ("-price,name", ["Anvil", "brush", "Éclair", "Card"]),
        ("size", ["brush", "Card", "Anvil", "Éclair"]),
        ("maker", ["brush", "Anvil", "Card", "Éclair"]),
        ("-maker", ["Anvil", "brush", "Éclair", "Card"]),
        ("made", ["Anvil", "Card", "brush", "Éclair"]),
        ("id", ["Anvil", "brush", "Card", "Éclair"]),
        ("-id", ["Éclair", "Card", "brush", "Anvil"]),
    ],
)
def test_order_is_the_same_on_both_databases_with_empty_values_last(shop: Crm, sort: str, expected: list[str]) -> None:
    assert names(shop, f"sort={sort}") == expected
    walked: list[str] = []
    after = None
    while True:
        page = shop.page("item", fields=("name",), sort=tuple(sort.split(",")), size=1, after=after)
        walked += [row[2] for row in page.rows]
        after = page.next
        if after is None:
            break
    assert walked == expected
    assert [names(shop, f"sort={sort}&size=1&page={number}")[0] for number in (1, 2, 3, 4)] == expected


@pytest.mark.parametrize(
    "query",
    [
        "sort=name;drop table item", "sort=(select 1)", "fields=name as x", "f.name'.contains=x", "f.price=abc",
        "f.price.at_least=1e99999", "f.size=tiny", "f.name.less=3", "f.=1", "f.made=yesterday", "page=x", "size=1.5",
        "total=all", "nonsense=1", "where=1", "where=name ==", "where=name", "where=__import__('os')",
        "where=name.upper()", "where=find(forme_session.digest) is None", "where=me == 1", "sort=tags",
        "after=abc", "after=AAAAAAAAAAAAAAAAAAAAAAAA", "fields=", "f.name.__class__=x", "f.maker=x", "f.tags=art",
        "sort=name,name,name,name,name,name",
    ],
)  # fmt: skip
def test_questions_that_make_no_sense_are_refused_in_words(shop: Crm, query: str) -> None:
    if query == "fields=":
        assert shop.url("item", query).columns == ()
        return
    with pytest.raises(InvalidQuery) as refused:
        shop.url("item", query)
    assert refused.value.message


def test_sizes_and_pages_are_clamped(shop: Crm) -> None:
    assert shop.url("item", "size=1000000000").size == PAGE_SIZE_MAX
    assert shop.url("item", "size=-1").size == 1
    assert shop.url("item", "page=-5").page == 1
    assert shop.url("item", "page=999999999999").rows == ()
    with pytest.raises(InvalidQuery):
        shop.url("item", "&".join(f"f.name=a{n}" for n in range(60)))
    with pytest.raises(InvalidQuery):
        shop.url("item", "f.size.among=" + ",".join(["big"] * 10_000))


def test_a_cursor_is_good_for_its_own_question_and_person_only(firm: Firm) -> None:
    for number in range(3):
        firm.crm.create("deal", name=f"D{number}", owner=firm.ann.user)
    cursor = firm.crm.page("deal", firm.ann, size=1).next
    assert cursor is not None
    assert firm.crm.page("deal", firm.ann, size=2, after=cursor).rows
    others: list[tuple[Actor, dict[str, Any]]] = [
        (firm.mia, {}),
        (firm.ann, {"sort": ("name",)}),
        (firm.ann, {"where": "stage == 'open'"}),
        (firm.ann, {"q": "D"}),
    ]
    for actor, other in others:
        with pytest.raises(InvalidQuery):
            firm.crm.page("deal", actor, after=cursor, **other)
    with pytest.raises(InvalidQuery):
        firm.crm.page("deal", firm.ann, after=cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB"))


def test_what_is_inserted_meanwhile_never_doubles_or_loses_a_row(shop: Crm) -> None:
    first = shop.page("item", fields=("name",), sort=("name",), size=2)
    shop.create("item", name="Aardvark")
    second = shop.page("item", fields=("name",), sort=("name",), size=2, after=first.next)
    assert [row[2] for row in (*first.rows, *second.rows)] == ["Anvil", "Card", "brush", "Éclair"]


def test_counts_are_exact_up_to_a_thousand_and_told_as_at_least_beyond(shop: Crm) -> None:
    with shop.site.database.writing() as connection:
        now = shop.clock.now()
        row = {"version": 1, "created_at": now, "updated_at": now, "good": True}
        many = [row | {"id": 100 + n, "name": f"N{n}", "count": n} for n in range(COUNT_MAX)]
        records.insert(connection, shop.site.tables, "item", many)
    page = shop.page("item", size=50)
    assert (page.total, page.total_is) == (COUNT_MAX, "at_least")
    page = shop.page("item", size=50, total="exact")
    assert (page.total, page.total_is) == (COUNT_MAX + 4, "exact")
    page = shop.page("item", size=50, total="no")
    assert (page.total, page.total_is) == (None, "unknown")
    page = shop.url("item", "f.count.less=999")
    assert (page.total, page.total_is) == (COUNT_MAX, "at_least")
    assert shop.url("item", "f.count.less=500&page=3").total == 503


def test_the_same_question_is_prepared_once(shop: Crm) -> None:
    shop.url("item", "f.price.at_least=1&sort=-price")
    kept = len(shop.site.kept)
    for price in range(20):
        shop.url("item", f"f.price.at_least={price}&sort=-price&page={price + 1}")
    assert len(shop.site.kept) == kept


def test_a_long_filter_does_not_take_long(shop: Crm) -> None:
    begun = time.perf_counter()
    with pytest.raises(InvalidQuery):
        shop.page("item", where=" or ".join(["price > 1"] * 5_000))
    assert time.perf_counter() - begun < 1


def test_a_question_is_read_from_a_url() -> None:
    pairs = [("f.stage", "won"), ("f.amount.at_least", "100"), ("sort", "-amount,name"), ("page", "2"), ("q", " x ")]
    query = ListQuery.from_url("deal", pairs)
    assert [(f.field, f.operator, f.raw) for f in query.filters] == [
        ("stage", "is", ("won",)), ("amount", "at_least", ("100",)),
    ]  # fmt: skip
    assert (query.sort, query.page, query.q) == (("-amount", "name"), 2, "x")
