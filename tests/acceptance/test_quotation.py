"""Quotation A, entered from nothing through the API: every figure that an estimator would write down by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from tests.acceptance.firm import SINCE, Json, quotation_a
from tests.api.conftest import Program


def of_part(quote: Json, kind: str) -> Json:
    """The part of a kind."""
    [found] = [part for part in quote["parts"] if part["kind"] == kind]
    return dict(found)


def of_run(quote: Json, kind: str, copies: int = 5000) -> Json:
    """The run of a part at a quantity."""
    [quantity] = [one["id"] for one in quote["quantities"] if one["copies"] == copies]
    part = of_part(quote, kind)["id"]
    [found] = [run for run in quote["runs"] if run["part"]["id"] == part and run["quantity"]["id"] == quantity]
    return dict(found)


def of_process(quote: Json, finishing: str, copies: int = 5000) -> Json:
    """What a process comes to at a quantity."""
    names = {process["id"]: process["finishing"]["title"] for part in quote["parts"] for process in part["processes"]}
    [quantity] = [one["id"] for one in quote["quantities"] if one["copies"] == copies]
    [found] = [
        process
        for run in quote["runs"]
        if run["quantity"]["id"] == quantity
        for process in run["process_runs"]
        if names[process["process"]["id"]] == finishing
    ]
    return dict(found)


def total(quote: Json, copies: int = 5000) -> Json:
    """The totals of a quantity."""
    [found] = [one for one in quote["quantities"] if one["copies"] == copies]
    return dict(found)


BY_HAND: list[tuple[str, Callable[[Json], object], object]] = [
    ("price a ream, 157 g: 1.061466 × 157 × 7800 / 10⁶ × 500", lambda q: of_part(q, "inside")["ream_price"], "649.94"),
    ("price a ream, 200 g: 1.061466 × 200 × 8000 / 10⁶ × 500", lambda q: of_part(q, "cover")["ream_price"], "849.17"),
    ("price a tonne found, 157 g", lambda q: of_part(q, "inside")["tonne_price"], "7800.00"),
    ("price a tonne found, 200 g", lambda q: of_part(q, "cover")["tonne_price"], "8000.00"),
    ("one press sheet: 1.061466 / 2", lambda q: of_part(q, "cover")["press_sheet_m2"], "0.530733"),
    ("press sheets in one inside: 32 / 16", lambda q: of_part(q, "inside")["sections"], 2),
    ("inside, net: 5000 × 2", lambda q: of_run(q, "inside")["net_sheets"], 10000),
    ("inside, with waste: 10000 × 1.03", lambda q: of_run(q, "inside")["run_sheets"], 10300),
    ("inside, with make-ready: + 100 × 4", lambda q: of_run(q, "inside")["gross_sheets"], 10700),
    ("inside, full sheets: 10700 / 2", lambda q: of_run(q, "inside")["full_sheets"], 5350),
    ("inside, reams: 5350 / 500", lambda q: of_run(q, "inside")["reams"], "10.700"),
    ("① inside paper: 10.700 × 649.94", lambda q: of_run(q, "inside")["paper_cost"], "6954.36"),
    ("cover, net: 5000 / 4", lambda q: of_run(q, "cover")["net_sheets"], 1250),
    ("cover, with waste: ceil(1250 × 1.05)", lambda q: of_run(q, "cover")["run_sheets"], 1313),
    ("cover, with make-ready: + 100", lambda q: of_run(q, "cover")["gross_sheets"], 1413),
    ("cover, full sheets: ceil(1413 / 2)", lambda q: of_run(q, "cover")["full_sheets"], 707),
    ("cover, reams: 707 / 500", lambda q: of_run(q, "cover")["reams"], "1.414"),
    ("② cover paper: 1.414 × 849.17", lambda q: of_run(q, "cover")["paper_cost"], "1200.73"),
    ("forms, inside: 2 × 2", lambda q: of_part(q, "inside")["forms"], 4),
    ("forms, cover: work and turn", lambda q: of_part(q, "cover")["forms"], 1),
    ("plates, inside: 4 × 4", lambda q: of_part(q, "inside")["plates"], 16),
    ("plates, cover: 1 × 4", lambda q: of_part(q, "cover")["plates"], 4),
    ("③ plates: 20 × 60", lambda q: q["plate_cost"], "1200.00"),
    ("④ imposition: 5 × 20", lambda q: q["imposition_cost"], "100.00"),
    ("impressions an inside form", lambda q: of_run(q, "inside")["impressions"], "5000.000"),
    ("colour-reams an inside form: 5 × 4 = 20", lambda q: of_run(q, "inside")["charged_reams"], "5.000000"),
    ("⑤ inside press: 4 × max(440, 440)", lambda q: of_run(q, "inside")["press_cost"], "1760.00"),
    ("impressions of the cover: 1250 × 2", lambda q: of_run(q, "cover")["impressions"], "2500.000"),
    ("the cover is below the minimum: 5 reams", lambda q: of_run(q, "cover")["charged_reams"], "5.000000"),
    ("⑥ cover press: max(440, 220)", lambda q: of_run(q, "cover")["press_cost"], "440.00"),
    ("area laminated: 1313 × 0.530733", lambda q: of_process(q, "哑膜")["work"], "696.852429"),
    ("⑦ lamination: × 0.80", lambda q: of_process(q, "哑膜")["charge"], "557.48"),
    ("sections with the cover: 2 + 1", lambda q: q["sections"], 3),
    ("⑧ binding: 5000 × (3 × 0.04 + 0.06)", lambda q: of_process(q, "骑马订")["charge"], "900.00"),
    ("pages: 32 + 4", lambda q: q["pages"], 36),
    ("⑨ proofs: 36 × 5", lambda q: of_process(q, "数码样")["charge"], "180.00"),
    ("boxes: 5000 / 100", lambda q: of_process(q, "纸箱 100本")["work"], "50.000000"),
    ("⑩ packing: 50 × 6", lambda q: of_process(q, "纸箱 100本")["charge"], "300.00"),
    ("⑪ delivery", lambda q: of_process(q, "送货")["charge"], "200.00"),
    ("paper: ① + ②", lambda q: total(q)["paper_cost"], "8155.09"),
    ("press: ⑤ + ⑥", lambda q: total(q)["press_cost"], "2200.00"),
    ("⑦ … ⑪", lambda q: total(q)["finishing_cost"], "2137.48"),
    ("cost: ① … ⑪", lambda q: total(q)["cost"], "13792.57"),
    ("markup: 20 %", lambda q: total(q)["markup_amount"], "2758.51"),
    ("net", lambda q: total(q)["net"], "16551.08"),
    ("VAT: 13 %", lambda q: total(q)["vat_amount"], "2151.64"),
    ("gross", lambda q: total(q)["gross"], "18702.72"),
    ("net a copy", lambda q: total(q)["unit_net"], "3.3102"),
    ("gross a copy", lambda q: total(q)["unit_gross"], "3.7405"),
    ("margin: 2758.51 / 16551.08", lambda q: total(q)["margin"], "0.1667"),
    ("in words", lambda q: total(q)["in_words"], "人民币壹万捌仟柒佰零贰元柒角贰分"),
    ("valid for 15 days", lambda q: q["valid_until"], "2026-03-16"),
]


def test_every_figure_agrees_with_the_one_worked_out_by_hand(
    manager: Program, rates: dict[str, Json], quote: Json
) -> None:
    found = manager.get(f"/quote/{quote['id']}").json()

    assert [(name, figure(found)) for name, figure, _ in BY_HAND] == [(name, value) for name, _, value in BY_HAND]
    assert rates["铜版157"]["sheet_m2"] == "1.061466"
    assert rates["铜版157"]["ream_kg"] == "83.325"
    assert found == quote, "what POST answers is what GET answers"

    # The eleven lines of cost add up exactly.
    lines = [of_run(quote, kind)[name] for kind in ("inside", "cover") for name in ("paper_cost", "press_cost")]
    lines += [quote["plate_cost"], quote["imposition_cost"]]
    lines += [of_process(quote, name)["charge"] for name in ("哑膜", "骑马订", "数码样", "纸箱 100本", "送货")]

    assert len(lines) == 11
    assert sum(map(Decimal, lines)) == Decimal(total(quote)["cost"])


def runs(quote: Json) -> list[tuple[str, int]]:
    """Part and quantity of each run."""
    names = {part["id"]: part["name"] for part in quote["parts"]}
    copies = {one["id"]: one["copies"] for one in quote["quantities"]}
    return sorted((names[run["part"]["id"]], copies[run["quantity"]["id"]]) for run in quote["runs"])


def test_quantities_side_by_side_keep_one_run_for_each_part(
    manager: Program, rates: dict[str, Json], customer: Json
) -> None:
    quote = manager.make("quote", **quotation_a(rates, customer, 3000, 5000, 10000))

    def every(*copies: int) -> list[tuple[str, int]]:
        return sorted((part, number) for part in ("内页", "封面", "整件") for number in copies)

    assert runs(quote) == every(3000, 5000, 10000)
    assert total(quote, 5000)["gross"] == "18702.72"
    unit = [Decimal(total(quote, copies)["unit_gross"]) for copies in (3000, 5000, 10000)]
    assert unit == sorted(unit, reverse=True)

    kept = {"quantities": [{"id": one["id"]} for one in quote["quantities"][1:]] + [{"copies": 20000}]}
    later = manager.patch(f"/quote/{quote['id']}", {**kept, "version": quote["version"]}).json()
    assert runs(later) == every(5000, 10000, 20000)
    assert of_run(later, "inside", 5000)["id"] == of_run(quote, "inside", 5000)["id"]
    assert total(later, 5000) == total(quote, 5000)

    parts = [{"id": part["id"]} for part in later["parts"] if part["kind"] != "cover"]
    fewer = manager.patch(f"/quote/{quote['id']}", {"parts": parts, "version": later["version"]}).json()
    assert runs(fewer) == [pair for pair in every(5000, 10000, 20000) if pair[0] != "封面"]


def test_what_the_customer_may_leave_out_costs_nothing(manager: Program, quote: Json) -> None:
    parts: list[Json] = [{"id": part["id"]} for part in quote["parts"]]
    parts[1]["processes"] = [{"id": quote["parts"][1]["processes"][0]["id"], "included": False}]
    without = manager.patch(f"/quote/{quote['id']}", {"parts": parts, "version": quote["version"]}).json()

    # 13,792.57 − 557.48 = 13,235.09; + 20 % = 2,647.02 (2,647.018) → 15,882.11; + 13 % = 2,064.67 (2,064.6743).
    assert of_process(without, "哑膜")["charge"] == "0.00"
    assert total(without)["cost"] == "13235.09"
    assert total(without)["net"] == "15882.11"
    assert total(without)["gross"] == "17946.78"

    parts[1]["processes"][0]["included"] = True
    again = manager.patch(f"/quote/{quote['id']}", {"parts": parts, "version": without["version"]}).json()
    assert total(again)["gross"] == "18702.72"


MISSING: list[tuple[str, str, str, str, list[str]]] = [
    ("paper", "铜版157", "prices", "parts.0.tonne_price", ["内页", "吨价", "纸价"]),
    ("press", "对开四色", "rates", "parts.0.rate", ["内页", "印工价"]),
    ("finishing", "哑膜", "prices", "parts.1.processes.0.rate", ["哑膜", "工价"]),
    ("waste_rule", "waste inside", "", "runs.0.waste", ["内页", "放损"]),
]


def test_a_missing_rate_refuses_the_quotation(manager: Program, rates: dict[str, Json], customer: Json) -> None:
    """The refusal names the record, the field, and what was sought."""
    for entity, name, lines, place, words in MISSING:
        since(manager, entity, rates[name], lines, "2026-06-01")
        answer = manager.post("/quote", quotation_a(rates, customer))
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        errors = answer.json()["errors"]
        assert {error["code"] for error in errors} == {"nothing_found"}, "the cause, not what is empty because of it"
        [message] = [error["message"] for error in errors if error["field"] == place]
        assert [word for word in words if word not in message] == [], message
        since(manager, entity, rates[name], lines, SINCE)
    assert manager.get("/quote").json()["total"] == 0
    assert total(manager.make("quote", **quotation_a(rates, customer)))["gross"] == "18702.72"


def since(manager: Program, entity: str, record: Json, lines: str, day: str) -> None:
    """Let a rate hold from another day on."""
    values = {lines: [{"id": record[lines][0]["id"], "from_date": day}]} if lines else {"from_date": day}
    version = manager.get(f"/{entity}/{record['id']}").json()["version"]
    answer = manager.patch(f"/{entity}/{record['id']}", {**values, "version": version})
    assert answer.status_code == 200, answer.text


def test_a_figure_is_traced_back_to_the_rate_that_it_was_worked_out_with(
    manager: Program, rates: dict[str, Json], quote: Json
) -> None:
    def explained(entity: str, id: int, field: str) -> Json:
        answer = manager.get(f"/{entity}/{id}/explain/{field}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    gross = explained("quantity", total(quote)["id"], "gross")
    assert (gross["label"], gross["value"], gross["formula"]) == ("含税价", "18702.72", "不含税价 + 税额")
    assert [(one["label"], one["value"]) for one in gross["inputs"]] == [("不含税价", "16551.08"), ("税额", "2151.64")]

    paper = explained("run", of_run(quote, "inside")["id"], "paper_cost")
    assert paper["formula"] == "令数 × 部件 · 令价"
    assert [(one["label"], one["value"]) for one in paper["inputs"]] == [("令数", "10.700"), ("部件 › 令价", "649.94")]

    # Each input that is worked out itself leads on: to the price of a ream, and to the price of a tonne.
    [_, ream_at] = [one["explained_at"] for one in paper["inputs"]]
    assert ream_at == f"/api/v1/part/{of_part(quote, 'inside')['id']}/explain/ream_price"
    ream = manager.get(ream_at.removeprefix("/api/v1")).json()
    assert ream["formula"] == "纸张 · 全张面积 × 纸张 · 克重 × 吨价 ÷ 1000000 × 500"
    steps = {one["label"]: (one["value"], one["explained_at"]) for one in ream["inputs"]}
    assert steps["吨价"] == ("7800.00", f"/api/v1/part/{of_part(quote, 'inside')['id']}/explain/tonne_price")
    assert steps["纸张 › 全张面积"] == ("1.061466", f"/api/v1/paper/{rates['铜版157']['id']}/explain/sheet_m2")
    assert steps["纸张 › 克重"] == (157, None), "entered, not worked out"

    tonne = explained("part", of_part(quote, "inside")["id"], "tonne_price")
    assert tonne["value"] == "7800.00"
    assert [(one["entity"], one["id"]) for one in tonne["found"]] == [
        ("paper_price", rates["铜版157"]["prices"][0]["id"])
    ]
    assert tonne["found"][0]["title"] == "铜版157 大度 2026年1月1日", "the price is told by the day that it holds from"

    charge = explained("process_run", of_process(quote, "哑膜")["id"], "charge")
    assert charge["value"] == "557.48"
    assert manager.get(f"/quantity/{total(quote)['id']}/explain/copies").status_code == 404, "entered, not worked out"
