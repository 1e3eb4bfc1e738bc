"""Every kind of page, in both languages and both themes: readable by all, quiet console, whole on a phone."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import Visitor

PAGES = {
    "home": "/",
    "list": "/customer",
    "filtered list": "/customer?f.kind=packaging&q=客户",
    "nothing found": "/customer?q=nowhere",
    "recycle bin": "/customer?deleted=1",
    "record": "/customer/1",
    "record with stages": "/deal/1",
    "record with lines": "/quote/1",
    "new form": "/customer/new",
    "form with lines": "/quote/1/edit",
    "delete": "/customer/1/delete",
    "explain": "/quote/1/explain/total",
    "people": "/-/people",
    "account": "/-/account",
    "not found": "/nothere",
}
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def faults(visitor: Visitor) -> list[str]:
    """What axe finds on the page that is open."""
    found = Axe().run(visitor.page, options={"runOnly": {"type": "tag", "values": STANDARDS}})
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_page_can_be_used_by_everybody(visitor: Visitor, locale: str, theme: str) -> None:
    visitor.sign_in()
    visitor.prefer(locale, theme)
    found = {}
    for name, path in PAGES.items():
        page = visitor.open(path)
        assert page.evaluate("document.documentElement.lang") == locale
        found[name] = faults(visitor)
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_in_page_and_its_refusal_too(visitor: Visitor, scheme: str) -> None:
    visitor.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    visitor.open("/login")
    assert faults(visitor) == []
    visitor.page.fill("#login", "boss")
    visitor.page.fill("#password", "not right at all")
    visitor.page.click("main button[type=submit]")
    visitor.page.wait_for_selector("#errors")
    assert faults(visitor) == []


def test_a_form_with_errors_too(visitor: Visitor) -> None:
    visitor.sign_in()
    page = visitor.open("/customer/new")
    page.click(".page-actions button[type=submit]")
    page.wait_for_selector("#errors")
    assert faults(visitor) == []
    assert page.evaluate("document.activeElement.id") == "errors", "the summary has the focus"


def test_no_page_is_wider_than_a_phone(on_phone: Visitor) -> None:
    on_phone.sign_in()
    for name, path in PAGES.items():
        page = on_phone.open(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def test_the_first_key_press_offers_to_skip_to_the_content(visitor: Visitor) -> None:
    visitor.sign_in()
    page = visitor.open("/customer")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
