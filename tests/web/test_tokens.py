"""API tokens that end by themselves: chosen, shown, over."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from engine.runtime.clock import SetClock
from engine.runtime.site import Site
from tests.web.conftest import Browser


def make(browser: Browser, **more: str) -> str:
    """A token made on the account page; its text."""
    browser.open("/-/account")
    browser.send("/-/account/tokens", {"name": "report", **more})
    found = re.search(r'<code class="token">(forme_[^<]+)</code>', browser.page.text)
    assert found, browser.text
    return found[1]


def lets_in(browser: Browser, token: str) -> bool:
    """Whether the API takes the token."""
    answer = browser.client.get("/api/v1/customer", headers={"authorization": f"Bearer {token}"})
    return answer.status_code == 200


def pass_days(site: Site, browser: Browser, days: int) -> None:
    """Let time pass, and sign in again."""
    assert isinstance(site.clock, SetClock)
    site.clock.advance(timedelta(days=days))
    browser.sign_in("boss")


def test_three_terms_are_offered_and_ninety_days_are_chosen(boss: Browser) -> None:
    boss.open("/-/account")
    offered = re.findall(r'<option value="(\d+)"( selected)?>\d+ days</option>', boss.page.text)
    assert offered == [("30", ""), ("90", " selected"), ("365", "")]


@pytest.mark.parametrize(
    ("chosen", "days", "last"), [({}, 90, "Apr 5, 2026"), ({"days": "30"}, 30, "Feb 4, 2026"),
                                 ({"days": "365"}, 365, "Jan 5, 2027")]
)  # fmt: skip
def test_a_token_ends_after_the_chosen_days(
    site: Site, boss: Browser, chosen: dict[str, str], days: int, last: str
) -> None:
    token = make(boss, **chosen)
    assert last in boss.text and "expired" not in boss.text
    pass_days(site, boss, days - 1)
    assert lets_in(boss, token)
    pass_days(site, boss, 1)
    assert not lets_in(boss, token)
    boss.open("/-/account")
    assert f"{last} · expired" in boss.text


def test_an_expired_token_is_told_in_chinese_too(site: Site, boss: Browser) -> None:
    make(boss, days="30")
    pass_days(site, boss, 31)
    boss.open("/-/account")
    boss.send("/-/account/preferences", {"locale": "zh-CN"})
    assert "有效期至" in boss.text and "2026年2月4日 · 已过期" in boss.text


@pytest.mark.parametrize("days", ["0", "-1", "36500", "never", "90.0", ""])
def test_no_other_term_can_be_had(boss: Browser, days: str) -> None:
    boss.open("/-/account")
    boss.send("/-/account/tokens", {"name": "for ever", "days": days})
    assert boss.page.status_code == 422
    assert "Choose from the list" in boss.text and "for ever" not in boss.text
