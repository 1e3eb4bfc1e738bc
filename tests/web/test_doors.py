"""What keeps strangers and forged requests out."""

from __future__ import annotations

import re
from typing import Any

import pytest
from litestar.testing import TestClient

from engine.change import system
from engine.runtime import people
from engine.runtime.site import Site
from engine.store import sessions
from tests.web.conftest import PASSWORD, Browser, add_person
from web.security import Settings, address_of, csrf_token, local_path, same_site, token_fits

COOKIE = "forme"


def test_a_wrong_password_and_an_unknown_person_get_the_same_answer(site: Site, browser: Browser) -> None:
    add_person(site, "林晓", "lin", "manager")
    wrong = browser.sign_in("lin", "not the password")
    unknown = browser.sign_in("nobody", "not the password")

    def plain(text: str) -> str:
        return re.sub(r'value="[^"]*"|content="[0-9a-f]{64}"', "", text)

    assert wrong.status_code == unknown.status_code == 401
    assert plain(wrong.text) == plain(unknown.text)
    assert "not right" in browser.text


def test_guessing_is_slowed_down(site: Site, browser: Browser) -> None:
    add_person(site, "林晓", "lin", "manager")
    answers = [browser.sign_in("lin", "guess").status_code for _ in range(11)]

    assert answers[:10] == [401] * 10
    assert answers[10] == 429
    assert browser.sign_in("lin", PASSWORD).status_code == 429, "the right one must wait too"


def test_the_session_id_is_always_a_new_one(site: Site, client: TestClient[Any], browser: Browser) -> None:
    add_person(site, "林晓", "lin", "manager")
    client.cookies.set(COOKIE, "chosen-by-an-attacker")
    browser.sign_in("lin")
    ours = client.cookies.get(COOKIE, domain="testserver.local") or client.cookies.jar

    assert browser.page.status_code == 200
    assert "chosen-by-an-attacker" not in str(ours)
    stranger = Browser(TestClient(client.app))
    stranger.client.cookies.set(COOKIE, "chosen-by-an-attacker")
    assert stranger.open("/").url.path == "/login"


def test_signing_out_ends_the_session_in_the_database(boss: Browser) -> None:
    cookie = next(c.value or "" for c in boss.client.cookies.jar if c.name == COOKIE)
    boss.open("/")
    boss.send("/logout")
    assert boss.page.url.path == "/login"
    boss.client.cookies.set(COOKIE, cookie)
    assert boss.open("/").url.path == "/login"


def test_a_closed_account_is_out_at_once(site: Site, boss: Browser) -> None:
    lin = add_person(site, "林晓", "lin", "manager")
    other = Browser(TestClient(boss.client.app))
    other.sign_in("lin")
    assert other.page.status_code == 200

    people.close(site, system(), lin)
    assert other.open("/").url.path == "/login"


def test_lost_roles_are_lost_at_the_next_request(site: Site, boss: Browser) -> None:
    lin = add_person(site, "林晓", "lin", "manager")
    other = Browser(TestClient(boss.client.app))
    other.sign_in("lin")
    assert other.open("/customer").status_code == 200

    people.give_roles(site, system(), lin, [])
    assert other.open("/customer").status_code == 404


@pytest.mark.parametrize("token", ["", "0" * 64, "another"])
def test_a_form_without_our_token_changes_nothing(boss: Browser, token: str) -> None:
    boss.open("/customer/new")
    answer = boss.client.post("/customer/new", data={"_csrf": token, "name": "Forged"})

    assert answer.status_code == 403
    assert "Forged" not in boss.open("/customer").text


def test_a_token_of_another_session_is_of_no_use(site: Site, boss: Browser) -> None:
    add_person(site, "林晓", "lin", "manager")
    other = Browser(TestClient(boss.client.app))
    other.sign_in("lin")
    theirs = other.csrf
    answer = boss.client.post("/customer/new", data={"_csrf": theirs, "name": "Forged"})

    assert theirs and answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"},
     {"origin": "null"}],
)  # fmt: skip
def test_a_form_of_another_site_is_refused_even_with_the_right_token(boss: Browser, headers: dict[str, str]) -> None:
    boss.open("/customer/new")
    answer = boss.client.post("/customer/new", data={"_csrf": boss.csrf, "name": "Forged"}, headers=headers)
    assert answer.status_code == 403


def test_the_sign_in_form_itself_cannot_be_forged(site: Site, browser: Browser) -> None:
    add_person(site, "林晓", "lin", "manager")
    answer = browser.client.post("/login", data={"login": "lin", "password": PASSWORD})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("wanted", "safe"),
    [("/deal?f.stage=won", "/deal?f.stage=won"), ("//evil.com", "/"), ("https://evil.com", "/"), ("/\\evil.com", "/"),
     ("/a\r\nSet-Cookie: x=1", "/"), ("javascript:alert(1)", "/"), ("", "/"), ("/\tevil", "/"), ("deal", "/")],
)  # fmt: skip
def test_after_signing_in_one_only_goes_to_our_own_pages(wanted: str, safe: str) -> None:
    assert local_path(wanted) == safe


def test_every_answer_carries_the_headers_that_protect_it(boss: Browser) -> None:
    for path in ("/", "/customer", "/nothere", "/healthz", "/login", "/api/v1/customer"):
        headers = boss.open(path, follow=False).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy, path
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert "no-store" in headers["cache-control"], path
        assert "HX-Request" in headers["vary"] and "Cookie" in headers["vary"], path


def test_static_files_may_be_kept_for_ever(boss: Browser) -> None:
    found = re.search(r'href="(/static/[^"]+\.css)"', boss.open("/").text)
    assert found
    headers = boss.open(found[1]).headers
    assert "immutable" in headers["cache-control"] and "set-cookie" not in headers


def test_an_unknown_host_is_refused(client: TestClient[Any]) -> None:
    assert client.get("/healthz", headers={"host": "evil.example"}).status_code == 400
    assert client.get("/healthz", headers={"host": ""}).status_code == 400
    assert client.get("/healthz").status_code == 200


def test_cookies_are_closed_to_scripts_and_other_sites(site: Site, browser: Browser) -> None:
    add_person(site, "林晓", "lin", "manager")
    browser.open("/login")
    answer = browser.send("/login", {"login": "lin", "password": PASSWORD}, follow=False)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("forme="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
    assert Settings(https=True).session_cookie.startswith("__Host-")


def test_forwarded_addresses_are_believed_of_trusted_proxies_only() -> None:
    behind = Settings(proxies=frozenset({"10.0.0.1"}))
    assert address_of("10.0.0.1", "1.2.3.4, 5.6.7.8", behind) == "5.6.7.8"
    assert address_of("9.9.9.9", "1.2.3.4", behind) == "9.9.9.9"
    assert address_of("9.9.9.9", "1.2.3.4", Settings()) == "9.9.9.9"


def test_tokens_belong_to_their_session() -> None:
    assert token_fits(b"key", "a", csrf_token(b"key", "a"))
    assert not token_fits(b"key", "b", csrf_token(b"key", "a"))
    assert not token_fits(b"key", "", csrf_token(b"key", ""))
    assert same_site({}) and not same_site({"sec-fetch-site": "cross-site"})


def test_the_first_administrator_comes_by_a_link_that_works_once(site: Site, browser: Browser) -> None:
    secret = people.setup_secret(site)
    assert secret is not None
    path = f"{people.SETUP_PATH}/{secret}"
    browser.open(path)
    assert browser.send(path, {"name": "Boss", "login": "boss", "password": "short"}).status_code == 422
    assert browser.value("name") == "Boss"
    browser.send(path, {"name": "Boss", "login": "boss", "password": PASSWORD})
    assert "The administrator is set up" in browser.text

    assert browser.open(path).status_code == 404
    assert browser.sign_in("boss").status_code == 200
    assert browser.open("/-/people").status_code == 200


def test_not_there_and_not_allowed_to_know_look_the_same(site: Site, boss: Browser) -> None:
    lin = add_person(site, "林晓", "lin", "sales")
    boss.open("/customer/new")
    boss.send("/customer/new", {"name": "A"})
    boss.open("/deal/new")
    boss.send("/deal/new", {"name": "Secret deal", "customer": "1"})
    other = Browser(TestClient(boss.client.app))
    other.sign_in("lin")

    def plain(text: str) -> str:
        return re.sub(r"<code>[0-9a-f]+</code>", "", text)

    hidden, missing = other.open("/deal/1"), other.open("/deal/999")
    assert lin and hidden.status_code == missing.status_code == 404
    assert plain(hidden.text) == plain(missing.text)
    assert "Secret deal" not in other.open("/deal").text
    assert plain(other.open("/quote").text) == plain(other.open("/nothing").text)
    assert "/-/people" not in other.text and other.open("/-/people").status_code == 403


def test_a_hidden_field_is_nowhere_for_who_may_not_see_it(site: Site, boss: Browser) -> None:
    add_person(site, "林晓", "lin", "sales")
    boss.open("/customer/new")
    boss.send("/customer/new", {"name": "A", "limit": "77777"})
    other = Browser(TestClient(boss.client.app))
    other.sign_in("lin")

    for path in ("/customer", "/customer/1", "/customer/new"):
        assert "Credit limit" not in other.open(path).text
        assert "77,777" not in other.text
    hidden, unknown = other.open("/customer?sort=limit"), other.open("/customer?sort=nothere")
    assert hidden.status_code == unknown.status_code == 400


def test_an_error_never_shows_a_traceback(boss: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("web.routes.listing.browse", broken)
    answer = boss.open("/customer")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text and "the secret inside" not in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_a_form_sent_after_the_session_ended_is_not_lost(site: Site, boss: Browser) -> None:
    boss.open("/customer/new")
    with site.database.writing() as connection:
        sessions.close_all(connection, site.tables, 1)
    boss.send("/customer/new", {"name": "Typed before", "notes": "two\nlines"})
    assert boss.page.status_code == 401
    assert "what you typed is still here" in boss.text

    kept = {"_kept.name": boss.value("_kept.name"), "_kept.notes": "two\nlines", "next": boss.value("next")}
    boss.send("/login", {"login": "boss", "password": PASSWORD, **kept})
    assert "What you typed is not saved yet." in boss.text
    boss.send("/customer/new", {"name": boss.value("name"), "notes": "two\nlines"})
    assert boss.page.status_code == 200 and "Typed before" in boss.text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/customer", 405), ("/nothere/1/edit", 404), ("/customer/999/edit", 404)],
)
def test_what_cannot_be_done_gets_a_friendly_page(boss: Browser, path: str, status: int) -> None:
    boss.open("/")
    boss.send(path, {})
    assert boss.page.status_code == status
    assert boss.page.headers["x-request-id"] in boss.page.text


def test_more_than_is_allowed_is_refused(boss: Browser) -> None:
    boss.open("/-/account")
    boss.send("/-/account/preferences", {"timezone": "x" * 11_000_000})
    assert boss.page.status_code == 413
    assert "Too large" in boss.text
