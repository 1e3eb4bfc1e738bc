"""A password that somebody else gave opens one page: the one on which it is changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar.testing import TestClient

from engine.change import system
from engine.runtime import people
from engine.runtime.site import Site
from tests.web.conftest import PASSWORD, Browser
from web.app import PAGES
from web.route import Route

NEW = "a password of my own"
DOOR = ("/login", "/logout", "/-/setup/", "/-/account/password")
CLOSED = [route for route in PAGES if route.path != "/-/account" and not route.path.startswith(DOOR)]


@pytest.fixture
def newcomer(site: Site, client: TestClient[Any]) -> Browser:
    """Lin, signed in with the password that the administrator chose."""
    people.add(
        site, system(), name="Lin", login="lin", roles=["manager", "administrator"], password=PASSWORD, must_change=True
    )
    browser = Browser(client)
    browser.sign_in("lin", next="/customer")
    return browser


def change(browser: Browser, new: str = NEW) -> None:
    """Send the form that changes the password."""
    browser.open("/-/account")
    browser.send("/-/account/password", {"now": PASSWORD, "new": new, "again": new})


@pytest.mark.parametrize("route", CLOSED, ids=lambda route: f"{route.method} {route.path}")
def test_every_page_leads_to_the_change_of_the_password(newcomer: Browser, route: Route) -> None:
    path = re.sub(r"\{entity:str\}", "customer", route.path)
    path = re.sub(r"\{\w+:int\}", "1", re.sub(r"\{\w+:str\}", "name", path))
    newcomer.open("/-/account")
    answer = newcomer.open(path, follow=False) if route.method == "GET" else newcomer.send(path, {}, follow=False)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/-/account")


def test_nothing_is_done_for_a_form_that_comes_before_the_change(newcomer: Browser) -> None:
    for path, sent in (
        ("/customer/new", {"name": "Too early"}), ("/-/account/tokens", {"name": "Too early"}),
        ("/-/account/preferences", {"locale": "zh-CN"}),
    ):  # fmt: skip
        newcomer.open("/-/account")
        newcomer.send(path, sent)
    change(newcomer)
    assert "Too early" not in newcomer.text and '<html lang="en"' in newcomer.page.text
    assert "Too early" not in newcomer.open("/customer").text


def test_the_page_itself_offers_the_password_and_signing_out_only(newcomer: Browser) -> None:
    newcomer.open("/-/account")
    assert "Please change your first password." in newcomer.text
    assert "Change password" in newcomer.text and "Sign out" in newcomer.text
    for closed in ("API tokens", "Preferences", "Customers"):
        assert closed not in newcomer.text
    style = re.search(r'href="(/static/[^"]+\.css)"', newcomer.page.text)
    assert style and newcomer.client.get(style[1]).status_code == 200
    newcomer.send("/logout")
    assert newcomer.page.url.path == "/login"


def test_a_part_of_a_page_leads_there_too(newcomer: Browser) -> None:
    answer = newcomer.open("/customer", headers={"hx-request": "true"})
    assert answer.status_code == 401 and answer.headers["hx-redirect"] == "/-/account"


def test_the_given_password_cannot_be_kept(newcomer: Browser) -> None:
    change(newcomer, PASSWORD)
    assert newcomer.page.status_code == 422
    assert "The new password must differ from the present one." in newcomer.text
    assert newcomer.open("/customer").url.path == "/-/account"


def test_with_a_password_of_ones_own_everything_opens(newcomer: Browser) -> None:
    change(newcomer)
    assert "The password has changed" in newcomer.text and "API tokens" in newcomer.text
    assert newcomer.open("/customer").url.path == "/customer"


def test_a_new_password_from_the_administrator_closes_the_pages_again(site: Site, newcomer: Browser) -> None:
    change(newcomer)
    people.set_password(site, system(), 1, PASSWORD)
    assert newcomer.open("/customer").url.path == "/login"
    newcomer.sign_in("lin", next="/customer")
    assert newcomer.open("/customer").url.path == "/-/account"


def test_tokens_that_were_made_before_go_on(site: Site, newcomer: Browser) -> None:
    change(newcomer)
    token = people.create_token(site, login="lin", name="report", days=1)
    people.set_password(site, system(), 1, PASSWORD)
    answer = newcomer.client.get("/api/v1/customer", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200
