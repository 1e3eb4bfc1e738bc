"""Lists: their state is the URL; filters, order and pages are plain links and forms."""

from __future__ import annotations

import re

import pytest

from engine.change import Draft, system
from engine.runtime.save import save
from engine.runtime.site import Site
from tests.web.conftest import Browser


@pytest.fixture
def many(site: Site, boss: Browser) -> Browser:
    """A browser at a firm with thirty customers."""
    for number in range(30):
        values = {"name": f"客户 {number:02}", "kind": "packaging" if number % 3 == 0 else "publisher",
                  "limit": str(1000 * number)}  # fmt: skip
        save(site, system(), Draft("customer", values))
    return boss


def names(browser: Browser) -> list[str]:
    return re.findall(r'<th scope="row"[^>]*>\s*<a href="/customer/\d+">([^<]*)</a>', browser.page.text)


def test_pages_follow_one_another(many: Browser) -> None:
    many.open("/customer?size=25")
    assert names(many) == [f"客户 {number:02}" for number in range(25)]
    assert "1–25 of 30" in many.text

    following = re.search(r'rel="next" href="([^"]+)"', many.page.text)
    assert following
    many.open(following[1].replace("&amp;", "&"))
    assert names(many) == [f"客户 {number:02}" for number in range(25, 30)]
    assert 'rel="next"' not in many.page.text
    assert 'rel="prev" href="/customer?size=25"' in many.page.text


def test_a_heading_sorts_up_then_down_then_not(many: Browser) -> None:
    many.open("/customer?sort=limit")
    assert 'aria-sort="ascending"' in many.page.text
    many.open("/customer?sort=-limit")
    assert names(many)[0] == "客户 29"
    assert 'aria-sort="descending"' in many.page.text


def test_the_small_form_of_a_filter_becomes_a_plain_address(many: Browser) -> None:
    many.open("/customer?sort=-limit&_filter=kind&_op=is&_value=packaging")
    assert str(many.page.url).endswith("/customer?sort=-limit&f.kind=packaging")
    assert len(names(many)) == 10
    assert re.search(r"Industry\s+is\s+Packaging", many.text)

    many.open("/customer?f.kind=packaging&_filter=limit&_op=between&_value=3000&_until=9000")
    assert names(many) == ["客户 03", "客户 06", "客户 09"]
    off = re.findall(r'class="filter-x" href="([^"]+)"', many.page.text)
    assert off == ["/customer?f.limit.between=3000..9000", "/customer?f.kind=packaging"]


def test_search_finds_chinese_text_and_keeps_the_filters(many: Browser) -> None:
    many.open("/customer?f.kind=packaging&q=客户 27")
    assert names(many) == ["客户 27"]
    assert '<input type="hidden" name="f.kind" value="packaging">' in many.page.text


def test_nothing_found_says_so_and_offers_the_way_back(many: Browser) -> None:
    many.open("/customer?q=nowhere")
    assert "No match" in many.text and "Clear filters" in many.text


def test_htmx_gets_the_part_alone(many: Browser) -> None:
    part = many.open("/customer?sort=-limit", headers={"HX-Request": "true"})
    assert part.text.lstrip().startswith('<div class="list"')
    assert "<html" not in part.text
    assert "HX-Request" in part.headers["vary"]


@pytest.mark.parametrize("query", ["f.nothere=1", "f.kind.near=1", "sort=nothere", "page=x", "colour=red"])
def test_a_question_that_cannot_be_asked_gets_a_friendly_page(many: Browser, query: str) -> None:
    answer = many.open(f"/customer?{query}")
    assert answer.status_code == 400
    assert "cannot be read" in many.text


def test_a_quick_filter_is_a_choice_beside_the_search(many: Browser) -> None:
    many.open("/customer?q=&f.owner=1")
    assert re.search(r'<option value="1" selected>王经理', many.page.text)
    assert "No match" in many.text, "nobody owns what the system made"
    many.open("/customer?q=&f.owner=")
    assert len(names(many)) == 30


HOSTILE = '"><img src=x onerror=alert(1)>{{7*7}}<script>alert(1)</script>'


def test_hostile_texts_are_shown_as_they_are(site: Site, many: Browser) -> None:
    made = save(site, system(), Draft("customer", {"name": HOSTILE, "notes": HOSTILE, "web": "https://example.org/x"}))
    for path in ("/customer?q=alert", f"/customer/{made.id}", f"/customer/{made.id}/edit",
                 f"/customer/{made.id}/delete", "/"):  # fmt: skip
        page = many.open(path).text
        assert "<img src=x" not in page and "<script>alert" not in page, path
        assert "{{7*7}}" in page or path == "/", path
