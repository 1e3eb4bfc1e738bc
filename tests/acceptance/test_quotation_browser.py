"""Quotation A entered by hand in the generated pages, in Chinese, as the manager does it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.conftest import opened_site
from tests.acceptance.firm import enter_rates
from tests.api.conftest import Firm
from tests.browser.conftest import Served, Visitor, serving
from tests.web.conftest import add_person

INSIDE = {"name": "内页", "kind": "内页", "paper": "铜版157 大度"}
COVER = {"name": "封面", "kind": "封面", "paper": "铜版200 大度"}
PRINTED = {"press": "对开四色", "front": "4", "back": "4"}
PARTS: list[tuple[dict[str, str], list[str]]] = [
    ({**INSIDE, **PRINTED, "pages": "32", "sections": "2", "ups": "1"}, []),
    ({**COVER, **PRINTED, "pages": "4", "sections": "1", "ups": "4", "work_and_turn": "yes"}, ["哑膜"]),
    ({"name": "整件", "kind": "整件"}, ["骑马订", "数码样", "纸箱 100本", "送货"]),
]


@contextmanager
def served_firm(url: str, folder: Path) -> Iterator[Served]:
    """The firm with its rates, served."""
    with opened_site(url, folder) as site, serving(site) as served:
        add_person(site, "李经理", "li", "manager")
        with httpx.Client(base_url=served.address, timeout=60) as client:
            enter_rates(Firm(site, cast(Any, client)).program("录入", "manager"))
        yield served


def fill(page: Page, name: str, value: str) -> None:
    """Type a value, or choose it by what the page calls it."""
    control = page.locator(f"[name='{name}']:not([type=hidden])")
    expect(control).to_be_visible()
    if control.evaluate("node => node.tagName") == "SELECT":
        control.select_option(label=value)
    elif control.get_attribute("type") == "checkbox":
        control.check()
    else:
        control.fill(value)


def add_line(page: Page, lines: str, index: int) -> None:
    """Press the button that adds a line, and wait for the line."""
    page.click(f"button[name=_add][value='{lines}']")
    expect(page.locator(f"[data-line='{lines}.{index}']")).to_be_visible()


def look(page: Page, name: str) -> None:
    """Keep a picture, where somebody wants to look at it."""
    folder = os.environ.get("FORME_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def enter_quotation(page: Page, address: str, scripts: bool) -> None:
    """From the home page to the saved quotation."""
    page.goto(f"{address}/customer/new")
    fill(page, "name", "甲公司")
    page.click(".page-actions button[type=submit]")
    expect(page.locator("h1")).to_have_text("甲公司")

    page.goto(f"{address}/quote")
    look(page, "empty-list")
    page.click("main >> text=新建报价单 >> nth=0")
    for name, value in (
        ("name", "画册"), ("customer", "甲公司"), ("product_type", "画册"), ("size", "210×285"),
        ("quoted_on", "2026-03-01"),
    ):  # fmt: skip
        fill(page, name, value)
    for index, (values, processes) in enumerate(PARTS):
        path = f"parts.{index}"
        add_line(page, "parts", index)
        for name, value in values.items():
            fill(page, f"{path}.{name}", value)
            if not scripts and name in ("kind", "back"):
                page.click("button[name=_refresh]")
        for number, finishing in enumerate(processes):
            add_line(page, f"{path}.processes", number)
            fill(page, f"{path}.processes.{number}.finishing", finishing)
    add_line(page, "quantities", 0)
    fill(page, "quantities.0.copies", "5000")
    look(page, "form")
    page.click(".page-actions button[type=submit]")
    page.wait_for_url(f"{address}/quote/1*")
    look(page, "record")


def amounts(page: Page) -> list[str]:
    """The figures that must stand on the page."""
    text = page.inner_text("main")
    sought = (
        "18,702.72",
        "16,551.08",
        "13,792.57",
        "6,954.36",
        "1,200.73",
        "557.48",
        "人民币壹万捌仟柒佰零贰元柒角贰分",
    )
    return [figure for figure in sought if figure not in text]


def test_the_quotation_is_entered_read_explained_and_sent(chromium: Browser, database_url: str, tmp_path: Path) -> None:
    with served_firm(database_url, tmp_path) as served:
        context = chromium.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
        visitor = Visitor(context, served)
        page = visitor.sign_in("li")
        enter_quotation(page, served.address, scripts=True)
        assert amounts(page) == []

        page.click("main td a:has-text('18,702.72')")
        page.wait_for_url("**/quantity/1/explain/gross")
        assert "不含税价 + 税额" in page.inner_text("main")
        look(page, "explanation")
        page.click("dd:has-text('16,551.08') a.explain")
        page.wait_for_url("**/quantity/1/explain/net")
        assert "成本 + 加价" in page.inner_text("main")

        page.goto(f"{served.address}/part/1/explain/tonne_price")
        assert "铜版157 大度 2026年1月1日" in page.inner_text("main")
        look(page, "explanation-rate")

        page.goto(f"{served.address}/quote/1")
        page.click(".stage-button >> text=已发出")
        expect(page.locator("li[aria-current=step]")).to_contain_text("已发出")
        assert amounts(page) == []
        page.goto(f"{served.address}/quote/1/edit")
        look(page, "form-sent")
        assert page.locator("[name='parts.0.pages']:not([type=hidden])").count() == 0, "what feeds the figures is shut"
        page.goto(f"{served.address}/quote")
        look(page, "list")
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"{served.address}/quote/1")
        look(page, "record-phone")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.goto(f"{served.address}/quote/1/edit")
        context.close()
        assert visitor.complaints == []


def test_the_quotation_is_entered_without_scripts(chromium: Browser, tmp_path: Path) -> None:
    with served_firm(f"sqlite:///{tmp_path / 'forme.db'}", tmp_path) as served:
        context = chromium.new_context(locale="zh-CN", java_script_enabled=False)
        page = Visitor(context, served).sign_in("li")
        enter_quotation(page, served.address, scripts=False)
        assert amounts(page) == []
        page.click("main td a:has-text('18,702.72')")
        assert "不含税价 + 税额" in page.inner_text("main")
        page.goto(f"{served.address}/quote/1")
        page.click(".stage-button >> text=已发出")
        assert "已发出" in page.inner_text("li[aria-current=step]")
        context.close()
