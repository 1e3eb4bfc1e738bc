"""A new config and the records that are there: rows that it keeps for them, and figures that it works out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from engine.problems import ConfigError
from engine.runtime.backfill import backfill
from engine.runtime.site import make_site
from engine.store import revisions
from engine.store.apply import apply
from engine.store.plan import plan
from tests.crm import Crm, compile_text

PRESS = """
app: {name: Press, locale: en, locales: [en], timezone: UTC, currency: EUR}
entities:
  firm:
    title: "{name}"
    fields:
      name:  {type: text}
      books: {type: backlink, of: book.firm}
      # figures of the firm
  book:
    title: "{name}"
    frozen_when: sent
    fields:
      name:   {type: text}
      firm:   {type: link, to: firm}
      sent:   {type: boolean}
      weight: {type: integer}
      parts:  {type: lines, of: part}
      runs:   {type: lines, of: run}
      # figures of the book
  part:
    owned_by: book.parts
    fields:
      sheets: {type: integer}
      works:  {type: lines, of: work}
  work:
    owned_by: part.works
    fields: {hours: {type: integer}}
  run:
    owned_by: book.runs
    fields: {copies: {type: integer}}
  # rows
"""
PRICES = """
  price:
    owned_by: book.prices
    each: {part: parts, run: runs}
    fields:
      part:   {type: link, to: part}
      run:    {type: link, to: run}
      amount: {type: integer, expr: part.sheets * run.copies}
      remark: {type: text}
      jobs:   {type: lines, of: job}
  job:
    owned_by: price.jobs
    each: {work: part.works}
    fields:
      work:   {type: link, to: work}
      hours:  {type: integer, expr: work.hours * price.run.copies}
"""
HOLDER = """      prices: {type: lines, of: price}
      total:  {type: rollup, of: prices, sum: amount}
"""
SPENT = """      spent: {type: rollup, of: books, sum: total}
"""


@pytest.fixture
def press(database_url: str) -> Iterator[Crm]:
    with Crm.load(PRESS, database_url) as crm:
        yield crm


def config(*, rows: str = "", book: str = "", firm: str = "") -> str:
    """The press, and more."""
    text = PRESS.replace("  # rows\n", rows.lstrip("\n"))
    return text.replace("      # figures of the book\n", book).replace("      # figures of the firm\n", firm)


PRICED = config(rows=PRICES, book=HOLDER, firm=SPENT)
ONE_LIST = (
    PRICED.replace("{part: parts, run: runs}", "{part: parts}").replace("run.copies", "1").replace("price.1", "1")
)


def planned(crm: Crm, text: str) -> dict[tuple[str, str], int]:
    """The steps of a plan that touch rows, with how many."""
    with crm.site.database.reading() as connection:
        applied = revisions.current(connection)
        steps = plan(applied.snapshot if applied else None, compile_text(text), connection)
    return {
        (step.kind, f"{step.entity}.{step.field}".rstrip(".")): step.rows
        for step in steps
        if step.kind in ("keep_rows", "drop_rows", "backfill")
    }


def applied(crm: Crm, text: str) -> Crm:
    """The same CRM under another config."""
    model, now = compile_text(text), crm.site
    site = make_site(
        model, database=now.database, catalog=now.catalog, clock=now.clock, folder=now.folder, key=now.key,
        revision=now.revision,
    )  # fmt: skip
    revision = apply(now.database, model, base=now.revision, by=None, backfill=backfill(site))
    return Crm(replace(site, revision=revision.number), crm.clock, crm.people)


def atlas(crm: Crm, **values: object) -> int:
    """A book of two parts in three runs."""
    parts = [{"sheets": 2, "works": [{"hours": 1}, {"hours": 4}]}, {"sheets": 3}]
    runs = [{"copies": 10}, {"copies": 20}, {"copies": 30}]
    return crm.create("book", name="Atlas", parts=parts, runs=runs, **values)


def amounts(crm: Crm, book: int) -> list[int]:
    return [row.values["amount"] for row in crm.get("book", book).lines["prices"]]


def test_rows_are_made_for_every_combination_of_what_is_there(press: Crm) -> None:
    firm = press.create("firm", name="Globe")
    book, frozen, gone = atlas(press, firm=firm), atlas(press, sent=True), atlas(press)
    press.delete("book", gone)

    steps = planned(press, PRICED)
    priced = applied(press, PRICED)

    # The plan cannot ask which records are frozen: it says at most how many rows, and that those stand still.
    assert (steps["keep_rows", "price"], steps["keep_rows", "job"]) == (12, 12)
    assert amounts(priced, book) == [20, 40, 60, 30, 60, 90]
    assert [job.values["hours"] for row in priced.get("book", book).lines["prices"] for job in row.lines["jobs"]] == [
        10, 40, 20, 80, 30, 120,
    ]  # fmt: skip
    assert amounts(priced, frozen) == []
    assert priced.get("book", book).values["total"] == 300
    assert priced.get("firm", firm).values["spent"] == 300
    assert priced.get("book", book).version == 1, "nobody who is editing it is in conflict"
    assert planned(priced, PRICED) == {}


def test_a_save_finds_the_rows_that_an_apply_made(press: Crm) -> None:
    book = atlas(press)
    press = applied(press, PRICED)
    made = [row.id for row in press.get("book", book).lines["prices"]]

    press.update("book", book, name="Atlas of the world", prices=[{"id": id, "remark": "gilt"} for id in made])

    assert [row.id for row in press.get("book", book).lines["prices"]] == made


def test_rows_are_kept_for_more_lists_while_nobody_entered_anything(press: Crm) -> None:
    press = applied(press, ONE_LIST)
    book = atlas(press)
    assert amounts(press, book) == [2, 3]

    assert planned(press, PRICED) == {
        ("keep_rows", "price"): 6, ("drop_rows", "price"): 2, ("keep_rows", "job"): 6, ("drop_rows", "job"): 2,
        ("backfill", "price.amount"): 2, ("backfill", "job.hours"): 2,
    }  # fmt: skip
    press = applied(press, PRICED)

    assert amounts(press, book) == [20, 40, 60, 30, 60, 90]
    assert amounts(applied(press, ONE_LIST), book) == [2, 3]


def test_what_somebody_entered_in_a_row_is_not_given_up_for_more_lists(press: Crm) -> None:
    press = applied(press, ONE_LIST)
    book = atlas(press)
    rows = [{"id": row.id} for row in press.get("book", book).lines["prices"]]
    press.update("book", book, prices=[{**rows[0], "remark": "gilt"}, rows[1]])

    with pytest.raises(ConfigError) as refused:
        applied(press, PRICED)

    [problem] = refused.value.problems
    assert (problem.code, problem.mark.path) == ("plan.unsupported", "app.yaml")
    assert "1 of its rows hold what somebody entered" in problem.message
    assert amounts(press, book) == [2, 3]


def test_rows_that_were_entered_by_hand_stay_where_they_stand_for_a_combination(press: Crm) -> None:
    by_hand = PRICED.replace("    each: {part: parts, run: runs}\n", "")
    press = applied(press, by_hand)
    book = atlas(press)
    stored = press.get("book", book)
    part, run = stored.lines["parts"][1].id, stored.lines["runs"][2].id
    press.update("book", book, prices=[{"part": part, "run": run, "remark": "gilt"}, {"part": part, "run": run}])
    kept = press.get("book", book).lines["prices"][0].id

    press = applied(press, PRICED)

    rows = press.get("book", book).lines["prices"]
    assert amounts(press, book) == [20, 40, 60, 30, 60, 90]
    assert (rows[5].id, rows[5].values["remark"]) == (kept, "gilt")


def test_more_rows_than_a_record_may_have_are_refused_before_anything_is_done(press: Crm) -> None:
    press.create("book", parts=[{} for _ in range(40)], runs=[{} for _ in range(30)])

    with pytest.raises(ConfigError, match="price would have 1,200 rows in book 1") as refused:
        applied(press, PRICED)

    assert [problem.code for problem in refused.value.problems] == ["plan.unsupported"]


def test_a_figure_that_cannot_be_kept_names_record_field_and_place(press: Crm) -> None:
    press.create("book", name="Light", weight=5)
    heavy = press.create("book", name="Heavy", weight=9_000_000_000)
    cubed = config(book="      cube: {type: integer, label: Cube, expr: weight * weight * weight}\n")

    with pytest.raises(ConfigError) as refused:
        applied(press, cubed)

    [problem] = refused.value.problems
    assert problem.code == "plan.figure"
    assert problem.message.startswith(f"book.cube cannot be worked out for book {heavy} 'Heavy': ")
    assert "Cube" in problem.message
    assert problem.mark.line == cubed[: cubed.index("cube:")].count("\n") + 1
    with press.site.database.reading() as connection:
        assert revisions.current_number(connection) == press.site.revision
        assert "cube" not in {column["name"] for column in sa.inspect(connection).get_columns("book")}


def test_a_figure_of_a_line_that_cannot_be_kept_names_the_line(press: Crm) -> None:
    book = press.create("book", name="Heavy", parts=[{"sheets": 1}, {"sheets": 9_000_000_000}])
    squared = PRESS.replace(
        "      sheets: {type: integer}\n",
        "      sheets: {type: integer}\n      area: {type: integer, expr: sheets ** 2}\n",
    ).replace("sheets ** 2", "sheets * sheets")

    with pytest.raises(
        ConfigError, match=rf"part\.area cannot be worked out for book {book} 'Heavy' \(in its parts\.1\)"
    ):
        applied(press, squared)


def test_a_figure_of_another_record_that_cannot_be_kept_names_that_record(press: Crm) -> None:
    firm = press.create("firm", name="Globe")
    for _ in range(3):
        press.create("book", firm=firm, weight=9_000_000_000_000_000_000)

    with pytest.raises(ConfigError, match=rf"firm\.weight cannot be worked out for firm {firm} 'Globe'"):
        applied(press, config(firm="      weight: {type: rollup, of: books, sum: weight}\n"))


def test_figures_that_would_be_unique_twice_name_the_record(press: Crm) -> None:
    press.create("book", name="First", weight=5)
    second = press.create("book", name="Second", weight=5)

    with pytest.raises(ConfigError, match=rf"book\.double cannot be worked out for book {second} 'Second'"):
        applied(press, config(book="      double: {type: integer, expr: weight * 2, unique: true}\n"))


def test_all_new_figures_of_a_record_are_worked_out_at_once(press: Crm) -> None:
    book = press.create("book", name="Atlas", weight=5)
    figures = "".join(f"      times_{n}: {{type: integer, expr: weight * {n}}}\n" for n in range(2, 8))

    crm = applied(press, config(book=figures))

    assert [crm.get("book", book).values[f"times_{n}"] for n in range(2, 8)] == [10, 15, 20, 25, 30, 35]
    with crm.site.database.reading() as connection:
        history = crm.site.tables.history
        entries = connection.execute(sa.select(history.c.changes).where(history.c.action == "computed")).scalars().all()
    assert [sorted(entry) for entry in entries] == [[f"times_{n}" for n in range(2, 8)]]


def test_a_figure_that_reads_another_records_new_figure_finds_it(press: Crm) -> None:
    """The book stands after the firm in the config, and the firm's figure reads the book's."""
    book = press.create("book", weight=4)
    text = config(book="      double: {type: integer, expr: weight * 2}\n")
    text = text.replace(
        "      name:  {type: text}\n", "      name:  {type: text}\n      best: {type: link, to: book}\n"
    )
    press = applied(press, text.replace("      double:", "      triple:").replace("* 2", "* 3"))
    firm = press.create("firm", best=book)

    press = applied(
        press, text.replace("      books:", "      heavy: {type: integer, expr: best.double}\n      books:")
    )

    assert press.get("firm", firm).values["heavy"] == 8


RATES = """
app: {name: Press, locale: en, locales: [en], timezone: UTC, currency: EUR}
entities:
  rate:
    title: "{kind}"
    fields:
      kind: {type: text}
      base: {type: integer}
      # figures of the rate
  job:
    title: "{kind}"
    fields:
      kind: {type: text}
      # figures of the job
"""
LOOKED_UP = RATES.replace(
    "# figures of the rate",
    """cost: {type: integer, expr: base * 10}
      best: {type: integer, expr: "find(rate.base, where=kind == outer.kind and cost > 5, latest=base)"}""",
).replace(
    "# figures of the job",
    """cost: {type: integer, expr: "find(rate.cost, where=kind == outer.kind and cost > 5, latest=base)"}""",
)


def test_a_lookup_finds_what_the_same_apply_has_worked_out(database_url: str) -> None:
    with Crm.load(RATES, database_url) as crm:
        for base in (1, 2, 3):
            crm.create("rate", kind="cut", base=base)
        job = crm.create("job", kind="cut")

        assert applied(crm, LOOKED_UP).get("job", job).values["cost"] == 30
