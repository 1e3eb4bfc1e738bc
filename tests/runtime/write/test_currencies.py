"""Amounts in a currency of their own: each record's currency says how many places there are, and which sign."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from engine.change import Draft, InvalidRecord, system
from engine.kinds import Shower
from engine.problems import ConfigError
from engine.runtime.past import past
from engine.runtime.save import save
from tests.crm import Crm, compile_text

FIRM = """
app: {name: Exporters, locale: en, locales: [en, zh-CN], timezone: UTC, currency: CNY}
entities:
  offer:
    title: "{name} {amount}"
    fields:
      name:     {type: text, label: Name}
      currency: {type: choice, label: Currency, choices: {usd: USD, jpy: JPY, kwd: KWD}}
      amount:   {type: money, label: Amount, currency_field: currency}
      fee:      {type: money, label: Fee, currency_field: currency, expr: amount * 0.0175}
      unit:     {type: money, label: Unit, currency_field: currency, scale: 4, expr: amount / 7}
      deposit:  {type: money, label: Deposit, currency_field: currency, default: =amount / 3}
      plain:    {type: money, label: Plain}
      bills:    {type: backlink, of: bill.offer}
      billed:   {type: rollup, label: Billed, of: bills, count: true}
  bill:
    title: "{name}"
    fields:
      name:   {type: text, label: Name}
      offer:  {type: link, to: offer}
      worth:  {type: lookup, label: Worth, of: offer.amount}
      code:   {type: text, label: Code}
      sum:    {type: money, label: Sum, currency_field: code, max: 5000000}
"""


@pytest.fixture
def firm(database_url: str) -> Iterator[Crm]:
    """A firm that sells in several currencies."""
    with Crm.load(FIRM, database_url) as crm:
        yield crm


def offer(firm: Crm, currency: str | None, amount: str, **more: object) -> int:
    """An offer, as a form sends it."""
    values = {"name": "O", "currency": currency, "amount": amount, **more}
    return save(firm.site, system(), Draft("offer", values, source="form")).id


def shown(firm: Crm, id: int, name: str) -> str:
    """A value for people."""
    values = firm.get("offer", id).values
    return firm.site.model.field("offer", name).kind.show(values[name], Shower("en", "UTC", "CNY"))


def told(firm: Crm, id: int, name: str) -> object:
    """A value for programs."""
    return firm.site.model.field("offer", name).kind.to_json(firm.get("offer", id).values[name])


@pytest.mark.parametrize(
    ("currency", "typed", "json", "words"),
    [("jpy", "1,250", "1250", "¥1,250"), ("kwd", "1.234", "1.234", "KWD\u00a01.234"),
     ("usd", "12.5", "12.50", "$12.50"),
     ("usd", "$12.50", "12.50", "$12.50"), ("jpy", "¥7", "7", "¥7"), (None, "¥9.9", "9.90", "CN¥9.90"),
     ("kwd", "KWD 2", "2.000", "KWD\u00a02.000")],
)  # fmt: skip
def test_an_amount_has_the_places_and_the_sign_of_its_currency(
    firm: Crm, currency: str | None, typed: str, json: str, words: str
) -> None:
    id = offer(firm, currency, typed)
    assert (told(firm, id, "amount"), shown(firm, id, "amount")) == (json, words)
    assert firm.titles("offer") == [f"O {words}"]


@pytest.mark.parametrize(
    ("currency", "typed", "code"),
    [("jpy", "12.5", "too_many_places"), ("usd", "1.234", "too_many_places"), ("kwd", "1.2345", "too_many_places"),
     (None, "1.234", "too_many_places"), ("usd", "¥12", "other_currency"), ("jpy", "$12", "other_currency"),
     ("kwd", "1.23456", "too_many_places")],
)  # fmt: skip
def test_what_does_not_go_with_its_currency_is_refused(firm: Crm, currency: str | None, typed: str, code: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        offer(firm, currency, typed)
    assert [(error.field, error.code) for error in refused.value.errors] == [("amount", code)]
    assert firm.titles("offer") == []


@pytest.mark.parametrize(
    ("currency", "fee", "deposit"), [("jpy", "22", "417"), ("usd", "21.89", "417.00"), ("kwd", "21.893", "417.000")]
)
def test_what_is_worked_out_is_rounded_to_the_places_of_the_record(
    firm: Crm, currency: str, fee: str, deposit: str
) -> None:
    id = offer(firm, currency, "1251")
    assert (told(firm, id, "fee"), told(firm, id, "deposit")) == (fee, deposit)
    assert told(firm, id, "unit") == "178.7143", "a scale that is written holds for every currency"


def test_another_currency_rounds_figures_anew_and_asks_for_the_amount(firm: Crm) -> None:
    id = offer(firm, "kwd", "1251", deposit="5")
    assert told(firm, id, "fee") == "21.893"
    firm.update("offer", id, currency="jpy")
    assert (told(firm, id, "fee"), told(firm, id, "amount")) == ("22", "1251")

    firm.update("offer", id, currency="usd", amount="1.25")
    with pytest.raises(InvalidRecord) as refused:
        firm.update("offer", id, currency="jpy")
    assert [(error.field, error.code) for error in refused.value.errors] == [("amount", "too_many_places")]


def test_stored_amounts_are_exact_and_compare_as_numbers(firm: Crm) -> None:
    offer(firm, "kwd", "1.234")
    offer(firm, "jpy", "2")
    offer(firm, "usd", "1.23")
    rows = firm.list("offer", fields=("amount",), sort=("amount",))
    assert [row["amount"] for row in rows] == [Decimal("1.23"), Decimal("1.234"), Decimal(2)]
    assert [str(row["amount"]) for row in rows] == ["1.23", "1.234", "2"]
    assert [row["id"] for row in firm.list("offer", where="amount > 1.23", sort=("amount",))] == [1, 2]


def test_a_lookup_shows_the_amount_in_the_currency_that_it_has_there(firm: Crm) -> None:
    id = offer(firm, "kwd", "1.234")
    firm.create("bill", name="B", offer=id, code="jpy", sum="70")
    [row] = firm.list("bill", fields=("worth", "sum"))
    assert (str(row["worth"]), str(row["sum"])) == ("1.234", "70")
    assert getattr(row["worth"], "currency", "") == "KWD"


def test_bounds_and_unknown_codes(firm: Crm) -> None:
    firm.create("bill", name="B", code="xqz", sum="1.50")
    [row] = firm.list("bill", fields=("sum",))
    assert str(row["sum"]) == "1.50"
    with pytest.raises(InvalidRecord):
        firm.create("bill", name="B", code="jpy", sum="5000001")


def test_history_tells_amounts_in_their_currency(firm: Crm) -> None:
    id = offer(firm, "kwd", "1.234")
    firm.update("offer", id, amount="2.5")
    event = past(firm.site, system(), "offer", id)[0]
    [change] = [change for change in event.changes if change.field.name == "amount"]
    assert (str(change.old), str(change.new)) == ("1.234", "2.500")


HIDDEN = """
app: {name: Exporters, locale: en, locales: [en], timezone: UTC, currency: CNY}
entities:
  offer:
    title: "{name} {amount}"
    fields:
      name:     {type: text, label: Name}
      currency: {type: choice, label: Currency, choices: {usd: USD, jpy: JPY}}
      amount:   {type: money, label: Amount, currency_field: currency}
  bill:
    title: "{offer}"
    fields:
      name:  {type: text, label: Name}
      offer: {type: link, to: offer}
      last:  {type: link, to: offer, label: Last, expr: "find(offer, where=name == outer.name)", declassify: true}
roles:
  clerk: {grants: {offer: {read: true, fields: {currency: {read: false}}}, bill: {read: true}}}
  buyer: {grants: {offer: {read: true}, bill: {read: true}}}
"""


def test_titles_tell_an_amount_without_a_currency_that_is_hidden(database_url: str) -> None:
    with Crm.load(HIDDEN, database_url) as crm:
        made = crm.create("offer", name="O", currency="jpy", amount="5")
        bill = crm.create("bill", name="O", offer=made)
        clerk, buyer = crm.sign_in("Ada", "clerk"), crm.sign_in("Bob", "buyer")

        assert [crm.get("offer", made, who).title for who in (clerk, buyer)] == ["O 5", "O ¥5"]
        for who, title in ((clerk, "O 5"), (buyer, "O ¥5")):
            values = crm.get("bill", bill, who).values
            assert {values["offer"].title, values["last"].title} == {title}
            assert crm.titles("bill", who) == [title]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [("expr: amount * 0.0175", "expr: amount * 0.0175 if today() > today() else amount", "formula.input"),
     ("currency: {type: choice, label: Currency, choices: {usd: USD, jpy: JPY, kwd: KWD}}",
      "currency: {type: integer, label: Currency}", "option.bad")],
)  # fmt: skip
def test_a_config_that_leaves_the_currency_open_is_refused(old: str, new: str, code: str) -> None:
    with pytest.raises(ConfigError) as refused:
        compile_text(FIRM.replace(old, new))
    assert code in {problem.code for problem in refused.value.problems}


CURRENCY_HIDDEN = """
app: {name: Exporters, locale: en, locales: [en], timezone: UTC, currency: CNY}
entities:
  offer:
    title: "{name}"
    fields:
      name:     {type: text}
      currency: {type: choice, label: Currency, choices: {usd: USD, jpy: JPY}, default: jpy}
      amount:   {type: money, label: Amount, currency_field: currency}
roles:
  clerk: {grants: {offer: {read: true, create: true, update: true, fields: {currency: {read: false}}}}}
  buyer: {grants: {offer: {read: true, create: true, update: true}}}
"""


@pytest.mark.parametrize("typed", ["$7", "¥7", "JPY 7"])
def test_who_may_not_read_the_currency_learns_nothing_by_trying_signs(database_url: str, typed: str) -> None:
    with Crm.load(CURRENCY_HIDDEN, database_url) as crm:
        clerk = crm.sign_in("clerk", "clerk")
        id = crm.create("offer", name="a", currency="jpy", amount="5")

        with pytest.raises(InvalidRecord) as refused:
            save(crm.site, clerk, Draft("offer", {"amount": typed}, id=id, version=1, source="form"))
        save(crm.site, clerk, Draft("offer", {"amount": "7"}, id=id, version=1, source="form"))

        assert [error.code for error in refused.value.errors] == ["currency_unseen"]
        assert "JPY" not in refused.value.errors[0].message


def test_who_may_read_it_may_write_its_sign(database_url: str) -> None:
    with Crm.load(CURRENCY_HIDDEN, database_url) as crm:
        id = crm.create("offer", name="a", currency="usd", amount="5")
        save(crm.site, crm.sign_in("b", "buyer"), Draft("offer", {"amount": "$7"}, id=id, version=1, source="form"))
        assert crm.get("offer", id).values["amount"] == 7
