"""Who may bring records in from a file, and which: the grant `import` is asked besides those of every save."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engine.change import Actor, Forbidden, NotFound, system
from engine.runtime.sheets import BadSheet, Row, Sheet, read_sheet
from engine.runtime.transfer import CHUNK, Stopped, Summary, import_rows
from engine.store.apply import apply
from tests.crm import Crm, compile_text

FIRM = """
app: {name: Friendly Printers, locale: en, locales: [en, zh-CN], timezone: Asia/Shanghai, currency: CNY}
terms:
  customer: {zh-CN: 客户, en: {one: Customer, other: Customers}}
  visit:    {zh-CN: 拜访, en: {one: Visit, other: Visits}}
entities:
  customer:
    title: "{name}"
    fields:
      name:   {type: text, label: Name, required: true, unique: true}
      city:   {type: text, label: City}
      owner:  {type: user, label: Owner, default: =me}
      credit: {type: integer, label: Credit}
      number: {type: number, label: Number, pattern: "C-{seq:3}"}
      group:  {type: link, to: customer, label: Group}
      visits: {type: lines, of: visit, label: Visits}
    checks:
      far_away: {refuse_when: city == 'Atlantis', message: Nobody lives there.}
  visit:
    owned_by: customer.visits
    fields:
      what: {type: text, label: What}
roles:
  sales:
    label: Sales
    grants:
      customer: {read: owner == me, create: true, update: {before: owner == me, after: true}}
  office:
    label: Office
    grants:
      customer:
        read: true
        create: true
        update: true
        import: city != 'Beijing'
        fields: {credit: {read: false}}
  traveller:
    label: Traveller
    grants:
      customer: {read: owner == me, create: true, update: owner == me, import: city != 'Beijing'}
  clerk:
    label: Clerk
    grants:
      customer: {read: true, import: true}
"""


@pytest.fixture
def firm(database_url: str) -> Iterator[Crm]:
    with Crm.load(FIRM, database_url) as crm:
        yield crm


def sheet(*headings: str, rows: tuple[tuple[str, ...], ...]) -> Sheet:
    """A sheet as it is read from a file."""
    return Sheet(headings, [Row(number, cells) for number, cells in enumerate(rows, 2)])


def names(*rows: str) -> Sheet:
    """A sheet of names and cities: `Globe Press/Shanghai`."""
    return sheet("name", "city", rows=tuple(tuple(row.split("/")) for row in rows))


def counts(summary: Summary) -> Mapping[str, int]:
    """What became of the rows, as far as anything did."""
    told = {word: getattr(summary, word) for word in ("created", "updated", "skipped", "failed")}
    return {word: count for word, count in told.items() if count}


def bring(crm: Crm, actor: Actor, rows: Sheet, key: str | None = None) -> Summary:
    return import_rows(crm.site, actor, "customer", rows, key=key)


def test_who_may_only_make_customers_one_by_one_may_not_import_them(firm: Crm) -> None:
    sales = firm.sign_in("Li", "sales")
    firm.create("customer", sales, name="Blue Heron Press")

    with pytest.raises(Forbidden, match="You may not import Customer"):
        bring(firm, sales, names("Globe Press/Shanghai"))

    assert firm.titles("customer") == ["Blue Heron Press"]


def test_who_knows_of_no_customers_is_told_of_none(firm: Crm) -> None:
    with pytest.raises(NotFound):
        bring(firm, firm.sign_in("Guest"), names("Globe Press/Shanghai"))
    with pytest.raises(NotFound):
        import_rows(firm.site, system(), "customr", names("Globe Press/Shanghai"))


def test_the_right_to_import_does_not_stand_for_the_right_to_make(firm: Crm) -> None:
    known = firm.create("customer", name="Globe Press", city="Shanghai")

    summary = bring(firm, firm.sign_in("Wu", "clerk"), names("Globe Press/Ningbo", "Harbour Books/Ningbo"), key="name")

    assert counts(summary) == {"failed": 2}
    assert "may not change" in summary.failures[0].reason
    assert "may not create" in summary.failures[1].reason
    assert firm.get("customer", known).values["city"] == "Shanghai"


def test_an_import_is_asked_about_each_record_as_it_stands_and_as_it_becomes(firm: Crm) -> None:
    firm.create("customer", name="Globe Press", city="Beijing")
    firm.create("customer", name="Harbour Books", city="Ningbo")
    office = firm.sign_in("Zhao", "office")

    summary = bring(
        firm, office, names("Globe Press/Wuxi", "Harbour Books/Beijing", "Ink Ltd/Beijing", "Atlas/Wuxi"), key="name"
    )

    assert counts(summary) == {"created": 1, "failed": 3}
    assert {failure.reason for failure in summary.failures} == {"You may not import Customer."}
    cities = {row["name"]: row["city"] for row in firm.list("customer", fields=("name", "city"))}
    assert cities == {"Globe Press": "Beijing", "Harbour Books": "Ningbo", "Atlas": "Wuxi"}


def test_a_dry_run_asks_the_same(firm: Crm) -> None:
    office = firm.sign_in("Zhao", "office")

    summary = import_rows(firm.site, office, "customer", names("Ink Ltd/Beijing", "Atlas/Wuxi"), dry_run=True)

    assert counts(summary) == {"created": 1, "failed": 1}
    with pytest.raises(Forbidden):
        import_rows(firm.site, firm.sign_in("Li", "sales"), "customer", names("Atlas/Wuxi"), dry_run=True)


def test_others_go_on_saving_while_an_import_is_tried(firm: Crm) -> None:
    def rows() -> Iterator[Row]:
        yield Row(2, ("Globe Press", "Wuxi"))
        firm.sign_in("Saved meanwhile")
        yield Row(3, ("Harbour Books", "Wuxi"))
        yield Row(4, ("Globe Press", "Ningbo"))

    summary = import_rows(firm.site, system(), "customer", Sheet(("name", "city"), rows()), dry_run=True)

    assert counts(summary) == {"created": 2, "failed": 1}
    assert firm.titles("customer") == []
    assert firm.titles("user") == ["Saved meanwhile"]


def test_a_record_that_may_not_be_seen_is_not_told_of_by_an_import(firm: Crm) -> None:
    hidden = firm.create("customer", name="Globe Press", city="Beijing")
    traveller = firm.sign_in("Sun", "traveller")

    rows = sheet("id", "city", rows=((str(hidden), "Wuxi"), ("9999", "Wuxi")))
    summary = bring(firm, traveller, rows, key="id")

    assert counts(summary) == {"failed": 2}
    assert {failure.reason for failure in summary.failures} == {"There is no such record."}


def test_a_column_of_a_hidden_field_is_as_strange_as_one_that_never_was(firm: Crm) -> None:
    office = firm.sign_in("Zhao", "office")

    for heading in ("credit", "Credit", "creditt"):
        with pytest.raises(BadSheet, match="is no field of customer") as bad:
            bring(firm, office, sheet("name", heading, rows=(("Atlas", "1"),)))
        assert "'credit'?" not in str(bad.value)
    assert counts(bring(firm, system(), sheet("name", "credit", rows=(("Atlas", "1"),)))) == {"created": 1}


def test_a_row_that_is_refused_leaves_nothing_behind(firm: Crm) -> None:
    rows = [f"Customer {n}/{'Atlantis' if n % 3 == 1 else 'Wuxi'}" for n in range(12)]

    summary = bring(firm, system(), names(*rows, "Customer 0/Wuxi"))

    assert counts(summary) == {"created": 8, "failed": 5}
    assert {failure.reason for failure in summary.failures[:4]} == {"City: Nobody lives there."}
    numbers = sorted(row["number"] for row in firm.list("customer", fields=("number",)))
    assert numbers == [f"C-{n:03}" for n in range(1, 9)]


def test_a_row_may_name_one_that_came_before_it(firm: Crm) -> None:
    li = firm.sign_in("Li", "sales")
    rows = (("Globe", "", "Li"), ("Globe East", "Globe", "Li"), ("Globe West", "Globe", "Li"), ("Ink", "Ink", "Wu"))

    summary = bring(firm, system(), sheet("name", "group", "owner", rows=rows))

    assert counts(summary) == {"created": 3, "failed": 1}
    east, west = (firm.get("customer", id).values for id in (2, 3))
    assert (east["group"].id, west["group"].title, west["owner"].id) == (1, "Globe", li.user)


def test_an_import_stops_at_a_newer_config_and_says_where(firm: Crm) -> None:
    def somebody_applies(summary: Summary) -> None:
        if summary.read == CHUNK:
            newer = compile_text(FIRM.replace("label: Credit", "label: Limit"))
            apply(firm.site.database, newer, base=firm.site.revision, by=None)

    rows = names(*(f"Customer {n}/Wuxi" for n in range(CHUNK * 2)))
    with pytest.raises(Stopped, match=f"newer config was applied meanwhile. Stopped after {CHUNK} rows") as stopped:
        import_rows(firm.site, system(), "customer", rows, tell=somebody_applies)

    assert counts(stopped.value.summary) == {"created": CHUNK}
    assert firm.page("customer", total="exact").total == CHUNK


def test_a_large_file_is_read_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("name,notes\n")
        file.writelines(f"Customer {n},{'色' * 4_000}\n" for n in range(3_000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_sheet(path).rows) == 3_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < path.stat().st_size / 4


def test_lines_come_with_what_they_are_lines_of(firm: Crm) -> None:
    with pytest.raises(Forbidden, match="saved with their parent"):
        import_rows(firm.site, system(), "visit", sheet("what", rows=(("tea",),)))
