"""Shares as firms have them: a markup of 17.5 %, a tax of 6.5 %, typed or sent, exact to the cent."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar.testing import TestClient

from engine.boot import compile_folder
from engine.problems import ConfigError
from engine.runtime.site import SiteHolder
from tests.acceptance.firm import Json, quotation_a
from tests.acceptance.test_quotation import total
from tests.api.conftest import Firm, Program
from tests.cli.conftest import Terminal
from tests.web.conftest import Browser, add_person
from web.app import create_app


def test_a_markup_of_seventeen_and_a_half_percent(manager: Program, rates: dict[str, Json], customer: Json) -> None:
    manager.make("terms_of_sale", from_date="2026-02-01", markup="0.175", vat="0.065", valid_days=15)
    quote = manager.make("quote", **quotation_a(rates, customer))

    # 13,792.57 + 17.5 % = 2,413.70 (2,413.69975) → 16,206.27; + 6.5 % = 1,053.41 (1,053.40755) → 17,259.68.
    assert (quote["markup"], quote["vat"]) == ("0.1750", "0.0650")
    assert [total(quote)[name] for name in ("cost", "markup_amount", "net", "vat_amount", "gross")] == [
        "13792.57", "2413.70", "16206.27", "1053.41", "17259.68",
    ]  # fmt: skip


def test_one_quotation_may_have_a_markup_of_its_own(manager: Program, quote: Json) -> None:
    changed = manager.patch(f"/quote/{quote['id']}", {"markup": "0.1667", "version": quote["version"]})
    assert changed.json()["markup"] == "0.1667"
    refused = manager.patch(f"/quote/{quote['id']}", {"markup": "0.16667", "version": 2})
    assert refused.status_code == 422


def test_people_type_it_as_they_say_it(firm: Firm) -> None:
    add_person(firm.site, "张经理", "zhang", "manager")
    browser = Browser(TestClient(create_app(SiteHolder(firm.site)), base_url="http://127.0.0.1"))
    browser.sign_in("zhang")
    browser.open("/terms_of_sale/new")
    browser.send("/terms_of_sale/new", {"from_date": "2026-02-01", "markup": "17.5", "vat": "13", "valid_days": "15"})
    assert "17.5%" in browser.text and "13%" in browser.text


@pytest.fixture
def own(tmp_path: Path) -> Terminal:
    """A firm's folder on top of the pack."""
    terminal = Terminal(tmp_path / "own", f"sqlite:///{tmp_path / 'db'}")
    terminal.run("new", str(terminal.folder), "--pack", "printing_estimating")
    return terminal


def test_a_firm_on_top_of_the_pack_is_told_nothing(own: Terminal) -> None:
    assert own("check") == "No problems.\n"


def test_labels_follow_the_words_of_the_firm(own: Terminal) -> None:
    words = "terms:\n  part: {zh-CN: 组件, en: {one: Component, other: Components}}\n"
    (own.folder / "words.yaml").write_text(words + "  paper: {zh-CN: 用纸, en: {one: Stock, other: Stocks}}\n", "utf-8")
    try:
        model, _ = compile_folder(own.folder)
    except ConfigError as refused:
        pytest.fail(str(refused))
    labels = {
        (entity, name): (field.label.text("zh-CN"), field.label.text("en"))
        for entity, known in model.entities.items()
        for name, field in known.fields.items()
    }
    assert labels["quote", "parts"] == ("组件", "Components")
    assert labels["part", "name"] == labels["waste_rule", "part_kind"] == ("组件", "Component")
    assert labels["run", "paper_cost"] == ("用纸费", "Stock cost")
