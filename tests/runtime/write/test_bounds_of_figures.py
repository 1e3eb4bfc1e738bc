"""The bounds of a field hold for what is worked out as for what is typed: a result past them refuses the save."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from engine.change import InvalidRecord, system
from engine.problems import ConfigError
from tests.crm import Crm, compile_text

BINDERY = """
app: {name: Bindery, locale: en, locales: [en, zh-CN], timezone: Asia/Shanghai, currency: CNY}
entities:
  job:
    title: "{name}"
    fields:
      name: {type: text, label: Name}
      note: {type: long_text, label: Note}
      copies: {type: integer, label: Copies, default: 10}
      begun: {type: date, label: Begun, default: 2026-03-01}
      slip: {type: text, label: Slip, max: 12, expr: name + ' x'}
      code: {type: text, label: Code, pattern: "[A-Z].*", min: 3, expr: name}
      plain: {type: text, label: Plain, expr: note}
      packs: {type: integer, label: Packs, min: 1, expr: floor(copies / 10)}
      price: {type: money, label: Price, max: 999.99, expr: copies * 2.5}
      share: {type: percent, label: Share, max: 100%, override: true, expr: copies / 100}
      due: {type: date, label: Due, max: 2026-12-31, expr: begun + days(30)}
      works: {type: lines, of: work}
  work:
    owned_by: job.works
    title: "{what}"
    fields:
      what: {type: text, label: What}
      tag: {type: text, label: Tag, max: 12, expr: job.name + what}
"""


@pytest.fixture
def bindery(database_url: str) -> Iterator[Crm]:
    """Jobs with slips, codes and prices that are worked out."""
    with Crm.load(BINDERY, database_url) as crm:
        yield crm


def refusal(bindery: Crm, **values: object) -> list[tuple[str, str]]:
    """What stands against a new job."""
    with pytest.raises(InvalidRecord) as refused:
        bindery.create("job", **{"name": "Atlas", **values})
    return [(error.field, error.code) for error in refused.value.errors]


def test_results_within_the_bounds_are_kept(bindery: Crm) -> None:
    job = bindery.create("job", name="Atlas", works=[{"what": "Sew"}])
    values = bindery.get("job", job).values
    assert (values["slip"], values["code"], values["packs"]) == ("Atlas x", "Atlas", 1)
    assert values["due"] == date(2026, 3, 31)


@pytest.mark.parametrize(
    ("field", "values"),
    [("slip", {"name": "Atlas of Asia"}), ("code", {"name": "atlas"}), ("code", {"name": "At"}),
     ("plain", {"note": "word " * 120}), ("packs", {"copies": 9}), ("price", {"copies": 400, "share": "0.5"}),
     ("share", {"copies": 101}), ("due", {"begun": "2026-12-02"})],
)  # fmt: skip
def test_a_result_past_its_bounds_refuses_the_save_and_names_the_field(
    bindery: Crm, field: str, values: dict[str, object]
) -> None:
    assert (field, "out_of_bounds") in refusal(bindery, **values)
    assert bindery.titles("job") == []


def test_the_figure_of_a_line_is_named_too(bindery: Crm) -> None:
    job = bindery.create("job", name="Atlas", works=[{"what": "Sew"}])
    line = bindery.list("work")[0]["id"]
    with pytest.raises(InvalidRecord) as refused:
        bindery.update("job", job, works=[{"id": line, "what": "Sew and glue"}])
    assert [error.field for error in refused.value.errors] == ["works.0.tag"]
    assert bindery.list("work", fields=("tag",))[0]["tag"] == "AtlasSew"


def test_the_refusal_speaks_the_persons_language(bindery: Crm) -> None:
    with pytest.raises(InvalidRecord) as refused:
        bindery.create("job", system(locale="zh-CN"), name="Atlas of Asia")
    assert "Slip的计算结果超出该字段允许的范围" in refused.value.errors[0].message


def test_what_is_typed_over_a_figure_keeps_the_bounds_as_ever(bindery: Crm) -> None:
    job = bindery.create("job", name="Atlas", share="0.5")
    assert str(bindery.get("job", job).values["share"]) == "0.50"
    assert refusal(bindery, share="1.5") == [("share", "percent_too_big")]


def test_bounds_that_no_save_could_refuse_by_are_a_mistake_of_the_config() -> None:
    with pytest.raises(ConfigError) as refused:
        compile_text(BINDERY.replace("expr: name + ' x'", "expr: name + ' x' if today() > begun else name"))
    (problem,) = refused.value.problems
    assert (problem.code, "`max`" in problem.message) == ("formula.input", True)
