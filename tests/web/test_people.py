"""People, roles, one's own account, and the two languages."""

from __future__ import annotations

import re

from litestar.testing import TestClient

from engine.runtime.site import Site
from tests.web.conftest import PASSWORD, Browser, add_person


def test_a_person_is_added_and_can_sign_in(boss: Browser) -> None:
    boss.open("/-/people")
    boss.send("/-/people", {"name": "Lin Xiao", "login": "lin", "password": PASSWORD, "role": "sales"})
    assert "Lin Xiao" in boss.text and "The person is added." in boss.text

    other = Browser(TestClient(boss.client.app))
    other.sign_in("lin")
    assert "Please change your first password." in other.text
    new = "a password of her own"
    other.send("/-/account/password", {"now": PASSWORD, "new": new, "again": new})
    assert "Customers" in other.open("/").text


def test_who_has_forgotten_a_password_gets_one_to_change(site: Site, boss: Browser) -> None:
    lin, other = add_person(site, "Lin Xiao", "lin", "sales"), Browser(TestClient(boss.client.app))
    other.sign_in("lin")
    boss.open("/-/people")
    short = boss.send("/-/people/password", {"person": str(lin), "password": "short"}).status_code
    boss.send("/-/people/password", {"person": str(lin), "password": "given by the boss"})
    assert (short, "The new password is in force." in boss.text) == (422, True)

    assert "Sign in" in other.open("/").text
    other.sign_in("lin", "given by the boss")
    assert "Please change your first password." in other.text


def test_ones_own_password_and_those_of_people_above_are_not_given(site: Site, boss: Browser) -> None:
    add_person(site, "Lin Xiao", "lin", "sales")
    boss.open("/-/people")
    assert boss.send("/-/people/password", {"person": "1", "password": "long enough for this"}).status_code == 422
    assert boss.send("/-/people/password", {"person": "99", "password": "long enough for this"}).status_code == 404
    lin = Browser(TestClient(boss.client.app))
    lin.sign_in("lin")
    lin.open("/")
    assert lin.send("/-/people/password", {"person": "1", "password": "long enough for this"}).status_code in (403, 404)


def test_a_login_that_is_taken_is_told(boss: Browser) -> None:
    boss.open("/-/people")
    boss.send("/-/people", {"name": "Other", "login": "BOSS", "password": PASSWORD})
    assert boss.page.status_code == 422
    assert boss.value("name") == "Other"


def test_the_last_administrator_cannot_be_lost(site: Site, boss: Browser) -> None:
    boss.open("/-/people")
    boss.send("/-/people/1/roles", {"role": "manager"})
    assert boss.page.status_code == 422
    assert "At least one active person" in boss.text
    boss.send("/-/people/1/active", {"active": ""})
    assert boss.page.status_code == 422


def test_a_leavers_records_go_to_a_colleague(site: Site, boss: Browser) -> None:
    lin = add_person(site, "林晓", "lin", "sales")
    boss.open("/customer/new")
    boss.send("/customer/new", {"name": "A", "owner": str(lin)})
    boss.open("/-/people")
    boss.send("/-/people/hand-over", {"from": str(lin), "to": "1"})
    assert "1 records handed over." in boss.text
    assert "王经理" in boss.open("/customer").text


def test_language_theme_and_time_zone_are_ones_own(boss: Browser) -> None:
    boss.open("/-/account")
    boss.send("/-/account/preferences", {"locale": "zh-CN", "theme": "dark", "timezone": "Europe/London"})
    assert '<html lang="zh-CN" data-theme="dark">' in boss.page.text
    assert "已保存。" in boss.text and "客户" in boss.text and "Customers" not in boss.text
    assert boss.send("/-/account/preferences", {"timezone": "Mars/Base"}).status_code == 422


def test_the_sign_in_page_speaks_the_browsers_language(browser: Browser) -> None:
    assert "登录" in browser.open("/login", headers={"accept-language": "zh-TW,zh;q=0.9"}).text
    assert "Sign in" in browser.open("/login", headers={"accept-language": "fr,en;q=0.8"}).text


def test_changing_the_password_signs_all_other_devices_out(boss: Browser) -> None:
    other = Browser(TestClient(boss.client.app))
    other.sign_in("boss")
    new = "another long password"
    boss.open("/-/account")
    assert boss.send("/-/account/password", {"now": "wrong", "new": new, "again": new}).status_code == 422
    assert boss.send("/-/account/password", {"now": PASSWORD, "new": "short", "again": "short"}).status_code == 422
    boss.send("/-/account/password", {"now": PASSWORD, "new": new, "again": new})

    assert "The password has changed" in boss.text
    assert boss.open("/customer").url.path == "/customer"
    assert other.open("/customer").url.path == "/login"


def test_an_api_token_is_shown_once_and_can_be_revoked(boss: Browser) -> None:
    boss.open("/-/account")
    boss.send("/-/account/tokens", {"name": "report"})
    found = re.search(r'<code class="token">(forme_[^<]+)</code>', boss.page.text)
    assert found
    bearer = {"authorization": f"Bearer {found[1]}"}
    assert boss.client.get("/api/v1/customer", headers=bearer).status_code == 200
    assert found[1] not in boss.open("/-/account").text

    boss.send("/-/account/tokens/1/revoke")
    assert boss.client.get("/api/v1/customer", headers=bearer).status_code == 401


def test_a_figure_is_explained(boss: Browser) -> None:
    boss.open("/quote/new")
    boss.send("/quote/new", {"name": "Brochure", "parts": "", "parts.0.name": "Cover", "parts.0.pages": "4"})
    assert 'href="/quote/1/explain/total"' in boss.page.text
    boss.open("/quote/1/explain/total")
    assert "How Total came about" in boss.text and "CN¥4.00" in boss.text
