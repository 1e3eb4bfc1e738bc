"""A day's work in the browser, with scripts and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor


def test_making_a_record_and_putting_a_mistake_right(visitor: Visitor) -> None:
    page = visitor.sign_in()
    page.goto(visitor.served.address + "/customer")
    page.click("text=New Customer")
    page.fill("#f-notes", "typed once")
    page.check("#f-vip")
    page.click(".page-actions button[type=submit]")
    expect(page.locator("#f-name-error")).to_be_visible()
    expect(page.locator("#f-notes")).to_have_value("typed once")
    page.fill("#f-name", "Harbour Hotels")
    page.fill("#f-limit", "5,000")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Harbour Hotels")
    expect(page.locator("[role=status]")).to_contain_text("Created.")


def test_lines_are_added_and_removed_without_losing_what_is_typed(visitor: Visitor) -> None:
    visitor.sign_in()
    page = visitor.open("/quote/new")
    page.fill("#f-name", "Brochure")
    page.click("button[name=_add][value=parts]")
    expect(page.locator("#f-parts-0-name")).to_be_focused()
    page.keyboard.type("Cover")
    page.click("button[name=_add][value='parts.0.processes']")
    page.fill("[name='parts.0.processes.0.name']", "Foil")
    page.click("button[name=_add][value=parts]")
    page.fill("[name='parts.1.name']", "Inside")
    page.click("button[name=_remove][value='parts.0']")
    expect(page.locator("[name='parts.0.name']")).to_have_value("Inside")
    expect(page.locator("#f-name")).to_have_value("Brochure")
    page.click(".page-actions button[type=submit]")
    expect(page.locator("h1")).to_have_text("Brochure")
    expect(page.locator(".record-main")).to_contain_text("Inside")
    expect(page.locator(".record-main")).not_to_contain_text("Cover")


def test_a_list_is_filtered_sorted_and_searched(visitor: Visitor) -> None:
    visitor.sign_in()
    page = visitor.open("/customer")
    page.click("th >> text=Credit limit")
    page.wait_for_url("**/customer?sort=limit")
    expect(page.locator("th[aria-sort]")).to_contain_text("Credit limit")
    page.fill("#q", "客户 25")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=**")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.go_back()
    page.go_back()
    expect(page.locator("tbody tr").first).to_be_visible()
    assert page.locator("nav.side").count() == 1, "Back shows the whole page, never a part"


def test_a_deal_moves_through_its_stages(visitor: Visitor) -> None:
    visitor.sign_in()
    page = visitor.open("/deal/2")
    page.click(".stage-button >> text=Quoted")
    expect(page.locator("li[aria-current=step]")).to_contain_text("Quoted")


def test_the_page_runs_nothing_that_is_not_ours(visitor: Visitor) -> None:
    visitor.sign_in()
    page = visitor.open("/customer")
    page.evaluate("""() => {
        window.__xss = undefined;
        const node = document.createElement("div");
        node.innerHTML = '<img src="data:," onerror="window.__xss = 1">';
        document.body.append(node);
    }""")
    page.wait_for_timeout(200)
    assert page.evaluate("window.__xss") is None
    assert any("Content Security Policy" in line for line in visitor.complaints)
    visitor.complaints.clear()


def test_everything_works_without_scripts(without_scripts: Visitor) -> None:
    page = without_scripts.sign_in("lin")
    page.goto(without_scripts.served.address + "/customer/new")
    page.click(".page-actions button[type=submit]")
    assert "Name" in page.inner_text("#errors")
    page.fill("#f-name", "Without scripts")
    page.click(".page-actions button[type=submit]")
    assert page.inner_text("h1") == "Without scripts"
    page.click("text=Edit")
    page.fill("#f-notes", "changed")
    page.click(".page-actions button[type=submit]")
    assert "changed" in page.inner_text("main")
    page.goto(without_scripts.served.address + "/customer")
    page.fill("#q", "Without")
    page.press("#q", "Enter")
    assert page.locator("tbody tr").count() == 1
    page.click("text=Sign out")
    assert "You have signed out." in page.inner_text("main")


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_lines_work_without_scripts(without_scripts: Visitor, locale: str) -> None:
    page = without_scripts.sign_in()
    without_scripts.prefer(locale, "auto")
    page.goto(without_scripts.served.address + "/quote/new")
    page.fill("#f-name", f"Plain {locale}")
    page.click("button[name=_add][value=parts]")
    page.fill("[name='parts.0.name']", "Cover")
    page.fill("[name='parts.0.pages']", "8")
    page.click(".page-actions button[type=submit]")
    assert page.inner_text("h1") == f"Plain {locale}"
    assert "Cover" in page.inner_text(".record-main")
