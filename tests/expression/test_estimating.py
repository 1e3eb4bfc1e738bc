"""Every expression of the shipped estimating config compiles, with the types that its fields need."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.expression import (
    BUILTIN,
    Expression,
    Function,
    Scope,
    Signature,
    aggregate,
    compile_cases,
    compile_expression,
    missing_cases,
    read_value,
    text_with_holes,
)  # fmt: skip
from engine.expression.nodes import BOOLEAN, DATE, MONEY, TEXT, Cases, Type, record
from engine.problems import Mark

CONFIG = Path(__file__).parents[2] / "configs" / "printing_estimating"
HERE = Mark("quotation.yaml", 1, 1)
SCALES = {"integer": 0, "money": 2, "percent": 4, "decimal": 2}


def words(money: object) -> str:
    raise AssertionError(money)


IN_WORDS = Function("amount_in_words", (MONEY,), TEXT, words, None)


@dataclass(frozen=True)
class Estimating:
    """The Schema of the config, straight from its YAML."""

    entities: Mapping[str, Any]

    def field(self, entity: str, name: str) -> Signature | None:
        said = self.entities.get(entity, {}).get("fields", {}).get(name)
        if said is None:
            owner = self.entities.get(entity, {}).get("owned_by", "").split(".")[0]
            return Signature(entity, name, record(owner)) if owner and owner == name else None
        via = self._via(entity, said)
        if via:
            return Signature(entity, name, Type("list", item=record(via[0])), via=via)
        return Signature(entity, name, self.type_of(entity, said), choices=self._choices(said))

    def field_names(self, entity: str) -> Collection[str]:
        return tuple(self.entities[entity].get("fields", {}))

    def entity_names(self) -> Collection[str]:
        return self.entities.keys()

    def dated(self, entity: str) -> tuple[str, str] | None:
        return None

    def constant(self, name: str) -> object | None:
        return None

    def functions(self) -> Mapping[str, Function]:
        return {**BUILTIN, "amount_in_words": IN_WORDS}

    def type_of(self, entity: str, said: Mapping[str, Any]) -> Type:
        kind = said["type"]
        if kind == "rollup":
            return self._rolled_up(entity, said)
        if kind in SCALES:
            return Type("number", money=kind == "money", scale=said.get("scale", SCALES[kind]))
        if kind in ("link", "user"):
            return record(said.get("to", "user"))
        return {"date": DATE, "boolean": BOOLEAN}.get(kind, TEXT)

    def _rolled_up(self, entity: str, said: Mapping[str, Any]) -> Type:
        for hop in said["of"].split("."):
            entity = self._via(entity, self.entities[entity]["fields"][hop])[0]  # type: ignore[index]
        value = next(said[key] for key in ("sum", "min", "max") if key in said)
        return self.type_of(entity, self.entities[entity]["fields"][value])

    def _via(self, entity: str, said: Mapping[str, Any]) -> tuple[str, str] | None:
        if said["type"] == "lines":
            return said["of"], entity
        if said["type"] == "backlink":
            other, _, link = said["of"].partition(".")
            return other, link
        return None

    def _choices(self, said: Mapping[str, Any]) -> tuple[str, ...] | None:
        if said["type"] == "stage":
            return ("draft", "sent", "won", "lost")
        choices = said.get("choices")
        while isinstance(choices, str):
            entity, _, name = choices.partition(".")
            choices = self.entities[entity]["fields"][name].get("choices")
        return tuple(choices) if choices else None


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(CONFIG.glob("*.yaml")):
        for section, content in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            found.setdefault(section, {}).update(content)
    return found


@pytest.fixture(scope="module")
def schema(config: dict[str, Any]) -> Estimating:
    user = {"fields": {"name": {"type": "text"}}}
    return Estimating({**config["entities"], "user": user})


def all_fields(config: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for entity, said in config["entities"].items():
        for name, field in said.get("fields", {}).items():
            yield entity, name, field


def test_every_formula_gives_what_its_field_holds(config: dict[str, Any], schema: Estimating) -> None:
    compiled: dict[str, Expression] = {}
    for entity, name, field in all_fields(config):
        scope = Scope(schema, entity)
        if "expr" in field:
            wanted = schema.type_of(entity, field)
            compiled[f"{entity}.{name}"] = compile_expression(str(field["expr"]), scope, HERE, expects=wanted)
        if "cases" in field:
            compiled[f"{entity}.{name}"] = compile_cases(field["by"], field["cases"], scope, HERE)
    assert len(compiled) >= 30
    assert {path.steps[-1].field for path in compiled["quantity.margin"].paths()} == {"net", "cost"}
    assert compiled["run.paper_cost"].type.money


def test_every_rollup_reaches_its_rows(config: dict[str, Any], schema: Estimating) -> None:
    seen = 0
    for entity, _, field in all_fields(config):
        if field["type"] != "rollup":
            continue
        function = next(key for key in ("sum", "min", "max") if key in field)
        expression = aggregate(
            function, field["of"], field[function], field.get("where"), Scope(schema, entity),
            of_mark=HERE, value_mark=HERE, where_mark=HERE,
        )  # fmt: skip
        assert expression.type.kind == "number"
        seen += 1
    assert seen >= 9


def test_every_condition_is_true_or_false(config: dict[str, Any], schema: Estimating) -> None:
    for entity, _, field in all_fields(config):
        for key in ("visible_when", "required_when"):
            if key in field:
                compile_expression(str(field[key]), Scope(schema, entity), HERE, expects=BOOLEAN)
    for entity, said in config["entities"].items():
        for text in (said.get("frozen_when"), *(check["refuse_when"] for check in said.get("checks", {}).values())):
            if text:
                compile_expression(text, Scope(schema, entity), HERE, expects=BOOLEAN)
    for role in config["roles"].values():
        for entity, grant in role["grants"].items():
            for rule in grant.values():
                if isinstance(rule, str):
                    compile_expression(rule, Scope(schema, entity), HERE, expects=BOOLEAN)


def test_every_default_title_and_expectation_is_understood(config: dict[str, Any], schema: Estimating) -> None:
    for entity, _, field in all_fields(config):
        if isinstance(field.get("default"), str) and field["default"].startswith("="):
            found = read_value(field["default"], Scope(schema, entity), HERE, expects=schema.type_of(entity, field))
            assert isinstance(found, Expression)
    for entity, said in config["entities"].items():
        if "title" in said:
            assert text_with_holes(said["title"], Scope(schema, entity), HERE)
        for value in said.get("copy", {}).get("set", {}).values():
            assert isinstance(read_value(value, Scope(schema, entity, old=True), HERE), Expression)
    steps = [step for story in config["tests"].values() for step in story["steps"]]
    expected = [step["expect"] for step in steps if {"where", "entity"} <= set(step.get("expect", {}))]
    assert expected
    for expect in expected:
        compile_expression(expect["where"], Scope(schema, expect["entity"]), HERE, expects=BOOLEAN)


def test_a_way_of_pricing_without_a_case_is_named(config: dict[str, Any], schema: Estimating) -> None:
    work = dict(config["entities"]["process_run"]["fields"]["work"]["cases"])
    scope = Scope(schema, "process_run")
    assert list(missing_cases(compile_cases("process.finishing.mode", work, scope, HERE), scope)) == []
    del work["box"]
    expression = compile_cases("process.finishing.mode", work, scope, HERE)
    assert isinstance(expression.node, Cases)
    (problem,) = missing_cases(expression, scope)
    assert problem.severity == "warning" and "'box'" in problem.message
