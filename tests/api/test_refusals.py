"""What the API refuses: uniformly, in words, and with nothing stored."""

from __future__ import annotations

from typing import Any

from engine.change import system
from engine.runtime import people
from engine.store import credentials
from tests.api.conftest import Firm, Program

HIDDEN = "margin"
NEVER = "mardin"
"""As far from every known name as the hidden one: the words of the answer may then be the same."""


def test_only_a_bearer_token_opens_the_api(firm: Firm, rep: Program) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer forme_00000000_nothing"},
        {"Authorization": f"Basic {rep.token}"},
        {"Cookie": f"forme={rep.token}"},
        {"Authorization": f"Bearer {rep.token[:-1]}"},
    ):
        answer = firm.client.get("/api/v1/deal", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"
    assert firm.client.get(f"/api/v1/deal?token={rep.token}").status_code == 401


def test_rights_that_are_taken_away_are_gone_at_once(firm: Firm, rep: Program) -> None:
    deal = rep.make("deal", name="d")
    with firm.site.database.writing() as connection:
        credentials.set_roles(connection, firm.site.tables, rep.user, [])
    assert rep.get(f"/deal/{deal['id']}").status_code == 404
    with firm.site.database.writing() as connection:
        credentials.set_roles(connection, firm.site.tables, rep.user, ["rep"])
    assert rep.get(f"/deal/{deal['id']}").status_code == 200
    firm.program("boss", "administrator")
    people.close(firm.site, system(), rep.user)
    assert rep.get(f"/deal/{deal['id']}").status_code == 401


def test_a_hidden_field_looks_like_none(rep: Program) -> None:
    rep.make("deal", name="d")
    for template in ("sort={}", "sort=-{}", "fields=name,{}", "where={} > 0.5", "where=account.name == 'x' and {} > 1"):
        hidden = rep.get(f"/deal?{template.format(HIDDEN)}")
        never = rep.get(f"/deal?{template.format(NEVER)}")
        assert hidden.status_code == never.status_code == 400, template
        assert hidden.text.replace(HIDDEN, "X") == never.text.replace(NEVER, "X"), template
    for field in (HIDDEN, NEVER):
        answer = rep.post("/deal", {"name": "d", field: "1"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["code"] == "unknown_field"


def test_a_record_of_another_looks_like_none(firm: Firm, rep: Program, other: Program) -> None:
    theirs = other.make("deal", name="canary", items=[{"what": "canary", "price": "1"}])
    line = theirs["items"][0]["id"]
    before = firm.digest()
    for method, path, body in (
        ("GET", "/deal/{}", None),
        ("PATCH", "/deal/{}", {"name": "mine", "version": 1}),
        ("DELETE", "/deal/{}?version=1", None),
        ("POST", "/deal/{}/restore", {}),
        ("POST", "/deal/{}/stage", {"to": "lost", "version": 1}),
        ("POST", "/deal/{}/copy", {}),
        ("GET", "/deal/{}/contract/1", None),
        ("GET", "/deal/{}/explain/total", None),
    ):
        hidden = rep.ask(method, path.format(theirs["id"]), body)
        missing = rep.ask(method, path.format(424242), body)
        assert hidden.status_code == missing.status_code == 404, (method, path)
        assert hidden.content == missing.content, (method, path)
    assert rep.get(f"/item/{line}/explain/worth").content == rep.get("/item/424242/explain/worth").content
    assert rep.post("/deal", {"name": "d", "items": [{"id": line, "what": "taken"}]}).status_code == 422
    assert firm.digest() == before


UNSETTABLE: list[dict[str, Any]] = [
    {"id": 5}, {"created_at": "2020-01-01T00:00:00Z"}, {"created_by": 1}, {"deleted_at": None}, {"margin": "0.5"},
    {"approved_at": "2026-01-01T00:00:00Z"}, {"total": "5"}, {"is_deleted": True}, {"stage__pipeline": "x"},
    {"items": [{"what": "a", "price": "1", "worth": "9"}]}, {"items": [{"what": "a", "price": "1", "deal": 7}]},
    {"__proto__": {}}, {"contacts": [{"id": 1, "nosuch": 1}]},
]  # fmt: skip


def test_what_may_not_be_set_refuses_the_whole(firm: Firm, rep: Program) -> None:
    rep.make("contact", name="c")
    deal = rep.make("deal", name="d")
    before = firm.digest()
    for extra in UNSETTABLE:
        made = rep.post("/deal", {"name": "other", **extra})
        changed = rep.patch(f"/deal/{deal['id']}", {"name": "other", "version": 1, **extra})
        assert made.status_code == 422, made.text
        assert changed.status_code == 422, changed.text
        assert made.json()["errors"]
    assert firm.digest() == before


BODIES = [
    (b"", 400), (b"{", 400), (b"[]", 400), (b'"text"', 400), (b"null", 400), (b'{"name": "a", "name": "b"}', 400),
    (b'{"name": NaN}', 400), (b'{"name": "\\u0000"}', 400), (b'{"name": "\\ud800"}', 400),
    (b'{"name": "\xff"}', 400),
    (b'{"amount": 1' + b"0" * 100 + b"}", 400), (b'{"amount": 1e999999}', 400), (b"[" * 100_000, 400),
    (b'{"a":' * 5000 + b"1" + b"}" * 5000, 400), (b'{"name": ["a"]}', 422), (b'{"name": {"id": 1}}', 422),
    (b'{"name": true}', 422), (b'{"name": "d", "amount": "ten"}', 422), (b'{"name": "d", "account": 999}', 422),
    (b'{"name": "d", "account": "first"}', 422), (b'{"name": "d", "items": {"what": "a"}}', 422),
    (b'{"name": "d", "items": [7]}', 422), (b'{"name": "d", "closes": "2027-02-30"}', 422),
    (b'{"name": "d", "amount": 0.1234567}', 422), (b'{"name": "d", "confirm": "cheap"}', 422),
]  # fmt: skip


def test_a_body_that_cannot_be_meant_is_refused(firm: Firm, rep: Program) -> None:
    before = firm.digest()
    for body, status in BODIES:
        answer = firm.client.post(
            "/api/v1/deal",
            content=body,
            headers={"Authorization": f"Bearer {rep.token}", "Content-Type": "application/json"},
        )
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert firm.digest() == before


def test_only_json_is_taken(firm: Firm, rep: Program) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = firm.client.post(
            "/api/v1/deal",
            content=b'{"name": "d"}',
            headers={"Authorization": f"Bearer {rep.token}", "Content-Type": content_type},
        )
        assert answer.status_code == 415, content_type


QUESTIONS = [
    "nosuch=1", "f.stage=won", "size=ten", "page=-", "total=maybe", "sort=name&sort=amount", "where=name ==",
    "where=import os", "where=().__class__", "where=name.upper()", "after=zzz", "where=%00", "q=%ff",
    "where=amount",
]  # fmt: skip


def test_a_question_that_cannot_be_meant_is_refused(rep: Program) -> None:
    for query in QUESTIONS:
        answer = rep.get(f"/deal?{query}")
        assert answer.status_code == 400, answer.text
        assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_no_entity_looks_like_what_may_not_be_known(rep: Program) -> None:
    never = rep.get("/nothing")
    assert never.status_code == 404
    for path in ("/item", "/deal__contacts", "/forme_user", "/team/1", "/../deal", "/deal/x", "/deal/1/2/3/4"):
        assert rep.get(path).status_code == 404, path
    assert rep.get("/item").content == never.content


def test_methods_that_are_not_there_change_nothing(firm: Firm, rep: Program) -> None:
    deal = rep.make("deal", name="d")
    before = firm.digest()
    for method, path in (("PUT", "/deal/1"), ("DELETE", "/deal"), ("GET", f"/deal/{deal['id']}/restore")):
        answer = rep.ask(method, path, **{"X-HTTP-Method-Override": "PATCH"})
        assert answer.status_code in (404, 405), (method, path)
    assert firm.digest() == before


def test_no_other_site_is_let_in(rep: Program) -> None:
    for origin in ("https://evil.example", "null", "http://localhost.evil.example"):
        answer = rep.ask("GET", "/deal", Origin=origin)
        assert "access-control-allow-origin" not in answer.headers


def test_bodies_are_bounded(firm: Firm, rep: Program) -> None:
    answer = rep.post("/deal", {"name": "x" * 11_000_000})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_nobody_makes_themselves_more_than_they_are(firm: Firm, rep: Program) -> None:
    before = firm.digest()
    for values in ({"roles": ["manager"]}, {"name": "boss"}, {"active": False}, {"password": "x"}):
        answer = rep.patch(f"/user/{rep.user}", {**values, "version": 1})
        assert answer.status_code in (403, 422), values
    assert rep.post("/user", {"name": "x", "login": "x"}).status_code == 403
    assert firm.digest() == before


def test_strangers_leave_nothing_behind_in_what_the_site_keeps(firm: Firm, manager: Program) -> None:
    manager.get("/account")
    before = len(firm.site.kept)

    for number in range(20):
        refused = firm.client.post(f"/api/v1/thing{number}", json={"name": "x"})
        assert refused.status_code == 401

    assert len(firm.site.kept) == before
