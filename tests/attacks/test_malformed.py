"""Requests that make no sense: refused, never a failure, and nothing stored (World.request sees to both)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.attacks.world import KEY, World
from web.security import csrf_token

BIG = "9" * 25


@pytest.mark.attack("A35")
@pytest.mark.parametrize(
    "path",
    [f"/deal/{BIG}", "/deal/-1", f"/deal/{BIG}/edit", f"/deal/1/contract/{BIG}", "/deal/1%00", "/deal%00",
        "/deal?q=%00",
     "/deal?q=a%00b", "/deal?f.name=%00", "/deal?f.name.contains=%00x", "/deal?where=name==%27%00%27", "/deal?sort=%00",
     "/deal?fields=%00", "/deal?after=%00", "/deal?f.account=%00", f"/deal?page={BIG}", f"/deal?f.owner={BIG}",
     "/deal?f.amount=1e400", "/deal?f.amount=NaN", "/deal?f.amount=Infinity", "/deal?f.created_at=0001-01-01",
     f"/deal?where=amount==1{'0' * 400}", f"/deal?f.id={BIG}", "/deal?q=%ED%A0%80", "/deal?f.name=%ED%A0%80",
         "/deal?q=%ff",
     "/deal/new?name=%00", f"/deal/new?account={BIG}", "/deal/new?account=%00", "/deal/new?buddy=x",
     "/deal/new?items=1",
     f"/deal/new?contract={BIG}", "/deal/new?contract=x", "/deal/new?contacts=x", f"/deal/new?contacts={BIG}",
     "/deal/new?stage=zz", "/deal/new?id=1", "/login?next=%00", "/-/setup/%00", "/-/setup/zz-1-1", "/-/setup/9-9-9",
     "/deal?_filter=name", "/deal?_filter=zz&_op=zz&_value=a", f"/note?f.about=account:{BIG}", "/note?f.about=x:y",
     "/deal/1/explain/%00", "/deal?f.contract.not_empty=", "/deal?" + "&".join(["f.name=x"] * 120),
     "/deal?" + "a" * 5000,
     "/deal?f.stage.among=" + ",".join(["won"] * 300), "/deal?size=0&page=0", "/deal?size=-5&page=-5", "/deal?size=1e3",
     f"/-/account/tokens/{BIG}/revoke", "/deal?f.amount.between=5", "/deal?f.amount.between=..", "/deal?total=all"],
)  # fmt: skip
def test_addresses(world: World, path: str) -> None:
    world.r1.page(path)


@pytest.mark.attack("A35")
@pytest.mark.parametrize(
    "query",
    ["where=amount==" + "9" * 60, "where=amount==1e999", "where=amount*" + "*".join(["999999999999"] * 20) + ">1",
     f"where=id=={BIG}", f"page={BIG}", f"size={BIG}", "after=AAAA", "after=" + "A" * 3000,
         "sort=" + ",".join(["name"] * 50),
     "q=" + "x" * 5000, "where=" + "(" * 500, "where=" + "not " * 300 + "True", "where=1/0>1",
     "where=today()+days(999999999)>today()", "where=round(amount,99999)>1", "where=-" * 900, "where=9**9**9>1",
     "where='a'*99999999=='b'", "where=[x for x in name]", "where=name.__class__", "where=__import__('os')",
     "where=(lambda: 1)()", "where=name[0]=='a'", "where=f'{name}'=='a'", "where=name if 1", "where=amount<<99999",
     "where=max(*name)", "where=(x:=1)", "where=\u212afind(deal)", "fields=items", "fields=contacts", "fields=notes",
     "fields=id,version,name,name", "fields=", "fields=" + ",".join(["name"] * 300), "total=exact", "size=1&after=",
     "where=" + " or ".join(["name=='x'"] * 200), "where=name in [" + ",".join(["'x'"] * 500) + "]"],
)  # fmt: skip
def test_questions(world: World, query: str) -> None:
    name, _, value = query.partition("=")
    assert world.r1.get(f"/deal?{name}={quote(value, safe='&=')}").status_code in (200, 400, 503)


VALUES: tuple[dict[str, Any], ...] = (
    {"name": ["x"]}, {"name": {"a": 1}}, {"name": 1}, {"name": True}, {"name": "x" * 10**6}, {"account": True},
    {"account": [1]},
    {"account": {"id": [1]}}, {"account": {"id": {"id": 1}}}, {"account": 2**70}, {"account": -1},
    {"account": 1.5}, {"account": "1e0"},
    {"amount": "NaN"}, {"amount": 10**50}, {"amount": "1e500"}, {"amount": True}, {"amount": []}, {"amount": "٣"},
    {"items": {}},
    {"items": [1]}, {"items": [[]]}, {"items": [{"id": []}]}, {"items": [{"id": 1}]}, {"items": "x"},
    {"items": [{"price": {}}]},
    {"items": [{"name": "x"}] * 1001}, {"contacts": [[1]]}, {"contacts": [True]}, {"contacts": [{"id": {}}]},
    {"contacts": [1, 1]},
    {"contacts": [{}]}, {"contract": True}, {"contract": [1]}, {"papers": [True]}, {"papers": [[1]]},
    {"papers": list(range(1, 300))},
    {"stage": ["won"]}, {"stage": {}}, {"owner": {}}, {"owner": {"id": None}}, {"api_key": []}, {"api_key": {"a": 1}},
    {"confirm": 1}, {"confirm": [1]}, {"buddy": {"key": "zz"}}, {"account": {"key": ["x"]}}, {"account": {"key": "x"}},
    {"items": [{"key": ["x"], "name": "n"}]}, {"items": [{"key": "k", "name": "n"}], "buddy": {"key": "k"}},
    {"tip": "a\u202eb\x07"},
    {"name": None}, {"owner": 0}, {"contacts": "1,2,x"}, {"contacts": {"id": 1}}, {"terms": {"key": "x"}},
    {"stage": 10**30},
)  # fmt: skip


@pytest.mark.attack("A36")
@pytest.mark.parametrize("values", VALUES, ids=lambda value: str(value)[:40])
def test_values_of_another_type(world: World, values: dict[str, Any]) -> None:
    body = {"name": "Odd", "account": world.ids["A1"], **values}
    for person in (world.r1, world.manager):
        person.api("POST", "/deal", body)
        version = person.get("/deal/1").json()["version"]
        person.api("PATCH", "/deal/1", {**values, "version": version})
        person.api("POST", "/deal/bulk", {"items": [body, {**values, "id": 1, "version": version}]})


@pytest.mark.attack("A36")
@pytest.mark.parametrize("version", ["1", True, 2**70, -1, 1.0, [], {}, "", 0])
def test_versions_of_another_type(world: World, version: object) -> None:
    for method, path in (("PATCH", "/deal/1"), ("POST", "/deal/1/stage")):
        answer = world.r1.api(
            method, path, {"version": version, **({"to": "lost"} if "stage" in path else {"name": "x"})}
        )
        assert answer.status_code in (400, 409, 422), answer.text
    assert world.r1.api("DELETE", f"/deal/1?version={quote(str(version))}x").status_code == 400


BODIES = (
    b"", b"null", b"[]", b"1", b'"x"', b"{", b"{" * 50, b"[" * 100_000, b'{"name":NaN}', b'{"name":"\\u0000"}',
        b'{"name":"\\ud800"}',
    b"\xff\xfe", b'{"name":"a","name":"b"}', b'{"amount":1e400}', b'{"a":' + b"9" * 100_000 + b"}", b"\xef\xbb\xbf{}",
    b'{"__proto__":{}}', b'{"name":"\x00"}', b'{"name":' + b'"' + b"\\" * 9_999 + b'"}', b"{}" * 2, b'{"a":1,}',
        b"{'a':1}",
    b'{"name":-}', b'{"items":[' + b"[" * 40 + b"]" * 40 + b"]}", b'{"amount":Infinity}', b'{"amount":-0}',
        b'{"amount":1E999999999}',
)  # fmt: skip


@pytest.mark.attack("A53")
@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:25]))
def test_bodies_that_are_no_json_object(world: World, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {world.r1.token}", "Content-Type": "application/json"}
    for method, path in (("POST", "/deal"), ("PATCH", "/deal/1"), ("POST", "/deal/bulk"), ("POST", "/deal/1/stage")):
        answer = world.r1.raw(method, f"/api/v1{path}", content=body, headers=headers)
        assert answer.status_code in (400, 409, 413, 422, 428), answer.text


@pytest.mark.attack("A53")
def test_forms_that_are_no_forms(world: World) -> None:
    token, jar = csrf_token(KEY, world.r1.session), {"Cookie": f"forme={world.r1.session}"}
    for parts in (
        {"name": (None, b"a\0b")},
        {"name": (None, b"\xff\xfe")},
        {"na\0me": (None, b"x")},
        {"": (None, b"x")},
    ):
        sent = {"_csrf": (None, token), "account": (None, "1"), **parts}
        assert world.r1.raw("POST", "/deal/new", files=sent, headers=jar).status_code in (400, 403, 422)
    bodies = (
        b"garbage",
        b"name=%ff&account=1",
        b"name=%00",
        b"&".join(b"a%d=1" % n for n in range(40_000)),
        b"a" * 100_000,
    )
    for kind in (
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
        "application/json",
    ):
        for body in bodies:
            headers = {**jar, "Content-Type": kind, "X-CSRF-Token": token}
            assert world.r1.raw("POST", "/deal/new", content=body, headers=headers).status_code in (400, 413, 422)
    upload = {"Authorization": f"Bearer {world.r1.token}", "Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"", b"garbage", b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n\xff\r\n--x--\r\n'):
        assert world.r1.raw("POST", "/api/v1/files", content=body, headers=upload).status_code in (400, 422)


ODD_FORMS: tuple[dict[str, str], ...] = (
    {"_add": "items.9999.x"}, {"_add": "nosuch"}, {"_remove": "items.99"}, {"_remove": "."},
    {"_remove": "items.²"}, {"_add": "items.²"},
    {"items.0.id": "9" * 30}, {"items.0.id": "²"}, {"items.9999.name": "x"}, {"_was": "[["}, {"_was": '[["name"]]',
    "_version": "9"},
    {"_was": '{"a":1}', "_version": "9"}, {"_was": "[" * 5000, "_version": "9"}, {"_version": "9" * 30},
    {"_version": "²"},
    {"_take.name": "now"}, {"_take.zz": "now"}, {"account": "9" * 30}, {"contacts": "9" * 30}, {"contacts": "x"},
    {"papers": "x"},
    {"contract": "²"}, {"owner": "1\n2"}, {"stage": "zz"}, {"_confirm": "x"}, {"_waiting": "account"},
    {"_find": "zz", "_q.zz": "x"},
    {"_find": "items.0.name"}, {"_refresh": "zz"}, {"_refresh": "contacts", "contacts": "x"}, {"_find": "contacts",
    "_q.contacts": "x" * 5000},
)  # fmt: skip


@pytest.mark.attack("A38")
@pytest.mark.parametrize("form", ODD_FORMS, ids=lambda value: str(value)[:40])
def test_forms_with_parts_that_make_no_sense(world: World, form: dict[str, str]) -> None:
    base = {"name": "Open deal", "account": str(world.ids["A1"])}
    world.r1.send("/deal/new", {**base, **form})
    world.r1.send("/deal/1/edit", {**base, "_version": str(world.r1.version("/deal/1")), **form})
