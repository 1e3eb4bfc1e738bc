"""What was sent stands still; what is made new takes the new rates; low margins wait for the manager."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.firm import SINCE, Json, quotation_a
from tests.acceptance.test_quotation import of_part, of_process, of_run, total
from tests.api.conftest import Firm, Program


def sent(program: Program, quote: Json) -> Json:
    """Send it."""
    answer = program.post(f"/quote/{quote['id']}/stage", {"to": "sent", "version": quote["version"]})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def figures(quote: Json) -> Json:
    """All that is worked out."""
    return {name: quote[name] for name in ("parts", "runs", "quantities", "plate_cost", "lowest_margin", "vat")}


def change_rates(manager: Program, rates: dict[str, Json]) -> None:
    """Paper of 157 g to 9,000 a tonne, plates to 75, VAT to 9 %: all from the same day on."""
    for entity, record, values in (
        ("paper", rates["铜版157"], {"prices": [{"id": rates["铜版157"]["prices"][0]["id"], "tonne_price": "9000"}]}),
        ("press", rates["对开四色"], {"rates": [{"id": rates["对开四色"]["rates"][0]["id"], "plate": "75"}]}),
        ("terms_of_sale", rates["terms"], {"vat": "0.09"}),
    ):
        answer = manager.patch(f"/{entity}/{record['id']}", {**values, "version": record["version"]})
        assert answer.status_code == 200, answer.text


def test_a_sent_quotation_keeps_its_figures_when_rates_change(
    manager: Program, rates: dict[str, Json], quote: Json
) -> None:
    before = figures(sent(manager, quote))
    change_rates(manager, rates)

    after = manager.get(f"/quote/{quote['id']}").json()
    assert figures(after) == before
    # Nor does a change of what may still change work anything out anew.
    chosen = {"quantities": [{"id": after["quantities"][0]["id"], "chosen": True}], "version": after["version"]}
    answer = manager.patch(f"/quote/{quote['id']}", {**chosen, "name": "画册 春"})
    assert answer.status_code == 200, answer.text
    named = answer.json()
    assert named["name"] == "画册 春"
    assert named["amount"] == total(named)["gross"] == "18702.72"
    assert named["runs"] == before["runs"]
    assert named["parts"] == before["parts"]


FEEDING: list[tuple[Json, str]] = [
    ({"markup": "0.10"}, "markup"),
    ({"vat": "0.06"}, "vat"),
    ({"quoted_on": "2026-04-01"}, "quoted_on"),
    ({"quantities": [{"id": 0, "copies": 6000}]}, "quantities.0.copies"),
    ({"parts": [{"id": 0, "pages": 40}, {"id": 1}, {"id": 2}]}, "parts.0.pages"),
    ({"parts": [{"id": 0}, {"id": 1, "processes": [{"id": 0, "included": False}]}, {"id": 2}]},
     "parts.1.processes.0.included"),
    ({"quantities": []}, "quantities"),
    ({"quantities": [{"id": 0}, {"copies": 8000}]}, "quantities"),
]  # fmt: skip


def test_what_feeds_a_sent_quotation_can_not_change(manager: Program, quote: Json) -> None:
    standing = sent(manager, quote)
    for values, place in FEEDING:
        body = {**with_ids(standing, values), "version": standing["version"]}
        answer = manager.patch(f"/quote/{quote['id']}", body)
        assert answer.status_code == 422, (values, answer.text)
        found = [(error["field"], error["code"]) for error in answer.json()["errors"]]
        assert any(field.startswith(place) and code == "frozen" for field, code in found), (values, found)
    assert manager.get(f"/quote/{quote['id']}").json() == standing


def with_ids(quote: Json, values: Json) -> Json:
    """The same change with the lines' own ids for their positions."""

    def place(holder: Json, values: Json) -> Json:
        found: Json = {}
        for name, value in values.items():
            lines = holder.get(name)
            found[name] = [line(lines, one) for one in value] if isinstance(lines, list) else value
        return found

    def line(lines: list[Json], values: Json) -> Json:
        if "id" not in values:
            return values
        standing = lines[values["id"]]
        return {**place(standing, values), "id": standing["id"]}

    return place(quote, values)


def test_a_copy_is_a_new_version_at_the_new_rates(manager: Program, rates: dict[str, Json], quote: Json) -> None:
    first = sent(manager, quote)
    change_rates(manager, rates)

    answer = manager.post(f"/quote/{quote['id']}/copy")
    assert answer.status_code == 201, answer.text
    new = answer.json()
    assert (new["revision"], new["previous"]["id"], new["stage"]) == (2, quote["id"], "draft")
    assert new["quoted_on"] == "2026-01-05", "the day of the copy"
    # 157 g at 9,000: 1.061466 × 157 × 9000 / 10⁶ × 500 = 749.9257 → 749.93; ① = 10.700 × 749.93 = 8,024.251 → 8,024.25
    assert of_part(new, "inside")["ream_price"] == "749.93"
    assert of_run(new, "inside")["paper_cost"] == "8024.25"
    # ③ 20 plates × 75 = 1,500
    assert new["plate_cost"] == "1500.00"
    # Cost: 13,792.57 + (8,024.25 − 6,954.36) + (1,500 − 1,200) = 13,792.57 + 1,069.89 + 300 = 15,162.46
    assert total(new)["cost"] == "15162.46"
    # Markup 20 %: 3,032.492 → 3,032.49; net 18,194.95. What the first version was agreed at (VAT 13 %) is taken over:
    # 2,365.3435 → 2,365.34; gross 20,560.29; a copy: 4.112058 → 4.1121
    assert (total(new)["markup_amount"], total(new)["net"]) == ("3032.49", "18194.95")
    assert (new["vat"], total(new)["vat_amount"], total(new)["gross"]) == ("0.13", "2365.34", "20560.29")
    assert total(new)["unit_gross"] == "4.1121"
    assert total(new)["in_words"] == "人民币贰万零伍佰陆拾元贰角玖分"
    # Its lines are its own, and link to each other; the version before stands as it stood.
    ids = {part["id"] for part in new["parts"]}
    assert not ids & {part["id"] for part in first["parts"]}
    assert {run["part"]["id"] for run in new["runs"]} == ids
    assert manager.get(f"/quote/{quote['id']}").json() == first


def test_a_draft_takes_new_rates_when_it_is_saved_again(
    manager: Program, rates: dict[str, Json], quote: Json
) -> None:
    change_rates(manager, rates)
    standing = manager.get(f"/quote/{quote['id']}").json()
    assert figures(standing) == figures(quote)
    answer = manager.patch(f"/quote/{quote['id']}", {"size": "210 × 285", "version": standing["version"]})
    assert answer.status_code == 200, answer.text
    assert total(answer.json())["cost"] == "15162.46"


def test_the_estimator_works_out_but_can_not_approve(firm: Firm, quote: Json) -> None:
    estimator = firm.program("王核价", "estimator")
    for way in ({"approved_by": estimator.user}, {"approved_by": {"id": estimator.user}}):
        answer = estimator.patch(f"/quote/{quote['id']}", {**way, "version": quote["version"]})
        assert answer.status_code == 422, answer.text
        assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [("approved_by", "read_only")]
    body = {"name": "x", "customer": quote["customer"]["id"], "product_type": "brochure"}
    made = estimator.post("/quote", {**body, "approved_by": estimator.user})
    assert (made.status_code, made.json()["errors"][0]["code"]) == (422, "read_only")
    changed = estimator.patch(f"/quote/{quote['id']}", {"markup": "0.25", "version": quote["version"]})
    assert changed.status_code == 200, changed.text
    # 13,792.57 × 25 % = 3,448.1425 → 3,448.14
    assert total(changed.json())["markup_amount"] == "3448.14"


@pytest.mark.parametrize(("markup", "margin", "enough"), [("0.17", "0.1453", False), ("0.18", "0.1525", True)])
def test_a_low_margin_is_sent_only_when_the_manager_has_approved(
    firm: Firm, manager: Program, quote: Json, markup: str, margin: str, enough: bool
) -> None:
    estimator = firm.program("王核价", "estimator")
    cheap = estimator.patch(f"/quote/{quote['id']}", {"markup": markup, "version": quote["version"]}).json()
    # 13,792.57 × 17 % = 2,344.74; ÷ 16,137.31 = 0.14530. × 18 % = 2,482.66; ÷ 16,275.23 = 0.15254.
    assert cheap["lowest_margin"] == margin
    answer = estimator.post(f"/quote/{quote['id']}/stage", {"to": "sent", "version": cheap["version"]})
    if enough:
        assert answer.status_code == 200, answer.text
        return
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["check"] == "low_margin"
    assert error["message"] == "毛利率低于 15%，须经理批准后才能发出"
    assert manager.get(f"/quote/{quote['id']}").json()["stage"] == "draft"

    approval: dict[str, Any] = {"approved_by": manager.user, "version": cheap["version"]}
    approved = manager.patch(f"/quote/{quote['id']}", approval).json()
    answer = estimator.post(f"/quote/{quote['id']}/stage", {"to": "sent", "version": approved["version"]})
    assert answer.status_code == 200, answer.text
    # The next version needs an approval of its own.
    copied = estimator.post(f"/quote/{quote['id']}/copy").json()
    assert copied["approved_by"] is None
    again = estimator.post(f"/quote/{copied['id']}/stage", {"to": "sent", "version": copied["version"]})
    assert again.status_code == 422


def test_a_quotation_without_a_quantity_is_not_sent(
    manager: Program, rates: dict[str, Json], customer: Json
) -> None:
    empty = manager.make("quote", **{**quotation_a(rates, customer), "quantities": []})
    answer = manager.post(f"/quote/{empty['id']}/stage", {"to": "sent", "version": empty["version"]})
    assert answer.status_code == 422, answer.text


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

    tonne = explained("part", of_part(quote, "inside")["id"], "tonne_price")
    assert tonne["value"] == "7800.00"
    assert [(one["entity"], one["id"]) for one in tonne["found"]] == [("paper_price", rates["铜版157"]["prices"][0]["id"])]
    assert SINCE in tonne["found"][0]["title"], "the price is told by the day that it holds from"

    charge = explained("process_run", of_process(quote, "哑膜")["id"], "charge")
    assert charge["value"] == "557.48"
    assert manager.get(f"/quantity/{total(quote)['id']}/explain/copies").status_code == 404, "entered, not worked out"
