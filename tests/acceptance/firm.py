"""A printing firm that starts with nothing: its rates, its customer and quotation A, as a program would send them."""

from __future__ import annotations

from typing import Any, Protocol

QUOTED_ON = "2026-03-01"
SINCE = "2026-01-01"
Json = dict[str, Any]


class Maker(Protocol):
    """Who enters records: a program that calls the API, or the engine itself."""

    def make(self, entity: str, **values: Any) -> Json:
        """Make a record that must be accepted; answers it with its id."""


def enter_rates(manager: Maker) -> dict[str, Json]:
    """Every rate of quotation A, one record after the other; answers the records by what they are called."""
    made = {
        "terms": manager.make("terms_of_sale", from_date=SINCE, markup="0.20", vat="0.13", valid_days=15),
        "铜版157": paper(manager, "铜版157 大度", 157, "7800"),
        "铜版200": paper(manager, "铜版200 大度", 200, "8000"),
        "对开四色": manager.make(
            "press",
            name="对开四色",
            cuts=2,
            rates=[{"from_date": SINCE, "colour_ream": "22", "min_reams": "5", "plate": "60", "imposition": "20"}],
        ),
        "waste inside": waste(manager, "inside", "0.03"),
        "waste cover": waste(manager, "cover", "0.05"),
        "哑膜": finishing(manager, "哑膜", "area", price="0.80", minimum="200"),
        "骑马订": finishing(manager, "骑马订", "section", price="0.04", per_copy="0.06"),
        "数码样": finishing(manager, "数码样", "page", price="5"),
        "纸箱": finishing(manager, "纸箱 100本", "box", price="6", per_box=100),
        "送货": finishing(manager, "送货", "fixed", price="200"),
    }
    return made


def paper(manager: Maker, name: str, grammage: int, tonne_price: str) -> Json:
    """A paper of 889 × 1194 mm with one price."""
    price = {"from_date": SINCE, "tonne_price": tonne_price}
    return manager.make("paper", name=name, grammage=grammage, length_mm=889, width_mm=1194, prices=[price])


def waste(manager: Maker, kind: str, percent: str) -> Json:
    """A waste rule with 100 sheets of make-ready a form."""
    return manager.make("waste_rule", part_kind=kind, min_copies=0, percent=percent, make_ready=100, from_date=SINCE)


def finishing(manager: Maker, name: str, mode: str, **price: Any) -> Json:
    """Something that is done to the job, with one price."""
    return manager.make("finishing", name=name, mode=mode, prices=[{"from_date": SINCE, **price}])


def quotation_a(rates: dict[str, Json], customer: Json, *copies: int) -> Json:
    """Quotation A of the printing firm: a saddle stitched brochure of 4 + 32 pages, 210 × 285 mm."""
    id_of = {name: record["id"] for name, record in rates.items()}
    printed = {"press": id_of["对开四色"], "front": 4, "back": 4}
    inside = {
        **printed,
        "name": "内页",
        "kind": "inside",
        "paper": id_of["铜版157"],
        "pages": 32,
        "sections": 2,
        "ups": 1,
    }
    cover = {
        **printed, "name": "封面", "kind": "cover", "paper": id_of["铜版200"], "pages": 4, "sections": 1, "ups": 4,
        "work_and_turn": True, "processes": [{"finishing": id_of["哑膜"]}],
    }  # fmt: skip
    whole = {
        "name": "整件", "kind": "whole",
        "processes": [{"finishing": id_of[name]} for name in ("骑马订", "数码样", "纸箱", "送货")],
    }  # fmt: skip
    return {
        "name": "画册", "customer": customer["id"], "product_type": "brochure", "size": "210×285",
        "quoted_on": QUOTED_ON, "parts": [inside, cover, whole],
        "quantities": [{"copies": number} for number in copies or (5000,)],
    }  # fmt: skip
