"""Who may bring records in from a file, and which: the grant `import` is asked besides those of every save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from engine.change import Actor, Forbidden, NotFound, system
from engine.runtime.sheets import BadSheet, Row, Sheet
from engine.runtime.transfer import Summary, import_rows
from tests.crm import Crm

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
      visits: {type: lines, of: visit, label: Visits}
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


def bring(crm: Crm, actor: Actor, rows: Sheet, **options: str) -> Summary:
    return import_rows(crm.site, actor, "customer", rows, **options)  # type: ignore[arg-type]


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


def test_lines_come_with_what_they_are_lines_of(firm: Crm) -> None:
    with pytest.raises(Forbidden, match="saved with their parent"):
        import_rows(firm.site, system(), "visit", sheet("what", rows=(("tea",),)))
