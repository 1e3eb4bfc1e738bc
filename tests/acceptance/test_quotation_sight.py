"""A sales person sees the price of a quotation, never the cost behind it: not on any way that the API offers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote as quoted

import pytest

from engine.change import Actor
from engine.runtime.past import past
from tests.acceptance.firm import Json, quotation_a
from tests.acceptance.test_quotation import total
from tests.api.conftest import Firm, Program

COSTS = {
    "quote": ("markup", "lowest_margin", "plate_cost", "imposition_cost"),
    "quantity": ("cost", "markup_amount", "margin", "paper_cost", "press_cost", "finishing_cost"),
    "part": ("rate", "ream_price", "tonne_price", "plate_cost", "imposition_cost"),
    "process": ("rate",),
    "run": ("paper_cost", "press_cost"),
    "process_run": ("charge",),
    "paper": ("prices",),
    "press": ("rates",),
    "finishing": ("prices",),
    "terms_of_sale": ("markup",),
}
"""What hides the cost, by entity."""
TOLD_BY = (
    "13792.57",
    "2758.51",
    "8155.09",
    "2137.48",
    "6954.36",
    "1200.73",
    "0.1667",
    "649.94",
    "557.48",
    "7800",
    "0.20",
)
"""Figures that stand nowhere but in what is hidden."""
NEVER = "nosuchthing"


def same(answer: str, name: str) -> str:
    """An answer without the name that was asked for, and without the guess what else might have been meant."""
    return re.split("Did you mean|A text or a choice stands", answer.replace(name, "X"))[0]


@pytest.fixture
def sales(firm: Firm) -> Program:
    """A sales person."""
    return firm.program("张业务", "sales")


@pytest.fixture
def own(manager: Program, sales: Program, rates: dict[str, Json], customer: Json) -> Json:
    """A quotation of the sales person's, that the manager has looked after: twice changed and sent."""
    entered = quotation_a(rates, customer)
    made = manager.make("quote", **{**entered, "owner": sales.user})
    for values in ({"markup": "0.30"}, {"markup": "0.20", "approved_by": manager.user}):
        made = manager.patch(f"/quote/{made['id']}", {**values, "version": made["version"]}).json()
    return dict(manager.post(f"/quote/{made['id']}/stage", {"to": "sent", "version": made["version"]}).json())


def names(value: Any, holder: str) -> Iterator[tuple[str, str]]:
    """Every (entity, field) that an answer names."""
    below = {
        "parts": "part",
        "processes": "process",
        "runs": "run",
        "process_runs": "process_run",
        "quantities": "quantity",
    }
    if isinstance(value, list):
        for one in value:
            yield from names(one, holder)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield holder, name
            if name in below:
                yield from names(inner, below[name])


def test_sales_see_the_price_and_never_the_cost(
    sales: Program, rates: dict[str, Json], customer: Json, own: Json
) -> None:
    hidden = {(entity, field) for entity, fields in COSTS.items() for field in fields}
    answer = sales.get(f"/quote/{own['id']}")
    seen = answer.json()

    price = {"net": "16551.08", "vat_amount": "2151.64", "gross": "18702.72", "unit_gross": "3.7405"}
    assert {name: total(seen)[name] for name in price} == price
    assert total(seen)["in_words"] == "人民币壹万捌仟柒佰零贰元柒角贰分"
    assert set(names(seen, "quote")) & hidden == set()
    for path in (f"/quote/{own['id']}", "/quote", "/quote?q=画册", "/paper", "/press", "/finishing", "/terms_of_sale"):
        told = sales.get(path)
        assert told.status_code == 200, path
        assert [figure for figure in TOLD_BY if f'"{figure}' in told.text] == [], path
    for entity in ("paper", "press", "finishing", "terms_of_sale"):
        for record in sales.get(f"/{entity}").json()["items"]:
            assert not set(COSTS[entity]) & set(record)
            assert not set(COSTS[entity]) & set(sales.get(f"/{entity}/{record['id']}").json())

    # They make quotations of their own, at the firm's markup; which they neither see nor set.
    made = sales.make("quote", **quotation_a(rates, customer))
    assert total(made)["gross"] == "18702.72"
    assert set(names(made, "quote")) & hidden == set()
    for values in ({"markup": "0.01"}, {"quantities": [{"id": made["quantities"][0]["id"], "cost": "1"}]}):
        refused = sales.patch(f"/quote/{made['id']}", {**values, "version": made["version"]})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_field")


def test_a_hidden_cost_can_not_be_asked_for_either(firm: Firm, sales: Program, own: Json) -> None:
    """A hidden field is answered as one that there is not, in every question that names it."""
    for entity, fields in COSTS.items():
        if not firm.site.model.entities[entity].root:
            continue
        for field in fields:
            for question in ("where={} > 0.1", "where={} is None", "sort={}", "sort=-{}", "fields=id,{}"):
                answers = [
                    sales.get(f"/{entity}?{quoted(question.format(name), safe='=,')}") for name in (field, NEVER)
                ]
                assert [answer.status_code for answer in answers] == [400, 400], (entity, field, question)
                told, never = (same(answer.text, name) for answer, name in zip(answers, (field, NEVER), strict=True))
                assert told == never, (entity, field, question)
    quantity, run, part = total(own)["id"], own["runs"][0]["id"], own["parts"][0]["id"]
    for entity, id in (("quantity", quantity), ("run", run), ("part", part), ("quote", own["id"])):
        missing = sales.get(f"/{entity}/{id}/explain/{NEVER}")
        assert missing.status_code == 404
        for field in COSTS[entity]:
            answer = sales.get(f"/{entity}/{id}/explain/{field}")
            assert (answer.status_code, answer.content) == (404, missing.content), (entity, field)

    # How the price came about is told as far as they may see it: the formula of the net price names costs.
    quantity = total(own)["id"]
    gross = sales.get(f"/quantity/{quantity}/explain/gross").json()
    assert gross["formula"] == "不含税价 + 税额"
    net = sales.get(f"/quantity/{quantity}/explain/net")
    assert net.json()["value"] == "16551.08"
    assert net.json()["formula"] is None
    assert net.json()["inputs"] == []
    assert [figure for figure in TOLD_BY if figure in net.text] == []


def test_neither_description_nor_history_tells_of_it(firm: Firm, manager: Program, sales: Program, own: Json) -> None:
    def described(program: Program) -> dict[str, set[str]]:
        schemas = program.get("/openapi.json").json()["components"]["schemas"]
        return {name: set(schema.get("properties", {})) for name, schema in schemas.items()}

    told, all_told = described(sales), described(manager)
    for entity, fields in COSTS.items():
        schemas = [name for name in told if name == entity or (name.startswith(f"{entity}_") and name not in COSTS)]
        assert schemas, (entity, sorted(told))
        assert [name for name in schemas if told[name] & set(fields)] == []
        assert all_told[entity] >= set(fields)
    assert told["quantity"] >= {"copies", "net", "gross"}

    def changed(program: Program, role: str) -> set[tuple[str, str]]:
        actor = Actor(program.user, "", frozenset({role}), locale="zh-CN", timezone="Asia/Shanghai")
        return {
            (event.entity.name, change.field.name)
            for event in past(firm.site, actor, "quote", own["id"])
            for change in event.changes
        }

    hidden = {(entity, field) for entity, fields in COSTS.items() for field in fields}
    assert changed(manager, "manager") >= {
        ("quote", "markup"),
        ("quantity", "cost"),
        ("quantity", "net"),
        ("quote", "stage"),
    }
    assert changed(sales, "sales") & hidden == set()
    assert changed(sales, "sales") >= {("quantity", "net"), ("quote", "stage")}

    # Another sales person sees nothing of the quotation at all.
    other = firm.program("陈业务", "sales")
    assert other.get("/quote").json()["total"] == 0
    assert other.get(f"/quote/{own['id']}").content == other.get("/quote/4242").content
    assert other.get(f"/quantity/{total(own)['id']}/explain/gross").status_code == 404
    assert sales.get("/quote").json()["total"] == 1
