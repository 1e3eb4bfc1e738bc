"""What holds of every quotation, whatever the job: tried on jobs made at random."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.change import Draft, system
from engine.runtime.record import Record, read_record
from engine.runtime.save import save
from engine.runtime.site import Site
from tests.acceptance.conftest import opened_site
from tests.acceptance.firm import QUOTED_ON, SINCE, Json, enter_rates

BAND = 20_000
"""From here on less is wasted."""


@dataclass(slots=True)
class Estimator:
    """The engine itself, asked for one quotation after another."""

    site: Site
    numbers: Iterator[int]

    def make(self, entity: str, **values: Any) -> Json:
        """Save a record."""
        return {"id": save(self.site, system(), Draft(entity, values)).id}

    def paper(self, grammage: int, tonne_price: Decimal) -> int:
        """A paper of 787 × 1092 mm."""
        price = {"from_date": SINCE, "tonne_price": str(tonne_price)}
        values = {"name": f"纸 {next(self.numbers)}", "grammage": grammage, "length_mm": 787, "width_mm": 1092}
        return int(self.make("paper", **values, prices=[price])["id"])

    def quote(self, parts: list[Json], copies: list[int]) -> Record:
        """A quotation as it is read after it was saved."""
        quantities = [{"copies": number} for number in copies]
        values = {"name": "试", "customer": 1, "product_type": "leaflet", "quoted_on": QUOTED_ON}
        made = self.make("quote", **values, parts=parts, quantities=quantities)
        return read_record(self.site, system(), "quote", made["id"])


@pytest.fixture(scope="module")
def estimator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estimator]:
    """The firm in memory, with the rates of quotation A and a second band of waste."""
    with opened_site("sqlite://", Path(tmp_path_factory.mktemp("firm"))) as site:
        found = Estimator(site, itertools.count())
        enter_rates(found)
        band = {"min_copies": BAND, "make_ready": 100, "from_date": SINCE}
        found.make("waste_rule", part_kind="inside", percent="0.02", **band)
        found.make("customer", name="甲公司")
        yield found


@dataclass(frozen=True, slots=True)
class Job:
    """A job, and the same job on dearer paper."""

    grammage: tuple[int, int]
    tonne_price: tuple[Decimal, Decimal]
    sections: int
    ups: int
    colours: int
    turned: bool
    copies: list[int]


def pairs(least: int, most: int) -> st.SearchStrategy[tuple[int, int]]:
    """Two numbers, the smaller one first."""
    numbers = st.integers(least, most)
    return st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair)))


def quantities(least: int, most: int) -> st.SearchStrategy[list[int]]:
    """Up to four quantities of one band of waste, in order."""
    return st.lists(st.integers(least, most), min_size=2, max_size=4, unique=True).map(sorted)


JOBS = st.builds(
    Job,
    grammage=pairs(50, 400),
    tonne_price=pairs(300_000, 2_000_000).map(lambda pair: (Decimal(pair[0]) / 100, Decimal(pair[1]) / 100)),
    sections=st.integers(1, 12),
    ups=st.integers(1, 24),
    colours=st.integers(1, 6),
    turned=st.booleans(),
    copies=st.one_of(quantities(1, BAND - 1), quantities(BAND, 500_000)),
)


def parts(estimator: Estimator, job: Job) -> list[Json]:
    """The job printed on one side; on both; on both and on the dearer paper; and what is done to the whole."""
    cheap = estimator.paper(job.grammage[0], job.tonne_price[0])
    dear = estimator.paper(job.grammage[1], job.tonne_price[1])
    printed = {"kind": "inside", "press": 1, "sections": job.sections, "ups": job.ups, "front": job.colours}
    both = {**printed, "back": job.colours, "work_and_turn": job.turned}
    laminated = [{"finishing": 1}]
    whole = [{"finishing": finishing} for finishing in (2, 4, 5)]
    return [
        {**printed, "name": "单面", "back": 0, "paper": cheap},
        {**both, "name": "双面", "paper": cheap},
        {**both, "name": "贵纸", "paper": dear, "processes": laminated},
        {"name": "整件", "kind": "whole", "processes": whole},
    ]


@settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(job=JOBS)
def test_what_holds_of_every_quotation(estimator: Estimator, job: Job) -> None:
    quote = estimator.quote(parts(estimator, job), job.copies)
    costs = []
    for quantity in quote.lines["quantities"]:
        runs = [run for run in quote.lines["runs"] if run.values["quantity"].id == quantity.id]
        assert len(runs) == len(quote.lines["parts"]), "one run for each part"
        sums_are_exact(quote, quantity, runs)
        one_side, both_sides, dear = (printed(quote, run) for run in runs[:3])
        for run in (one_side, both_sides, dear):
            sheets_are_whole(run)
            # The press charge of a form is at least the minimum: 5 reams × 22 a colour.
            assert run["press_cost"] >= run["plates"] * 5 * 22
        assert one_side["all"] <= both_sides["all"], "4+0 is never dearer than 4+4"
        assert both_sides["paper_cost"] <= dear["paper_cost"], "heavier or dearer paper never costs less"
        costs.append(quantity.values["cost"])
    assert costs == sorted(costs), "more copies never cost less within one band of waste"


def printed(quote: Record, run: Record) -> Json:
    """What a run and its part say together."""
    [part] = [part for part in quote.lines["parts"] if part.id == run.values["part"].id]
    found: Json = {**part.values, **run.values}
    found["all"] = sum(found[name] for name in ("paper_cost", "press_cost", "plate_cost", "imposition_cost"))
    return found


def sheets_are_whole(run: Json) -> None:
    """Sheets are whole numbers, each step takes no fewer, and no sheet more than is needed."""
    steps = [run[name] for name in ("net_sheets", "run_sheets", "gross_sheets")]
    assert all(type(sheets) is int for sheets in (*steps, run["full_sheets"]))
    assert steps == sorted(steps)
    assert 0 <= run["full_sheets"] * 2 - run["gross_sheets"] < 2, "two press sheets from a full one"


def sums_are_exact(quote: Record, quantity: Record, runs: list[Record]) -> None:
    """The totals are sums of rounded lines, to the cent."""
    values = quantity.values
    lines = [run.values[name] or Decimal(0) for run in runs for name in ("paper_cost", "press_cost")]
    lines += [process.values["charge"] for run in runs for process in run.lines["process_runs"]]
    lines += [quote.values["plate_cost"], quote.values["imposition_cost"]]
    assert all(line.as_tuple().exponent == -2 for line in lines if line)
    assert sum(lines) == values["cost"]
    assert values["cost"] + values["markup_amount"] == values["net"]
    assert values["net"] + values["vat_amount"] == values["gross"]
    assert abs(values["unit_gross"] * values["copies"] - values["gross"]) <= Decimal("0.00005") * values["copies"]


@settings(max_examples=20, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(job=JOBS, copies=st.integers(50, 5_000))
def test_a_copy_is_cheaper_over_a_wide_step_of_quantity(estimator: Estimator, job: Job, copies: int) -> None:
    quote = estimator.quote(parts(estimator, job), [copies, copies * 3, copies * 9])
    unit = [quantity.values["unit_net"] for quantity in quote.lines["quantities"]]
    assert unit == sorted(unit, reverse=True)
