"""O2: two worlds that differ only in what r1 may not see answer r1 alike, in every status, header and byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.attacks.world import World, populate, serve

OTHER = {
    "MARGIN_1": "31", "MARGIN_2": "90000002", "COST_1": "1", "COST_2": "70000007", "MEMO": "zebra",
    "CODENAME": "aardvark",
    "TIP": "zzz", "PIN": "9991", "SECRET": "qqq", "PERK": "aaa", "CREDIT": "2", "CODE": "zzzcode",
    "DEAL_2": "Aaa first of all",
    "ACCOUNT_2": "Zzz account", "CONTACT_2": "Aaa contact", "NOTE_2": "zzz note", "TERMS_2": "never",
    "FILE_2": "aaa", "CONTENT_2": "b",
    "SALARY": "9", "TARIFF": "zzz",
}  # fmt: skip


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, World]]:
    """Two worlds; which database they are in makes no difference to this."""
    first, second = (Path(tmp_path_factory.mktemp(name)) for name in ("first", "second"))
    with (
        serve(f"sqlite:///{first / 'forme.db'}", first) as one,
        serve(f"sqlite:///{second / 'forme.db'}", second) as two,
    ):
        yield populate(one), populate(two, **OTHER)


FIELDS = ("id", "name", "amount", "fee", "hint", "tip", "terms", "total", "account", "owner", "stage", "margin",
    "memo", "pin", "codename",
          "costs", "score", "buddy", "approved_at", "created_at", "nosuch")  # fmt: skip
CONDITIONS = (
    "{0} is None", "{0} is not None", "not ({0} == {0})", "find(deal.{0}, where=name == 'x') is None",
    "buddy.{0} is None",
    "find(deal.{0}, where=id == 2, latest=id) is None", "find(deal, where=amount > 2500, latest=amount) is None",
)  # fmt: skip
WORDS = ("canary", "zebra", "aaa", "a", "deal", "open", "7319341", "31", "zzz", "first")


def questions() -> Iterator[str]:
    """What r1 asks of lists."""
    for name in FIELDS:
        yield from (f"/deal?sort={name}", f"/deal?sort=-{name}", f"/deal?fields={name}", f"/deal?size=1&sort={name}")
        yield from (f"/deal?where={quote(condition.format(name))}" for condition in CONDITIONS)
    for entity in ("deal", "account", "contact", "note", "user", "tariff", "item", "perk"):
        yield from (f"/{entity}?q={word}&total=exact" for word in WORDS)
        yield f"/{entity}?total=exact"
        yield from (f"/{entity}/{id}" for id in range(1, 4))


def pages() -> Iterator[str]:
    """What r1 opens."""
    for entity in ("deal", "account", "contact", "note", "user"):
        yield f"/{entity}"
        yield f"/{entity}/new"
        yield f"/{entity}?deleted=1"
        yield from (f"/{entity}?q={word}" for word in WORDS[:4])
        yield from (f"/{entity}/{id}{rest}" for id in (1, 2) for rest in ("", "/edit", "/delete"))
    for name in FIELDS:
        yield f"/deal?f.{name}.not_empty="
        yield f"/deal/1/explain/{name}"
        yield f"/deal/new?{name}=2"
    yield "/"


WRITES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("POST", "/deal", {"name": "x", "account": 2, "amount": 60}), ("POST", "/deal", {"name": "x", "account": 2,
    "amount": 1}),
    ("POST", "/deal", {"name": "x", "account": 1, "buddy": 2}), ("POST", "/deal", {"name": "x", "account": 1,
    "contract": 1}),
    ("PATCH", "/deal/1", {"margin": 5, "version": 1}), ("PATCH", "/deal/2", {"name": "x", "version": 1}),
    ("PATCH", "/deal/1", {"contacts": [2], "version": 1}), ("PATCH", "/deal/1", {"perks": [], "version": 1}),
    ("PATCH", "/deal/1", {"items": [{"id": 1, "cost": 5}], "version": 1}), ("PATCH", "/deal/1", {"stage": "won",
    "version": 1}),
    ("DELETE", "/deal/2?version=1", {}), ("POST", "/deal/2/copy", {}), ("POST", "/deal/2/restore", {}),
    ("DELETE", "/account/1?version=1", {}), ("POST", "/note", {"text": "x", "deal": 2}), ("POST", "/note",
    {"text": "x", "about": {"entity": "deal", "id": 2}}),
    ("POST", "/account", {"name": "Fresh"}), ("POST", "/deal/1/copy", {}), ("PATCH", "/deal/1", {"name": "Renamed",
    "version": 1}),
)  # fmt: skip


def masked(answer: httpx.Response) -> tuple[int, list[tuple[str, str]], str]:
    """An answer without what is new each time: the request's number, and tokens that hang on the session."""
    headers = [
        (name, text)
        for name, text in answer.headers.items()
        if name not in ("x-request-id", "content-length", "set-cookie")
    ]
    text = re.sub(r"\b[0-9a-f]{12}\b|\b[0-9a-f]{64}\b", "#", answer.text)
    return answer.status_code, headers, re.sub(r'("next":|after=)[^&,}]*', r"\1#", text)


@pytest.mark.attack("A01", "A02", "A03", "A13", "A16", "A23", "A24", "A27", "A28", "A33")
def test_what_one_may_not_see_changes_no_answer(worlds: tuple[World, World]) -> None:
    one, two = worlds
    asked = list(dict.fromkeys(questions()))
    assert len(asked) > 250
    for path in asked:
        assert masked(one.r1.get(path)) == masked(two.r1.get(path)), path
    for path in dict.fromkeys(chain(pages(), ("/deal/2", "/account/2", "/deal/99"))):
        assert masked(one.r1.page(path)) == masked(two.r1.page(path)), path
    for method, path, body in WRITES:
        found = masked(one.r1.api(method, path, body or None))
        assert found == masked(two.r1.api(method, path, body or None)), (method, path, body)
    assert masked(one.r1.page("/deal/1")) == masked(two.r1.page("/deal/1"))
