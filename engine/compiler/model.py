"""The Model, put together from its parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from engine.compiler.build import EntityBuilder
from engine.compiler.dependencies import Graph
from engine.compiler.flows import FlowBuilder
from engine.compiler.formulas import Formulas
from engine.compiler.names import Names
from engine.compiler.terms import Terms
from engine.model import Entity, Model
from engine.problems import Problem, stop_on


def build_model(names: Names) -> Model:
    """The Model of a config whose shapes and names are right. Raises ConfigError with all that is wrong in formulas."""
    config, terms, formulas = names.config, Terms(names.config), Formulas(names)
    entities = EntityBuilder(names, terms, formulas)
    flows = FlowBuilder(names, terms, formulas)
    data = config.data
    model = Model(
        app=flows.app(),
        entities={name: entities.entity(name, said) for name, said in names.entities.items()},
        pipelines={name: flows.pipeline(name, said) for name, said in data.get("pipelines", {}).items()},
        roles={name: flows.role(name, said) for name, said in data.get("roles", {}).items()},
        automations={name: flows.automation(name, said) for name, said in data.get("rules", {}).items()},
        tests={name: flows.test(name, said) for name, said in data.get("tests", {}).items()},
        constants={name: Decimal(value) for name, value in data.get("constants", {}).items()},
        functions=names.functions(),
        merged=data,
        origins=config.origins,
        sources=config.sources,
    )
    warnings = stop_on(dict.fromkeys((*formulas.problems, *formulas.warnings, *terms.problems)))
    return replace(_ordered(model), warnings=warnings)


def with_warnings(model: Model, warnings: Iterable[Problem]) -> Model:
    """The Model with what `check` says without refusing."""
    return replace(model, warnings=tuple(dict.fromkeys(warnings)))


def _ordered(model: Model) -> Model:
    """The Model, its formulas told apart (stored, live, pushed) and in order. Raises ConfigError for a cycle."""
    graph = Graph(model)
    stop_on(graph.cycles())
    live, pushed = graph.live(), graph.pushed()
    entities: dict[str, Entity] = {}
    for name, entity in model.entities.items():
        fields = {
            key: replace(field, stored=field.stored and (name, key) not in live, pushed=(name, key) in pushed - live)
            if field.computed
            else field
            for key, field in entity.fields.items()
        }
        entities[name] = replace(entity, fields=fields)
    told = replace(model, entities=entities)
    order = {name: graph.order(name, live) for name, entity in entities.items() if entity.root}
    return replace(told, computed_order=order)
