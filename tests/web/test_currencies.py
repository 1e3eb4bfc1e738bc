"""Amounts in a currency of their own on pages, in the API and in exports; and what an earlier release stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from litestar.testing import TestClient

from engine.runtime import people
from engine.runtime.site import SiteHolder
from tests.cli.conftest import Terminal
from tests.crm import Crm
from tests.web.conftest import Browser, add_person
from web.app import create_app
from web.security import Settings

FIRM = """
app: {name: Exporters, locale: en, locales: [en, zh-CN], timezone: UTC, currency: CNY}
terms: {offer: {en: {one: Offer, other: Offers}, zh-CN: 报价}}
entities:
  offer:
    title: "{name}"
    list: {columns: [name, amount, fee]}
    fields:
      name:     {type: text, label: Name}
      currency: {type: text, label: Currency}
      amount:   {type: money, label: Amount, currency_field: currency}
      fee:      {type: money, label: Fee, currency_field: currency, expr: amount * 0.0175}
roles:
  seller: {grants: {offer: {read: true, create: true, update: true, export: true}}}
  clerk:  {grants: {offer: {read: true, fields: {currency: {read: false}}}}}
"""


@pytest.fixture
def crm(database_url: str) -> Iterator[Crm]:
    """Offers in dinars, yen and dollars."""
    with Crm.load(FIRM, database_url) as crm:
        for name, currency, amount in (("Kuwait", "KWD", "1234.567"), ("Osaka", "JPY", "8000"), ("Reno", "usd", "9.5")):
            crm.create("offer", name=name, currency=currency, amount=amount)
        yield crm


def visit(crm: Crm, role: str) -> Browser:
    """Somebody in this role, signed in."""
    browser = Browser(TestClient(create_app(SiteHolder(crm.site), Settings(hosts=("testserver.local",)))))
    add_person(crm.site, role.title(), role, role)
    browser.sign_in(role)
    return browser


def test_pages_show_each_amount_in_its_currency(crm: Crm) -> None:
    seller = visit(crm, "seller")
    seller.open("/offer")
    words = seller.text.replace("\u00a0", " ")
    for amount in ("KWD 1,234.567", "KWD 21.605", "¥8,000", "¥140", "$9.50", "$0.17"):
        assert amount in words, amount
    assert "CN¥" not in words
    seller.open("/offer/1")
    assert "KWD 1,234.567" in seller.text.replace("\u00a0", " ")
    for id, typed in ((1, "1234.567"), (2, "8000"), (3, "9.50")):
        seller.open(f"/offer/{id}/edit")
        assert seller.value("amount") == typed


def test_a_form_takes_the_places_of_the_currency_beside_it(crm: Crm) -> None:
    seller = visit(crm, "seller")
    seller.open("/offer/new")
    seller.send("/offer/new", {"name": "Kyoto", "currency": "JPY", "amount": "12.5"})
    assert seller.page.status_code == 422 and "At most 0 decimal places" in seller.text
    seller.send("/offer/new", {"name": "Kyoto", "currency": "JPY", "amount": "¥12"})
    assert seller.page.status_code == 200 and "¥12" in seller.text


def test_who_may_not_read_the_currency_sees_the_figure_alone(crm: Crm) -> None:
    clerk = visit(crm, "clerk")
    clerk.open("/offer")
    assert "1,234.567" in clerk.text
    for sign in ("KWD", "¥", "$", "JPY"):
        assert sign not in clerk.text


def test_programs_get_the_places_of_the_currency(crm: Crm) -> None:
    browser = visit(crm, "seller")
    token = people.create_token(crm.site, login="seller", name="report", days=1)
    bearer = {"authorization": f"Bearer {token}"}
    page = browser.client.get("/api/v1/offer?sort=name", headers=bearer).json()
    assert [(one["amount"], one["fee"]) for one in page["items"]] == [
        ("1234.567", "21.605"), ("8000", "140"), ("9.50", "0.17"),
    ]  # fmt: skip
    assert browser.client.get("/api/v1/offer/2", headers=bearer).json()["amount"] == "8000"
    slim = browser.client.get("/api/v1/offer?fields=amount&sort=name", headers=bearer).json()
    assert [one["amount"] for one in slim["items"]] == ["1234.567", "8000", "9.50"], (
        "the currency need not be asked for"
    )
    sent = browser.client.post("/api/v1/offer", headers=bearer, json={"currency": "KWD", "amount": "0.001"})
    assert (sent.status_code, sent.json()["amount"]) == (201, "0.001")
    refused = browser.client.post("/api/v1/offer", headers=bearer, json={"currency": "JPY", "amount": "0.1"})
    assert [error["code"] for error in refused.json()["errors"]] == ["too_many_places"]


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """The firm's folder, applied."""
    terminal = Terminal(tmp_path / "firm", f"sqlite:///{tmp_path / 'db'}")
    terminal.folder.mkdir()
    (terminal.folder / "app.yaml").write_text(FIRM.replace("currency_field", "scale: 2, currency_field"), "utf-8")
    terminal("apply")
    return terminal


def test_exports_hold_plain_figures_and_more_places_change_no_value(terminal: Terminal, tmp_path: Path) -> None:
    offers = tmp_path / "offers.csv"
    offers.write_text("name,currency,amount\nReno,USD,9.50\nOsaka,JPY,8000\n", "utf-8")
    terminal.run("import", "offer", str(offers), "--dir", str(terminal.folder))
    (terminal.folder / "app.yaml").write_text(FIRM, "utf-8")
    assert "2 -> 4 places, every value stays the same" in terminal.run("apply", str(terminal.folder), "--yes").output
    exported = terminal.run("export", "offer", "--dir", str(terminal.folder)).output
    assert "Reno,USD,9.50,0.17" in exported and "Osaka,JPY,8000,140" in exported


def test_what_an_earlier_release_stored_otherwise_is_never_misread(terminal: Terminal) -> None:
    """That release kept two places where this one, for the same words, keeps four."""
    (terminal.folder / "app.yaml").write_text(FIRM, "utf-8")
    terminal.run("apply", str(terminal.folder), "--yes")
    engine = sa.create_engine(terminal.database)
    with engine.begin() as connection:
        number, text = connection.execute(
            sa.text("select number, snapshot from forme_revision order by number desc limit 1")
        ).one()
        snapshot = json.loads(text)
        snapshot["entities"]["offer"]["columns"]["amount"] = "ExactDecimal(2)"
        connection.execute(
            sa.text("update forme_revision set snapshot = :text where number = :number"),
            {"text": json.dumps(snapshot), "number": number},
        )
    engine.dispose()
    refused = terminal.run("export", "offer", "--dir", str(terminal.folder), code=1).output
    assert "offer.amount is stored as ExactDecimal(2)" in refused and "forme apply" in refused
    assert "2 -> 4 places" in terminal.run("apply", str(terminal.folder), "--yes").output
    assert terminal.run("export", "offer", "--dir", str(terminal.folder)).output
