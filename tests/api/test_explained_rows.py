"""A rollup is explained by the rows that went in: those that the asker may read, the rest counted or not told of."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from litestar.testing import TestClient

from engine.runtime.site import SiteHolder
from tests.api.conftest import Firm, Program
from tests.crm import Crm
from tests.web.conftest import Browser, add_person
from web.app import create_app

FIRM = """
app: {name: Firm, locale: en, locales: [en, zh-CN], timezone: UTC, currency: EUR}
terms:
  customer: {en: {one: Customer, other: Customers}, zh-CN: 客户}
  deal: {en: {one: Deal, other: Deals}, zh-CN: 商机}
entities:
  customer:
    title: "{name}"
    fields:
      name:   {type: text, label: Name}
      deals:  {type: backlink, of: deal.customer}
      won:    {type: rollup, label: Won, of: deals, sum: amount, where: "state == 'won'", declassify: true}
      number: {type: rollup, label: Number, of: deals, count: true, declassify: true}
      margin: {type: rollup, label: Margin, of: deals, sum: margin, declassify: true}
      secret: {type: rollup, label: Secret, of: deals, sum: amount, where: margin > 10, declassify: true}
      worth:  {type: rollup, label: Worth, of: deals, sum: amount * 2, declassify: true}
      pieces: {type: rollup, label: Pieces, of: deals.items, sum: pieces, declassify: true}
      last:   {type: rollup, label: Last, of: deals, max: closes, declassify: true}
  deal:
    title: "{name}"
    fields:
      name:     {type: text, label: Name}
      customer: {type: link, to: customer}
      owner:    {type: user, label: Owner}
      amount:   {type: money, label: Amount}
      margin:   {type: money, label: Margin}
      closes:   {type: date, label: Closes}
      state:    {type: choice, label: State, choices: {open: Open, won: Won}, default: open}
      items:    {type: lines, of: item}
      total:    {type: rollup, label: Total, of: items, sum: pieces}
  item:
    owned_by: deal.items
    title: "{what}"
    fields:
      what:   {type: text, label: What}
      pieces: {type: integer, label: Pieces}
roles:
  boss: {grants: {customer: {read: true}, deal: {read: true}}}
  rep:  {grants: {customer: {read: true}, deal: {read: owner == me, fields: {margin: {read: false}}}}}
"""


@pytest.fixture
def crm(database_url: str) -> Iterator[Crm]:
    """The firm with one customer."""
    with Crm.load(FIRM, database_url) as crm:
        crm.create("customer", name="Ada")
        yield crm


@pytest.fixture
def firm(crm: Crm) -> Iterator[Firm]:
    """The same, served."""
    with TestClient(create_app(SiteHolder(crm.site)), base_url="http://127.0.0.1") as client:
        yield Firm(crm.site, client)


def deal(crm: Crm, name: str, amount: int | None, **more: Any) -> int:
    """A won deal of the customer."""
    return crm.create("deal", **{"name": name, "customer": 1, "amount": amount, "state": "won", **more})


def went_in(program: Program, path: str) -> tuple[list[tuple[str, Any]], int]:
    """Titles and values of the rows, and how many more."""
    answer = program.get(path)
    assert answer.status_code == 200, answer.text
    return [(row["title"], row["value"]) for row in answer.json()["went_in"]], answer.json()["further"]


def test_the_rows_that_went_in_are_shown_with_their_values(crm: Crm, firm: Firm) -> None:
    boss = firm.program("Bea", "boss")
    deal(crm, "Clock", 100, closes="2026-03-01")
    deal(crm, "Watch", 50, closes="2026-04-01")
    deal(crm, "Bell", 900, state="open")
    deal(crm, "Gift", None)

    assert went_in(boss, "/customer/1/explain/won") == ([("Clock", "100.00"), ("Watch", "50.00")], 0)
    assert went_in(boss, "/customer/1/explain/last") == ([("Clock", "2026-03-01"), ("Watch", "2026-04-01")], 0)
    assert went_in(boss, "/customer/1/explain/number")[0] == [
        ("Clock", None), ("Watch", None), ("Bell", None), ("Gift", None),
    ]  # fmt: skip
    assert [float(value) for _, value in went_in(boss, "/customer/1/explain/worth")[0]] == [200, 100, 1800]


def test_lines_go_in_too(crm: Crm, firm: Firm) -> None:
    boss = firm.program("Bea", "boss")
    lines = [{"what": "case", "pieces": 2}, {"what": "glass", "pieces": 3}]
    clock = deal(crm, "Clock", 100, items=lines)
    deal(crm, "Watch", 50, items=[{"what": "strap", "pieces": 4}])
    assert went_in(boss, f"/deal/{clock}/explain/total") == ([("case", 2), ("glass", 3)], 0)
    assert went_in(boss, "/customer/1/explain/pieces") == ([("case", 2), ("glass", 3), ("strap", 4)], 0)


def test_past_twenty_the_rest_is_counted(crm: Crm, firm: Firm) -> None:
    boss = firm.program("Bea", "boss")
    for number in range(23):
        deal(crm, f"Deal {number}", 1)
    rows, further = went_in(boss, "/customer/1/explain/won")
    assert (len(rows), rows[0][0], further) == (20, "Deal 0", 3)


def test_a_rep_sees_the_own_rows_and_is_not_told_of_others(crm: Crm, firm: Firm) -> None:
    rep = firm.program("Rob", "rep")
    deal(crm, "Mine", 10, owner=rep.user)
    deal(crm, "Hidden", 7000)
    assert went_in(rep, "/customer/1/explain/won") == ([("Mine", "10.00")], 0)
    answer = rep.get("/customer/1/explain/won")
    assert answer.json()["rows"] is None and "Hidden" not in answer.text
    assert went_in(rep, "/customer/1/explain/number") == ([("Mine", None)], 1), (
        "the figure itself says that there are two"
    )


def test_rows_do_not_tell_what_a_hidden_field_decides(crm: Crm, firm: Firm) -> None:
    rep = firm.program("Rob", "rep")
    deal(crm, "Mine", 10, owner=rep.user, margin=50)
    for name in ("secret", "margin"):
        assert went_in(rep, f"/customer/1/explain/{name}") == ([], 0), name


def test_rows_that_no_longer_come_to_the_figure_are_not_shown(crm: Crm, firm: Firm) -> None:
    boss = firm.program("Bea", "boss")
    clock = deal(crm, "Clock", 100)
    table = crm.site.tables.entities["deal"]
    with crm.site.database.writing() as connection:  # past the engine, as a repair of the database would
        connection.execute(sa.update(table).where(table.c.id == clock).values(amount=Decimal("70.00")))
    assert went_in(boss, "/customer/1/explain/won") == ([], 0)
    crm.update("deal", clock, amount=80)
    assert went_in(boss, "/customer/1/explain/won") == ([("Clock", "80.00")], 0)
    crm.delete("deal", clock)
    assert went_in(boss, "/customer/1/explain/won") == ([], 0)


def test_the_page_lists_them_in_both_languages(crm: Crm, firm: Firm) -> None:
    person = add_person(crm.site, "Bea", "bea", "boss")
    for number in range(22):
        deal(crm, f"Deal {number}", 5)
    browser = Browser(firm.client)
    browser.sign_in("bea")
    browser.open("/customer/1/explain/won")
    assert person and "What went in" in browser.text and "And 2 more." in browser.text
    assert 'href="/deal/1"' in browser.page.text and "€5.00" in browser.text
    browser.open("/-/account")
    browser.send("/-/account/preferences", {"locale": "zh-CN"})
    browser.open("/customer/1/explain/won")
    assert "计入的记录" in browser.text and "另有 2 条。" in browser.text
