"""Secret values: masked everywhere, shown on a record's page to those who may read them, and noted when they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from litestar.testing import TestClient

from engine.runtime import people
from engine.runtime.site import SiteHolder
from engine.store import security_log
from tests.crm import Crm
from tests.web.conftest import Browser, add_person
from web.app import create_app
from web.security import Settings

PORTALS = """
app: {name: Portals, locale: en, locales: [en, zh-CN], timezone: UTC, currency: EUR}
terms: {portal: {en: {one: Portal, other: Portals}, zh-CN: 门户}}
entities:
  portal:
    title: "{name}"
    list: {columns: [name, password]}
    fields:
      name:     {type: text, label: Name, required: true}
      owner:    {type: user, label: Owner}
      password: {type: secret, label: Password}
      closed:   {type: boolean, label: Closed, default: false}
      pin:      {type: secret, label: Pin, visible_when: not closed}
roles:
  keeper: {grants: {portal: {read: true, create: true, update: true, delete: true, restore: true, export: true}}}
  clerk:  {grants: {portal: {read: true, fields: {password: {read: masked, update: true}, pin: {read: false}}}}}
  owner:  {grants: {portal: {read: true, fields: {password: {read: owner == me}, pin: {read: false}}}}}
  rival:  {grants: {portal: {read: owner == me}}}
"""
CANARY = "canary-7f3a-opensesame"
PIN = "canary-1234"


class Portals:
    """The firm with one portal, and browsers of its people."""

    def __init__(self, crm: Crm) -> None:
        self.crm, self.site = crm, crm.site
        self.portal = crm.create("portal", name="Customs", password=CANARY, pin=PIN)

    def browser(self, role: str) -> Browser:
        """Somebody in this role, signed in."""
        app = create_app(SiteHolder(self.site), Settings(hosts=("testserver.local",)))
        browser = Browser(TestClient(app))
        self.person = add_person(self.site, role.title(), role, role)
        browser.sign_in(role)
        browser.open(f"/portal/{self.portal}")
        return browser

    def shown(self) -> list[tuple[int | None, object]]:
        """What the security log has of secrets that were shown, newest first."""
        with self.site.database.reading() as connection:
            events = security_log.read(connection, self.site.tables, event="secret_shown")
        return [(event.user, dict(event.details)) for event in events]


@pytest.fixture
def portals(database_url: str) -> Iterator[Portals]:
    """The firm on both databases."""
    with Crm.load(PORTALS, database_url) as crm:
        yield Portals(crm)


def test_who_may_read_it_has_it_shown_and_the_log_has_that(portals: Portals) -> None:
    keeper = portals.browser("keeper")
    assert CANARY not in keeper.page.text and 'aria-label="Show Password"' in keeper.page.text
    answer = keeper.send(f"/portal/{portals.portal}/reveal/password")

    assert answer.status_code == 200 and CANARY in keeper.text and PIN not in keeper.text
    assert "no-store" in answer.headers["cache-control"]
    [(user, details)] = portals.shown()
    assert (user, details) == (portals.person, {"entity": "portal", "field": "password", "record": portals.portal})
    assert 'aria-label="Hide Password"' in keeper.page.text
    assert CANARY not in keeper.open(f"/portal/{portals.portal}").text


def test_each_time_is_noted_and_never_the_value(portals: Portals) -> None:
    keeper = portals.browser("keeper")
    for field in ("password", "pin", "password"):
        keeper.send(f"/portal/{portals.portal}/reveal/{field}")
    assert len(portals.shown()) == 3
    assert "canary" not in json.dumps(portals.shown())


@pytest.mark.parametrize("role", ["clerk", "owner", "rival"])
def test_who_may_not_read_it_is_offered_nothing_and_gets_nothing(portals: Portals, role: str) -> None:
    browser = portals.browser(role)
    assert "Show Password" not in browser.page.text
    browser.open("/-/account")
    refused = browser.send(f"/portal/{portals.portal}/reveal/password")
    assert refused.status_code == 404 and CANARY not in refused.text
    assert portals.shown() == []


def test_a_right_that_depends_on_the_record_is_asked_of_the_record(portals: Portals) -> None:
    browser = portals.browser("owner")
    portals.crm.update("portal", portals.portal, owner=portals.person)
    browser.open(f"/portal/{portals.portal}")
    assert "Show Password" in browser.page.text and "Show Pin" not in browser.page.text
    assert CANARY in browser.send(f"/portal/{portals.portal}/reveal/password").text


@pytest.mark.parametrize("field", ["name", "pin", "nothing", "id", "password"])
def test_what_is_not_there_to_be_shown_is_not_found(portals: Portals, field: str) -> None:
    keeper = portals.browser("keeper")
    portals.crm.update("portal", portals.portal, closed=True, password=None)
    assert keeper.send(f"/portal/{portals.portal}/reveal/{field}").status_code == 404
    assert portals.shown() == []


def test_nothing_is_shown_of_a_deleted_record(portals: Portals) -> None:
    keeper = portals.browser("keeper")
    portals.crm.delete("portal", portals.portal)
    assert keeper.send(f"/portal/{portals.portal}/reveal/password").status_code == 404
    assert "Show Password" not in keeper.open(f"/portal/{portals.portal}").text


def test_a_link_or_a_forged_form_shows_nothing(portals: Portals) -> None:
    keeper = portals.browser("keeper")
    path = f"/portal/{portals.portal}/reveal/password"
    assert CANARY not in keeper.open(path).text
    assert keeper.client.post(path, data={"_csrf": "0" * 64}).status_code == 403
    assert portals.shown() == []


def test_lists_forms_and_the_api_stay_masked(portals: Portals) -> None:
    keeper = portals.browser("keeper")
    token = people.create_token(portals.site, login="keeper", name="report", days=1)
    bearer = {"authorization": f"Bearer {token}"}
    for path in ("/portal", f"/portal/{portals.portal}/edit"):
        assert "canary" not in keeper.open(path).text
    for path in ("/api/v1/portal", f"/api/v1/portal/{portals.portal}"):
        assert "canary" not in keeper.client.get(path, headers=bearer).text
    assert keeper.client.post(f"/api/v1/portal/{portals.portal}/reveal/password", headers=bearer).status_code == 405


def test_a_value_of_another_installation_is_told_in_words(portals: Portals) -> None:
    portals.site = replace(portals.site, key=b"another key, also 32 bytes long.")
    keeper = portals.browser("keeper")
    answer = keeper.send(f"/portal/{portals.portal}/reveal/password")
    assert answer.status_code == 409 and "encrypted with another key" in keeper.text
    assert portals.shown() == []
