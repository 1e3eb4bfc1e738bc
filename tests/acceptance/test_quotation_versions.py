"""What was sent stands still; what is made new takes the new rates; low margins wait for the manager."""

from __future__ import annotations

from typing import Any

from tests.acceptance.firm import Json
from tests.acceptance.test_quotation import of_part, of_run, total
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


def test_a_sent_quotation_keeps_its_figures(manager: Program, rates: dict[str, Json], quote: Json) -> None:
    standing = sent(manager, quote)
    for values, place in FEEDING:
        body = {**with_ids(standing, values), "version": standing["version"]}
        answer = manager.patch(f"/quote/{quote['id']}", body)
        assert answer.status_code == 422, (values, answer.text)
        found = [(error["field"], error["code"]) for error in answer.json()["errors"]]
        assert any(field.startswith(place) and code == "frozen" for field, code in found), (values, found)
    assert manager.get(f"/quote/{quote['id']}").json() == standing

    change_rates(manager, rates)
    assert manager.get(f"/quote/{quote['id']}").json() == standing
    # Nor does a change of what may still change work anything out anew.
    chosen = {"quantities": [{"id": standing["quantities"][0]["id"], "chosen": True}], "version": standing["version"]}
    answer = manager.patch(f"/quote/{quote['id']}", {**chosen, "name": "画册 春"})
    assert answer.status_code == 200, answer.text
    named = answer.json()
    assert named["name"] == "画册 春"
    assert named["amount"] == total(named)["gross"] == "18702.72"
    assert (named["runs"], named["parts"]) == (standing["runs"], standing["parts"])


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


def test_new_versions_take_new_rates_when_they_are_made_or_saved(
    manager: Program, rates: dict[str, Json], quote: Json
) -> None:
    first = sent(manager, quote)
    draft = manager.post(f"/quote/{quote['id']}/copy").json()
    assert total(draft)["gross"] == "18702.72"
    change_rates(manager, rates)

    answer = manager.post(f"/quote/{quote['id']}/copy")
    assert answer.status_code == 201, answer.text
    new = answer.json()
    assert (new["revision"], new["previous"]["id"], new["stage"]) == (2, quote["id"], "draft")
    assert new["quoted_on"] == "2026-01-05", "the day of the copy"
    at_new_rates(new)
    # Its lines are its own, and link to each other; the version before stands as it stood.
    ids = {part["id"] for part in new["parts"]}
    assert not ids & {part["id"] for part in first["parts"]}
    assert {run["part"]["id"] for run in new["runs"]} == ids
    assert manager.get(f"/quote/{quote['id']}").json() == first

    # A draft stands as it was saved, and takes the new rates when it is saved again.
    assert figures(manager.get(f"/quote/{draft['id']}").json()) == figures(draft)
    answer = manager.patch(f"/quote/{draft['id']}", {"size": "210 × 285", "version": draft["version"]})
    assert answer.status_code == 200, answer.text
    at_new_rates(answer.json())


def at_new_rates(new: Json) -> None:
    """The figures with paper at 9,000 and plates at 75, by hand."""
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
    assert (new["vat"], total(new)["vat_amount"], total(new)["gross"]) == ("0.1300", "2365.34", "20560.29")
    assert total(new)["unit_gross"] == "4.1121"
    assert total(new)["in_words"] == "人民币贰万零伍佰陆拾元贰角玖分"


def may_not_approve(estimator: Program, quote: Json) -> None:
    """Neither at a change nor as one is made, in whichever form."""
    for way in (estimator.user, {"id": estimator.user}):
        body = {"name": "x", "customer": quote["customer"]["id"], "product_type": "brochure", "approved_by": way}
        changed = estimator.patch(f"/quote/{quote['id']}", {"approved_by": way, "version": quote["version"]})
        for answer in (changed, estimator.post("/quote", body)):
            assert answer.status_code == 422, answer.text
            assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [("approved_by", "read_only")]


def test_a_low_margin_is_sent_only_when_the_manager_has_approved(firm: Firm, manager: Program, quote: Json) -> None:
    estimator = firm.program("王核价", "estimator")

    def changed(program: Program, standing: Json, **values: Any) -> Json:
        answer = program.patch(f"/quote/{standing['id']}", {**values, "version": standing["version"]})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def refused(standing: Json) -> None:
        answer = estimator.post(f"/quote/{standing['id']}/stage", {"to": "sent", "version": standing["version"]})
        assert answer.status_code == 422, answer.text
        [error] = answer.json()["errors"]
        assert error["message"] == "毛利率低于 15%，须经理批准后才能发出"
        assert manager.get(f"/quote/{standing['id']}").json()["stage"] == "draft"

    # 13,792.57 × 18 % = 2,482.66; ÷ 16,275.23 = 0.15254: enough. × 17 % = 2,344.74; ÷ 16,137.31 = 0.14530: too little.
    fair = changed(estimator, quote, markup="0.18")
    assert fair["lowest_margin"] == "0.1525"
    copied = estimator.post(f"/quote/{quote['id']}/copy").json()
    assert sent(estimator, fair)["stage"] == "sent"
    cheap = changed(estimator, copied, markup="0.17")
    assert cheap["lowest_margin"] == "0.1453"
    refused(cheap)
    may_not_approve(estimator, cheap)
    approved = changed(manager, cheap, approved_by=manager.user)
    sent(estimator, approved)
    # The next version needs an approval of its own.
    next_one = estimator.post(f"/quote/{approved['id']}/copy").json()
    assert (next_one["approved_by"], next_one["lowest_margin"]) == (None, "0.1453")
    refused(next_one)
    # Without a quantity there is no margin to judge by.
    refused(changed(estimator, next_one, quantities=[]))
