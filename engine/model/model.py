"""The whole compiled config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.expression import Expression, Function
from engine.model.access import Role
from engine.model.entity import Entity, Field
from engine.model.pipeline import Pipeline
from engine.problems import Mark, Problem
from engine.words import Words


@dataclass(frozen=True, slots=True)
class App:
    """The firm: its name, languages, time zone, currency and plugins."""

    name: Words
    locale: str = "en"
    locales: tuple[str, ...] = ("en",)
    timezone: str = "UTC"
    currency: str = "CNY"
    plugins: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceText:
    """One config file as it was read."""

    layer: str
    """The pack's name, or "" for the firm's own."""
    path: str
    """Relative to the layer's folder, with `/`."""
    text: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a part of the config was set, and by which layer."""

    mark: Mark
    value: Any


@dataclass(frozen=True, slots=True)
class Automation:
    """A rule: when something happens, do these steps. Checked here; run from a later release."""

    name: str
    label: Words
    trigger: Mapping[str, Any]
    when: Expression | None
    steps: tuple[Mapping[str, Any], ...]
    mark: Mark


@dataclass(frozen=True, slots=True)
class ConfigTest:
    """A test inside the config: steps in the language's own words, with places."""

    name: str
    actor: Mapping[str, Any]
    """`as`: {role, name}; empty for the system."""
    steps: tuple[Mapping[str, Any], ...]
    marks: tuple[Mark, ...]
    """The place of each step."""
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A config, compiled. Immutable; a running CRM holds one."""

    app: App
    entities: Mapping[str, Entity]
    pipelines: Mapping[str, Pipeline] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    automations: Mapping[str, Automation] = field(default_factory=dict)
    tests: Mapping[str, ConfigTest] = field(default_factory=dict)
    constants: Mapping[str, Decimal] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)
    computed_order: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """By root entity: the stored computed fields of it and its lines as (entity, field), each after all that
    it reads within the record's tree."""
    merged: Mapping[str, Any] = field(default_factory=dict)
    """The config in full form after all layers, as plain data: what `explain` prints, and what the snapshot
    of a revision holds."""
    origins: Mapping[tuple[str, ...], tuple[Origin, ...]] = field(default_factory=dict)
    """For each path of `merged`: the layers that set it, lowest first."""
    sources: tuple[SourceText, ...] = ()
    warnings: tuple[Problem, ...] = ()
    """What `check` said without refusing."""

    def field(self, entity: str, name: str) -> Field:
        """A field that is known to exist."""
        return self.entities[entity].fields[name]

    def asked_by_saves(self, entity: Entity) -> Iterator[Expression]:
        """Every formula and condition that a save of such a record may ask for, those of roles aside.

        Not those of rollups that are kept right by the saves of what they count.
        """
        yield from (part for part in entity.title if isinstance(part, Expression))
        yield from (check.when for check in entity.checks.values())
        for one in entity.fields.values():
            computed = None if one.pushed else one.computed
            default = one.default.expression if one.default is not None else None
            conditions = (one.required_when, one.visible_when, one.readonly_when, *one.choices_when.values())
            yield from (said for said in (computed, default, *conditions) if said is not None)
        choices = entity.pipelines
        yield from (said for said in (entity.frozen_when, *(choice.when for choice in choices)) if said is not None)
        stages = (stage for choice in choices for stage in self.pipelines[choice.pipeline].stages.values())
        yield from (check.refuse_when for stage in stages for check in stage.checks)

    def root_of(self, entity: str) -> str:
        """The entity whose records hold these lines; itself when not a line."""
        owner = self.entities[entity].owned_by
        return self.root_of(owner[0]) if owner else entity

    def lines_of(self, entity: str) -> tuple[Entity, ...]:
        """The line entities directly below."""
        return tuple(line for line in self.entities.values() if line.owned_by and line.owned_by[0] == entity)

    def line_entity(self, holder: Field) -> Entity:
        """The entity whose records stand in a lines or links field."""
        return next(line for line in self.entities.values() if line.owned_by == (holder.entity, holder.name))
