"""Signing in, sessions, forged forms, tokens, hosts: A51 to A63."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from argon2.low_level import Type
from litestar.testing import TestClient

from engine.limits import LOGIN_FAILURES_MAX, LOGIN_WINDOW_SECONDS, SESSION_HOURS_MAX, SESSION_IDLE_HOURS_MAX
from engine.runtime.site import SiteHolder
from engine.store import credentials, security_log
from tests.attacks.oracles import digest
from tests.attacks.world import HOST, KEY, PASSWORD, World
from web.app import create_app
from web.security import Settings, csrf_token


@pytest.mark.attack("A51")
@pytest.mark.parametrize(
    "planted", ["x", "a" * 43, "", "forme", '"quoted"', "a" * 5000, "%00", "é".encode().decode("latin-1")]
)
def test_an_id_that_the_client_brings_is_never_taken_up(world: World, planted: str) -> None:
    cookie = f"forme={planted}; forme-visitor=planted"
    answer = world.sign_in("r1", cookie=cookie.encode("latin-1").decode("ascii", "ignore"))
    assert answer.status_code == 303
    secret = world.cookie(answer)
    assert len(secret) >= 43 and secret != planted
    for stolen in (planted.encode("ascii", "ignore").decode(), "planted"):
        assert world.request("GET", "/deal", headers={"Cookie": f"forme={stolen}"}).status_code == 303
    assert world.sign_in("r1").headers["set-cookie"] != answer.headers["set-cookie"]


@pytest.mark.attack("A51", "A52")
def test_a_session_is_over_after_signing_out_and_after_a_new_password(world: World) -> None:
    person = world.hire("mover", "rep")
    old, other = person.sign_in(), world.cookie(world.sign_in("mover"))
    person.session = old
    assert person.send("/logout").status_code == 303
    assert person.page("/deal").status_code == 303
    person.session = other
    assert person.page("/deal").status_code == 200
    changed = person.send(
        "/-/account/password", {"now": PASSWORD, "new": "another long password", "again": "another long password"}
    )
    assert changed.status_code == 303
    fresh = world.cookie(changed)
    assert fresh not in ("", other)
    assert person.page("/deal").status_code == 303, "the old id is void on this device too"
    person.session = fresh
    assert person.page("/deal").status_code == 200
    assert world.sign_in("mover").status_code == 401, "the old password"
    assert person.get("/deal").status_code == 200, "tokens are revoked for themselves"


@pytest.mark.attack("A52")
def test_a_session_ends_by_itself(world: World) -> None:
    person = world.hire("sleeper", "rep")
    for span in (timedelta(hours=SESSION_IDLE_HOURS_MAX, seconds=1), timedelta(hours=SESSION_HOURS_MAX, seconds=1)):
        person.sign_in()
        with world.later(span):
            assert person.page("/deal").status_code == 303


@pytest.mark.attack("A52")
def test_a_new_password_needs_the_old_one_and_guessing_it_is_slowed_too(world: World) -> None:
    person = world.hire("guessed", "rep")
    person.sign_in()
    new = {"new": "another long password", "again": "another long password"}
    for sent in ({"now": "wrong", **new}, {**new}, {"now": PASSWORD, "new": "short", "again": "short"},
                 {"now": PASSWORD, "new": "x" * 5000, "again": "x" * 5000}, {"now": PASSWORD, "new": "a" * 12,
                 "again": "b" * 12}):  # fmt: skip
        assert person.send("/-/account/password", sent).status_code == 422
    found = {person.send("/-/account/password", {"now": "wrong", **new}).status_code for _ in range(LOGIN_FAILURES_MAX)}
    assert 429 in found
    assert person.page("/deal").status_code == 200


FORMS: tuple[tuple[str, dict[str, str]], ...] = (
         ("/deal/new", {"name": "Forged", "account": "1"}), ("/deal/1/delete", {"_version": "1"}), ("/deal/1/copy", {}),
         ("/deal/1/stage", {"to": "lost", "_version": "1"}), ("/logout", {}), ("/-/account/tokens", {"name": "x"}),
         ("/-/account/preferences", {"locale": "en"}), ("/deal/1/edit", {"name": "Forged", "_version": "1"}),
         ("/deal/1/restore", {}), ("/-/account/password", {"now": PASSWORD, "new": "x" * 12, "again": "x" * 12}),
         ("/-/people", {"name": "x", "login": "x", "password": "x" * 12}), ("/login_log/new",
         {"text": "Forged"}))  # fmt: skip


@pytest.mark.attack("A53", "A54")
@pytest.mark.parametrize(("path", "form"), FORMS)
def test_a_form_of_somebody_elses_page_does_nothing(world: World, path: str, form: dict[str, str]) -> None:
    own, theirs = csrf_token(KEY, world.r1.session), csrf_token(KEY, world.r2.session)
    visitor = csrf_token(KEY, "planted")
    jar = f"forme={world.r1.session}; forme-visitor=planted"
    tokens = ("", theirs, visitor, own[:-1], own.upper(), own + "0", "é", csrf_token(b"another key", world.r1.session))
    for token in tokens:
        answer = world.request("POST", path, data={"_csrf": token, **form}, headers={"Cookie": jar})
        assert answer.status_code == 403, (token, answer.text[:300])
    for headers in (
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"},
        {"Origin": "null"}, {"Origin": f"http://{HOST}.evil.example"}, {"Origin": f"http://{HOST}:81"}, {"Origin": ""},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    ):  # fmt: skip
        answer = world.request("POST", path, data={"_csrf": own, **form}, headers={"Cookie": jar, **headers})
        assert answer.status_code == 403, (headers, answer.text[:300])
    for kind in ("text/plain", "application/json", ""):
        body = "&".join(f"{name}={value}" for name, value in {"_csrf": own, **form}.items())
        answer = world.request("POST", path, content=body, headers={"Cookie": jar, "Content-Type": kind})
        assert answer.status_code == 403, (kind, answer.text[:300])
    assert world.request("POST", path, data=form).status_code in (303, 401, 403), "no cookie at all"


@pytest.mark.attack("A53")
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "",
    "application/jsonp",
                                  "text/json", "application/xml"])  # fmt: skip
def test_programs_speak_json_and_cookies_are_no_credential_to_them(world: World, kind: str) -> None:
    token = {"Authorization": f"Bearer {world.r1.token}", "Content-Type": kind}
    for method, path in (("POST", "/deal"), ("PATCH", "/deal/1"), ("POST", "/deal/1/stage"), ("POST", "/deal/bulk")):
        answer = world.request(method, f"/api/v1{path}", content=b'{"name": "x"}', headers=token)
        assert answer.status_code in (400, 415), answer.text
        cookie = {"Cookie": f"forme={world.r1.session}", "Content-Type": "application/json"}
        assert world.request(method, f"/api/v1{path}", content=b"{}", headers=cookie).status_code == 401
    assert world.request("GET", "/api/v1/deal", headers={"Cookie": f"forme={world.r1.session}"}).status_code == 401


@pytest.mark.attack("A53")
def test_other_methods_do_nothing_whatever_a_header_says(world: World) -> None:
    token = {"Authorization": f"Bearer {world.r1.token}"}
    for override in (
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-Method-Override": "DELETE"},
        {"X-HTTP-Method": "DELETE"},
    ):
        assert world.request("GET", "/api/v1/deal/1?version=1", headers={**token, **override}).status_code == 200
        assert world.r1.send("/deal/1", {"_method": "DELETE", "_version": "1"}, **override).status_code in (404, 405)
    for method in ("PUT", "TRACE", "CONNECT", "PROPFIND", "MOVE", "delete", "DELETE", "PATCH", "OPTIONS"):
        for path in ("/deal/1", "/deal", "/", "/login", "/-/people"):
            headers = {"Cookie": f"forme={world.r1.session}", "X-CSRF-Token": csrf_token(KEY, world.r1.session)}
            answer = world.client.request(method, path, headers=headers, follow_redirects=False)
            assert answer.status_code in (204, 400, 404, 405), (method, path, answer.status_code)
    assert world.r1.get("/deal/1").status_code == 200


@pytest.mark.attack("A53")
def test_opening_a_page_changes_nothing(world: World) -> None:
    person = world.r1
    paths = ("/", "/deal", "/deal/1", "/deal/1/edit", "/deal/1/delete", "/deal/1/copy", "/deal/1/restore",
        "/deal/1/stage",
             "/deal/new", "/deal/new?name=x", "/-/account", "/logout", "/-/account/tokens", "/-/people", "/login",
             "/api/v1/deal/1/copy", "/api/v1/deal/1/restore", "/api/v1/deal/bulk")  # fmt: skip
    before = digest(world.site.database)
    for path in paths:
        person.page(path)
        person.raw("GET", path, headers={"Authorization": f"Bearer {person.token}"})
        person.raw("HEAD", path, headers={"Cookie": f"forme={person.session}"})
    assert digest(world.site.database) == before


@pytest.mark.attack("A54")
def test_a_planted_cookie_is_never_written_into_a_page(world: World) -> None:
    for cookie in ('"><script>alert(1)</script>', "'onload='x", "a b", "<svg>"):
        for name in ("forme", "forme-visitor", "csrftoken"):
            page = world.request("GET", "/login", headers={"Cookie": f"{name}={cookie}"})
            assert cookie not in page.text and "alert(1)" not in page.text


@pytest.fixture
def secure(world: World) -> Iterator[TestClient[Any]]:
    """The same firm behind https."""
    app = create_app(SiteHolder(world.site), Settings(hosts=(HOST,), https=True))
    with TestClient(app, base_url=f"https://{HOST}") as client:
        yield client


@pytest.mark.attack("A54")
def test_cookies_are_for_this_host_over_https_and_for_no_script(world: World, secure: TestClient[Any]) -> None:
    door = secure.get("/login")
    visitor = world.cookie(door, "__Host-forme-visitor")
    form = {"_csrf": csrf_token(KEY, visitor), "login": "r1", "password": PASSWORD}
    answer = secure.post("/login", data=form, follow_redirects=False)
    assert answer.status_code == 303
    world.changed()
    for line in [*door.headers.get_list("set-cookie"), *answer.headers.get_list("set-cookie")]:
        assert line.startswith("__Host-"), line
        assert "Path=/" in line and "Domain" not in line
    session = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("__Host-forme="))
    for word in ("HttpOnly", "Secure", "SameSite=lax"):
        assert word.lower() in session.lower()
    assert "max-age" in answer.headers["strict-transport-security"]
    plain = secure.get("/deal", headers={"Cookie": f"forme={world.r1.session}"}, follow_redirects=False)
    assert plain.status_code in (200, 303)


@pytest.mark.attack("A55")
def test_guessing_is_slowed_by_account_and_address_and_no_header_changes_the_address(world: World) -> None:
    world.hire("target", "rep")
    for number in range(LOGIN_FAILURES_MAX):
        headers = {"X-Forwarded-For": f"10.0.0.{number}", "Forwarded": f"for=10.0.0.{number}",
            "X-Real-IP": f"10.0.1.{number}",
                   "User-Agent": f"agent {number}"}  # fmt: skip
        name = ("target", "TARGET", " target ", "tARGET")[number % 4]
        assert world.sign_in(name, "wrong password", **headers).status_code == 401
    blocked = world.sign_in("target", PASSWORD, **{"X-Forwarded-For": "10.9.9.9"})
    assert blocked.status_code == 429, "even with the right password"
    unknown = [world.sign_in("no such person", "wrong password").status_code for _ in range(LOGIN_FAILURES_MAX + 1)]
    assert unknown == [401] * LOGIN_FAILURES_MAX + [429], "a name that nobody has is slowed alike"
    assert world.sign_in("r2").status_code == 303, "others sign in all the same"
    with world.later(timedelta(seconds=LOGIN_WINDOW_SECONDS + 1)):
        assert world.sign_in("target").status_code == 303, "nobody is locked out for good"


@pytest.mark.attack("A56")
def test_an_unknown_name_is_answered_like_a_wrong_password(world: World) -> None:
    world.hire("known", "rep")
    closed = world.hire("shut", "rep")
    world.update("user", closed.id, active=False)
    known, unknown, shut = (world.sign_in(name, "wrong password") for name in ("known", "unkno", "shut"))
    right = world.sign_in("shut", PASSWORD)
    assert known.status_code == unknown.status_code == shut.status_code == right.status_code == 401
    texts = [answer.text for answer in (known, unknown, shut, right)]
    for name, text in zip(("known", "unkno", "shut", "shut"), texts, strict=True):
        assert blank(text, name) == blank(texts[0], "known")
    assert len({len(answer.headers) for answer in (known, unknown, shut, right)}) == 1


def blank(page: str, name: str) -> str:
    """A sign-in page without what was typed and the visitor's token."""
    return re.sub(r"[0-9a-f]{64}|\b[0-9a-f]{12}\b", "", page.replace(f'value="{name}"', "value"))


@pytest.mark.attack("A56")
def test_an_unknown_name_costs_as_much_hashing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try verifies one hash of the same cost, whether there is such a person or not."""
    costs: list[str] = []
    hasher: Any = vars(credentials)["_HASHER"]

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(hasher, name)

        def verify(self, hash: str, password: str) -> bool:
            costs.append(hash.split("$")[3])
            return bool(hasher.verify(hash, password))

    monkeypatch.setattr(credentials, "_HASHER", Counting())
    closed = world.hire("costly", "rep")
    world.update("user", closed.id, active=False)
    for name in ("r1", "nobody at all", "", "x" * 5000, "costly"):
        assert world.sign_in(name, "wrong password").status_code == 401
    assert len(costs) == 5 and len(set(costs)) == 1


@pytest.mark.attack("A56")
def test_guessing_from_a_stolen_hash_is_dear(true_hasher: PasswordHasher) -> None:
    """At least what RFC 9106 recommends where memory is scarce."""
    assert (true_hasher.type, true_hasher.time_cost) == (Type.ID, 3)
    assert true_hasher.memory_cost >= 64 * 1024  # in KiB


@pytest.mark.attack("A56")
@pytest.mark.parametrize(("name", "value"), [("login", "a\x00b"), ("password", "\x00"), ("login", "x" * 100_000),
    ("login", "é\ud7ff"),
                                             ("login", "%"), ("login", "' OR 1=1 --"), ("password",
                                             "x" * 100_000)])  # fmt: skip
def test_odd_sign_in_names_are_wrong_and_nothing_more(world: World, name: str, value: str) -> None:
    sent = {"login": "r1", "password": "wrong password", name: value, "_csrf": csrf_token(KEY, "v")}
    jar = {"Cookie": "forme-visitor=v"}
    assert world.request("POST", "/login", data=sent, headers=jar).status_code in (400, 401, 413, 429)
    parts = {key: (None, text.encode("utf-8", "surrogatepass")) for key, text in sent.items()}
    assert world.request("POST", "/login", files=parts, headers=jar).status_code in (400, 401, 403, 413, 429)


@pytest.mark.attack("A59")
def test_a_token_is_told_once_and_taken_from_the_header_alone(world: World) -> None:
    made = world.r1.send("/-/account/tokens", {"name": "Mine"})
    [token] = set(re.findall(r"forme_[0-9a-f]{8}_[\w-]{40,}", made.text))
    for path in ("/-/account", "/", "/deal", f"/user/{world.r1.id}", "/-/people"):
        assert token not in world.r1.page(path).text
        assert token not in world.admin.page(path).text
    for query in (f"token={token}", f"access_token={token}", f"api_key={token}", f"authorization=Bearer {token}"):
        for path in ("/api/v1/deal", "/api/v1/deal/1", "/deal", "/api/v1/openapi.json"):
            assert world.request("GET", f"{path}?{query}").status_code in (303, 401)
    for headers in ({"X-API-Key": token}, {"Cookie": f"token={token}"}, {"X-Authorization": f"Bearer {token}"},
                    {"Cookie": f"forme={token}"}, {"Proxy-Authorization": f"Bearer {token}"}):  # fmt: skip
        assert world.request("GET", "/api/v1/deal", headers=headers).status_code == 401
    assert world.request("GET", "/api/v1/deal", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    with world.site.database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT * FROM forme_token").fetchall()
        logged = security_log.read(connection, world.site.tables, limit=1000)
        sessions = connection.exec_driver_sql("SELECT * FROM forme_session").fetchall()
    assert token not in repr(kept) and token[15:] not in repr(kept) + repr(logged)
    assert world.r1.session not in repr(sessions) + repr(logged)
    assert PASSWORD not in repr(logged)


@pytest.mark.attack("A59")
def test_a_token_makes_no_tokens_and_opens_no_pages(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.r1.token}"}
    for path in ("/-/account", "/deal", "/-/people", "/"):
        assert world.request("GET", path, headers=headers).status_code == 303
    answer = world.request("POST", "/-/account/tokens", data={"name": "x"}, headers=headers)
    assert answer.status_code in (303, 401, 403)
    for path in ("/token", "/tokens", "/session", "/credential", "/forme_token", "/user/1/tokens"):
        assert world.r1.get(path).status_code == 404
        assert world.r1.api("POST", path, {}).status_code in (404, 405)


@pytest.mark.attack("A60")
@pytest.mark.parametrize(
    "origin", ["https://evil.example", f"http://{HOST}", f"https://{HOST}.evil.example", "null", "*"]
)
def test_no_origin_is_let_in_by_cors(world: World, origin: str) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    for answer in (
        world.client.options("/api/v1/deal", headers=asked), world.r1.get("/deal", Origin=origin),
            world.r1.page("/deal", Origin=origin),
    ):  # fmt: skip
        assert not [name for name in answer.headers if name.startswith("access-control-allow")]
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.attack("A61")
@pytest.mark.parametrize("host", ["evil.example", f"{HOST}.evil.example", f"evil.example:80@{HOST}",
    f"{HOST}:80@evil.example", "",
                                  f"{HOST}:x", f"{HOST}, evil.example", "localhost", "127.0.0.1",
                                      f"{HOST}."])  # fmt: skip
def test_only_our_own_host_is_served(world: World, host: str) -> None:
    for path in ("/login", "/api/v1/deal", "/deal", "/static/x", "/healthz", "/nosuch"):
        answer = world.request("GET", path, headers={"Host": host})
        assert answer.status_code == 400 and "content-security-policy" in answer.headers
    forwarded = world.request("GET", "/login", headers={"Host": HOST, "X-Forwarded-Host": "evil.example"})
    assert forwarded.status_code == 200 and "evil.example" not in forwarded.text
    redirected = world.request(
        "GET", "/deal", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    )
    assert redirected.headers["location"].startswith("/login")


@pytest.mark.attack("A61")
@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example",
    "\\\\evil.example", "javascript:alert(1)",
                                    "/\t/evil.example", "/%09//evil.example", "///evil.example",
                                    "http:/evil.example", "evil.example",
                                    "/a\r\nSet-Cookie: x=1", "", "@evil.example", "/\u2028/evil", "//[",
                                    "/login\x00"])  # fmt: skip
def test_after_signing_in_one_stays_here(world: World, target: str) -> None:
    answer = world.sign_in("r1", next=target)
    if answer.status_code == 400:
        return
    assert answer.status_code == 303
    place = answer.headers["location"]
    assert place == "/" or (place.startswith("/") and not place.startswith(("//", "/\\"))), place
    assert "evil" not in place or place.startswith("/%09")
    signed = world.request("GET", "/login", params={"next": target}, headers={"Cookie": f"forme={world.r1.session}"})
    assert signed.status_code in (303, 400)
    if signed.status_code == 303:
        assert not signed.headers["location"].startswith(("//", "/\\", "http"))


@pytest.mark.attack("A63")
@pytest.mark.parametrize("headers", [{"X-User": "1"}, {"X_User": "1"}, {"Remote-User": "r1"},
    {"X-Forwarded-User": "admin"},
                                     {"X-Forwarded-For": "127.0.0.1"}, {"X-Original-URL": "/api/v1/deal"},
                                     {"X-Rewrite-URL": "/deal"}])  # fmt: skip
def test_no_header_of_a_proxy_signs_anybody_in(world: World, headers: dict[str, str]) -> None:
    assert world.request("GET", "/api/v1/deal", headers=headers).status_code == 401
    assert world.request("GET", "/deal", headers=headers).status_code == 303
    assert world.request("GET", "/healthz", headers=headers).status_code == 200


@pytest.mark.attack("A51")
def test_every_answer_to_a_person_is_kept_from_caches(world: World) -> None:
    for answer in (
        world.r1.page("/deal"),
        world.r1.get("/deal"),
        world.r1.page("/nosuch"),
        world.request("GET", "/login"),
    ):
        assert "no-store" in answer.headers["cache-control"]
        for name in ("content-security-policy", "x-content-type-options", "x-frame-options", "referrer-policy"):
            assert name in answer.headers
        assert "unsafe" not in answer.headers["content-security-policy"]
