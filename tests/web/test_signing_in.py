"""Signing in, staying signed in, and what strangers get."""

from __future__ import annotations

from engine.runtime.site import Site
from tests.web.conftest import PASSWORD, Browser, add_person


def test_a_page_asks_who_is_there_and_then_shows_itself(site: Site, browser: Browser) -> None:
    add_person(site, "林晓", "lin", "manager")

    asked = browser.open("/customer?sort=-name")
    assert asked.url.path == "/login"
    browser.send("/login", {"login": "lin", "password": PASSWORD, "next": "/customer?sort=-name"})

    assert browser.page.status_code == 200, browser.text
    assert browser.page.url.path == "/customer"
    assert "No customers yet" in browser.text
