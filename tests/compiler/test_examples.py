"""The examples of the language's own description compile, and mean what they say."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from engine.compiler import UnknownPart, compile_config, explain
from engine.compiler.schema import build_schema
from engine.compiler.sources import parse
from engine.compiler.tree import plain
from engine.model import Model, SourceText
from tests.compiler.configs import GOLDEN, ROOT, catalog

EXAMPLES = [GOLDEN / "whole_crm", GOLDEN / "estimating", ROOT / "configs" / "minimal"]


def load(folder: Path) -> Model:
    return compile_config(folder, catalog())


def summary(model: Model) -> str:
    """What the compiler made of a config, one line a field."""
    lines = []
    for entity in model.entities.values():
        owner = f" of {'.'.join(entity.owned_by)}" if entity.owned_by else ""
        lines.append(f"{entity.name}{owner}: {entity.label.text('en')} / {entity.plural.text('en')}")
        for field in entity.fields.values():
            if field.system:
                continue
            flags = [
                word
                for word, holds in {
                    "computed": field.computed is not None,
                    "live": field.computed is not None and not field.stored,
                    "pushed": field.pushed,
                    "required": field.required,
                    "unfrozen": not field.frozen,
                }.items()
                if holds
            ]
            kind = field.declared if field.kind.key == field.declared else f"{field.declared} -> {field.kind.key}"
            lines.append(f"  {field.name}: {kind}{' ' if flags else ''}{', '.join(flags)}")
    for root, order in model.computed_order.items():
        lines += [f"order of {root}:", *(f"  {entity}.{field}" for entity, field in order)] if order else []
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", ["whole_crm", "estimating"])
def test_the_examples_become_the_expected_model(name: str) -> None:
    found, golden = summary(load(GOLDEN / name)), GOLDEN / name / "model.txt"
    if os.environ.get("FORME_GOLDEN"):
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_the_examples_compile_without_a_warning(folder: Path) -> None:
    assert load(folder).warnings == ()


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_the_examples_please_the_editors_schema(folder: Path) -> None:
    schema = build_schema(catalog())
    text = (folder / "app.yaml").read_text(encoding="utf-8")
    data = plain(parse(SourceText("", "app.yaml", text))[0].root)
    found = [
        error.json_path + ": " + error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data)
    ]
    assert found == []


def test_the_schema_that_is_checked_in_is_fresh() -> None:
    checked_in = json.loads((ROOT / "schemas" / "forme.schema.json").read_text(encoding="utf-8"))
    assert checked_in == json.loads(json.dumps(build_schema(catalog()))), "run FORME_GOLDEN=1 pytest tests/compiler"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(build_schema(catalog()))


def test_figures_are_worked_out_after_all_that_they_read() -> None:
    order = load(GOLDEN / "estimating").computed_order["quote"]
    place = {key: index for index, key in enumerate(order)}

    assert place["part", "plate_cost"] < place["quote", "plate_cost"] < place["quantity", "cost"]
    assert place["run", "run_sheets"] < place["process_run", "work"] < place["process_run", "charge"]
    assert place["process_run", "charge"] < place["quantity", "finishing_cost"] < place["quantity", "gross"]
    assert place["quantity", "margin"] < place["quote", "lowest_margin"]
    assert ("quote", "expired") not in place


def test_what_depends_on_the_day_is_not_stored() -> None:
    quote = load(GOLDEN / "estimating").entities["quote"]
    assert not quote.fields["expired"].stored
    assert quote.fields["valid_until"].stored


def test_a_rollup_over_other_records_is_pushed_and_one_over_lines_is_not() -> None:
    assert load(GOLDEN / "whole_crm").field("customer", "won").pushed
    estimating = load(GOLDEN / "estimating")
    assert not estimating.field("quantity", "paper_cost").pushed
    assert not estimating.field("quote", "pages").pushed


def test_a_rollup_is_of_the_kind_that_it_adds_up() -> None:
    quote = load(GOLDEN / "estimating").entities["quote"]
    assert {name: quote.fields[name].kind.key for name in ("pages", "plate_cost", "lowest_margin", "amount")} == {
        "pages": "integer",
        "plate_cost": "money",
        "lowest_margin": "percent",
        "amount": "money",
    }


def test_reused_choices_are_those_of_the_other_field() -> None:
    model = load(GOLDEN / "estimating")
    reused, own = model.field("waste_rule", "part_kind").kind, model.field("part", "kind").kind
    assert reused.json_schema() == own.json_schema()


def test_explain_names_the_value_and_its_place() -> None:
    text = explain(load(GOLDEN / "whole_crm"), "customer.name.required")
    assert "true" in text
    assert "app.yaml:" in text


def test_explain_suggests_the_nearest_path() -> None:
    model = load(GOLDEN / "whole_crm")
    with pytest.raises(UnknownPart, match=r"Did you mean 'customer'\?"):
        explain(model, "custmer.fields.name")
    with pytest.raises(UnknownPart, match=r"Did you mean 'name'\?"):
        explain(model, "customer.fields.nmae")
