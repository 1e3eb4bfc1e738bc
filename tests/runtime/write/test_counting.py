"""Rollups that look further: at a row's parent, at their holder, at lines that lose a link, at new formulas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from engine.change import InvalidRecord, system
from engine.runtime.backfill import backfill
from engine.runtime.removal import restore
from engine.runtime.site import make_site
from engine.store import history
from engine.store.apply import apply
from tests.crm import Crm, compile_text

MILL = """
app: {name: Mill, locale: en, locales: [en], timezone: UTC, currency: EUR}
entities:
  paper:
    title: "{name}"
    fields:
      name:  {type: text}
      least: {type: integer}
      sample: {type: link, to: part}
      used:  {type: backlink, of: part.paper}
      uses:  {type: rollup, of: used, count: true}
      won:   {type: rollup, of: used, sum: sheets, where: quote.stage == 'won'}
      much:  {type: rollup, of: used, sum: sheets, where: sheets >= outer.least}
  ink:
    title: "{name}"
    fields:
      name:  {type: text}
      memos: {type: backlink, of: memo.about}
      memos_n: {type: rollup, of: memos, count: true}
  memo:
    title: "{text}"
    fields:
      text:  {type: text}
      about: {type: any_link, to: [ink, tag]}
      tag:   {type: link, to: tag, on_delete: cascade}
  tag:
    title: "{name}"
    fields: {name: {type: text}, of: {type: link, to: ink, on_delete: cascade}}
  quote:
    title: "{name}"
    fields:
      name:   {type: text}
      based_on: {type: link, to: quote}
      later:  {type: backlink, of: quote.based_on}
      heirs:  {type: rollup, of: later, sum: sheets}
      tags:   {type: links, to: tag}
      parts:  {type: lines, of: part}
      sheets: {type: rollup, of: parts, sum: sheets}
      inked:  {type: rollup, of: parts, count: true, where: ink is not None}
      stage:  {type: stage, pipeline: sales}
    checks:
      hint: {warn_when: name == 'Odd', message: An odd name.}
  part:
    owned_by: quote.parts
    fields:
      sheets: {type: integer}
      note:   {type: text, search: true}
      paper:  {type: link, to: paper, on_delete: cascade}
      ink:    {type: link, to: ink, on_delete: clear}
      on_top: {type: link, to: part}
      like:   {type: link, to: part, on_delete: clear}
pipelines:
  sales: {stages: {open: {label: Open}, won: {label: Won}}}
"""


@pytest.fixture
def mill(database_url: str) -> Iterator[Crm]:
    """The mill on a fresh database."""
    with Crm.load(MILL, database_url) as crm:
        yield crm


def test_a_rollup_follows_what_its_condition_reads_above_a_row_and_of_its_holder(mill: Crm) -> None:
    paper = mill.create("paper", least=3)
    quote = mill.create("quote", parts=[{"sheets": 5, "paper": paper}])

    mill.update("quote", quote, stage="won")
    assert [mill.get("paper", paper).values[name] for name in ("won", "much")] == [5, 5]
    mill.update("paper", paper, least=6)
    mill.update("quote", quote, stage="open")
    assert [mill.get("paper", paper).values[name] for name in ("won", "much")] == [0, 0]


def test_figures_follow_lines_that_lose_a_link_or_go_and_come_back(mill: Crm) -> None:
    paper, ink, tag = mill.create("paper"), mill.create("ink"), mill.create("tag")
    parts = [{"sheets": 5, "paper": paper, "ink": ink, "note": "glossy"}, {"sheets": 7, "ink": ink}]
    quote = mill.create("quote", parts=parts, tags=[tag])

    mill.delete("ink", ink)
    assert (mill.get("quote", quote).values["inked"], mill.version("quote", quote)) == (0, 2)
    mill.delete("paper", paper)
    without = mill.get("quote", quote)
    assert (without.values["sheets"], without.version, len(without.lines["parts"])) == (7, 3, 1)
    mill.delete("tag", tag)
    assert (mill.version("quote", quote), len(mill.get("quote", quote).lines["tags"])) == (4, 0)

    restore(mill.site, system(), "paper", paper)

    back = mill.get("quote", quote)
    assert (back.values["sheets"], back.version, len(back.lines["parts"])) == (12, 5, 2)
    assert mill.get("paper", paper).values["uses"] == 1
    with mill.site.database.reading() as connection:
        entries = history.read(connection, mill.site.tables, "quote", quote)
    told = [(entry.entity, entry.action, dict(entry.changes)) for entry in reversed(entries)]
    assert ("part", "updated", {"ink": [ink, None]}) in told
    assert ("quote", "updated", {"sheets": [12, 7]}) in told
    assert ("part", "deleted", {}) in told
    assert ("part", "restored", {}) in told


def test_records_that_follow_from_each_other_count_what_the_database_holds(mill: Crm) -> None:
    first = mill.create("quote", parts=[{"sheets": 1}])
    second = mill.create("quote", based_on=first, parts=[{"sheets": 5}])
    mill.create("quote", based_on=second, parts=[{"sheets": 9}])

    mill.update("quote", first, name="First")

    assert [mill.get("quote", id).values["heirs"] for id in (first, second)] == [5, 9]


def test_new_formulas_are_worked_out_before_the_rollups_that_count_them(mill: Crm) -> None:
    paper = mill.create("paper")
    mill.create("quote", parts=[{"sheets": 5, "paper": paper}])
    twice = "      twice: {type: rollup, of: used, sum: double}\n      more: {type: integer, expr: twice + 1}\n"
    double = "      double: {type: integer, expr: sheets * 2}\n"
    doubled = MILL.replace("      least:", f"{twice}      least:").replace("      note:", f"{double}      note:")

    mill = reapplied(mill, doubled)
    assert [mill.get("paper", paper).values[name] for name in ("twice", "more")] == [10, 11]
    mill = reapplied(mill, doubled.replace("sheets * 2", "sheets * 3"))
    assert [mill.get("paper", paper).values[name] for name in ("twice", "more")] == [15, 16]


def reapplied(crm: Crm, config: str) -> Crm:
    """The same CRM after another config was applied."""
    model, now = compile_text(config), crm.site
    site = make_site(
        model, database=now.database, catalog=now.catalog, clock=now.clock, folder=now.folder, key=now.key,
        revision=now.revision,
    )  # fmt: skip
    revision = apply(now.database, model, base=now.revision, by=None, backfill=backfill(site))
    return Crm(replace(site, revision=revision.number), crm.clock)


def test_a_line_that_is_linked_to_stays(mill: Crm) -> None:
    paper, other = mill.create("paper"), mill.create("quote", name="Other")
    parts = [{"key": "lid", "sheets": 1}, {"sheets": 2, "on_top": {"key": "lid"}, "like": {"key": "lid"}}]
    quote = mill.create("quote", parts=parts)
    lid, box = (line.id for line in mill.get("quote", quote).lines["parts"])

    with pytest.raises(InvalidRecord) as inside:
        mill.update("quote", quote, parts=[{"id": box}])
    mill.update("quote", quote, parts=[{"id": lid}, {"id": box, "on_top": None}])
    mill.update("paper", paper, sample=lid)
    with pytest.raises(InvalidRecord) as outside:
        mill.update("quote", quote, parts=[{"id": box}])
    mill.update("paper", paper, sample=None)
    mill.update("quote", quote, parts=[{"id": box}])

    assert [(error.field, error.code) for error in inside.value.errors] == [("parts.0.on_top", "no_such_record")]
    assert [(error.field, error.code) for error in outside.value.errors] == [("parts", "in_use")]
    [left] = mill.get("quote", quote).lines["parts"]
    assert left.values["like"] is None
    assert mill.get("quote", other).version == 1


def test_links_to_one_of_several_entities_are_counted(mill: Crm) -> None:
    ink, tag = mill.create("ink"), mill.create("tag")
    memo = mill.create("memo", about={"entity": "ink", "id": ink})
    mill.create("memo", about={"entity": "tag", "id": tag})
    assert mill.get("ink", ink).values["memos_n"] == 1

    mill.update("memo", memo, about={"entity": "tag", "id": tag})
    assert mill.get("ink", ink).values["memos_n"] == 0


def test_what_goes_along_does_not_stand_in_the_way(mill: Crm) -> None:
    ink = mill.create("ink")
    tag = mill.create("tag", of=ink)
    memo = mill.create("memo", about={"entity": "ink", "id": ink}, tag=tag)

    mill.delete("ink", ink)

    assert not mill.sees("memo", memo, system())
