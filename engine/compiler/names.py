"""What names mean: the fields of every entity with their types, as expressions and references see them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from engine.catalog import Catalog
from engine.compiler.layers import Config
from engine.compiler.rollups import RESULT_KEYS, rollup_result
from engine.expression import Function, Signature
from engine.expression.nodes import DATETIME, NUMBER, TEXT, Step, Type, record
from engine.kinds import FieldType
from engine.options import BadOption
from engine.problems import Problem

MANY = frozenset({"lines", "links", "backlink"})
"""Kinds that hold rows of another entity."""
CURRENCY_DEFAULT = "CNY"
SYSTEM_KINDS: Mapping[str, str] = {
    "id": "integer",
    "version": "integer",
    "created_at": "datetime",
    "created_by": "user",
    "updated_at": "datetime",
    "updated_by": "user",
    "deleted_at": "datetime",
    "stage_since": "datetime",
}
_SYSTEM_TYPES: Mapping[str, Type] = {"integer": NUMBER, "datetime": DATETIME, "user": record("user")}


def links_entity(entity: str, name: str) -> str:
    """The entity that holds the rows of a `links` field."""
    return f"{entity}__{name}"


@dataclass(slots=True)
class Names:
    """The names of one config. It is the Schema that expressions are compiled against."""

    config: Config
    catalog: Catalog
    kinds: dict[tuple[str, str], FieldType] = field(default_factory=dict)
    """The kind as declared, by (entity, field)."""
    results: dict[tuple[str, str], FieldType | None] = field(default_factory=dict)
    """The kind of what a rollup or lookup gives; None while it is being worked out."""

    @property
    def entities(self) -> Mapping[str, Any]:
        """Every entity as written."""
        found: Mapping[str, Any] = self.config.data.get("entities", {})
        return found

    def fields(self, entity: str) -> Mapping[str, Any]:
        """An entity's own fields as written; none for an unknown entity."""
        found: Mapping[str, Any] = self.entities.get(entity, {}).get("fields", {})
        return found

    def parent(self, entity: str) -> str | None:
        """The entity that holds these lines."""
        owner = self.entities.get(entity, {}).get("owned_by")
        return owner.split(".")[0] if isinstance(owner, str) else None

    def root(self, entity: str) -> str:
        """The entity at the top of its tree."""
        seen = {entity}
        while (above := self.parent(entity)) is not None and above not in seen:
            seen.add(above)
            entity = above
        return entity

    def system_names(self, entity: str) -> tuple[str, ...]:
        """The fields that the engine keeps for its records."""
        staged = any(said.get("type") == "stage" for said in self.fields(entity).values())
        parent = self.parent(entity)
        names = [name for name in SYSTEM_KINDS if name != "stage_since" or staged]
        return (*names, parent) if parent else tuple(names)

    # ---- the Schema protocol

    def field(self, entity: str, name: str) -> Signature | None:
        """What an expression may know of a field, or None."""
        if name in self.fields(entity):
            return self._signature(entity, name, self.fields(entity)[name])
        if entity not in self.entities or name not in self.system_names(entity):
            return None
        kind = SYSTEM_KINDS.get(name)
        return Signature(entity, name, _SYSTEM_TYPES[kind] if kind else record(name))

    def field_names(self, entity: str) -> Collection[str]:
        """All names that an expression may begin with: fields and constants."""
        return (*self.known_fields(entity), *self.config.data.get("constants", {}))

    def known_fields(self, entity: str) -> tuple[str, ...]:
        """All fields that `field` knows."""
        return (*self.fields(entity), *self.system_names(entity))

    def entity_names(self) -> Collection[str]:
        """All entities."""
        return tuple(name for name in self.entities if "__" not in name)

    def dated(self, entity: str) -> tuple[str, str] | None:
        """The entity's (from, until) fields when it is `dated`."""
        said = self.entities.get(entity, {}).get("dated")
        return (said["from"], said["until"]) if said else None

    def constant(self, name: str) -> object | None:
        """A named number."""
        found: object | None = self.config.data.get("constants", {}).get(name)
        return found

    def functions(self) -> Mapping[str, Function]:
        """Declared functions."""
        return self.catalog.functions

    # ---- types and targets

    def _signature(self, entity: str, name: str, said: Mapping[str, Any]) -> Signature:
        declared = said.get("type")
        via = self.via(entity, name)
        if via is not None:
            return Signature(entity, name, Type("list", item=record(via[0])), via=via)
        kind = self.result(entity, name)
        target = kind.target() if kind is not None else None
        given = kind.expression_type() if kind is not None else TEXT
        if target is not None and given.kind != "list":
            given = record(target)
        return Signature(entity, name, given, lookup=declared == "lookup", choices=self.choices(entity, name))

    def via(self, entity: str, name: str) -> tuple[str, str] | None:
        """Of a lines, links or backlink field: the entity whose rows it lists, and its field that points back."""
        said = self.fields(entity).get(name, {})
        declared, of = said.get("type"), said.get("of")
        if declared == "links":
            return links_entity(entity, name), entity
        if declared == "lines" and isinstance(of, str):
            return of, entity
        if declared == "backlink" and isinstance(of, str) and "." in of:
            other, _, pointing = of.partition(".")
            return other, pointing
        return None

    def target(self, entity: str, name: str) -> str | None:
        """The entity that one hop over this field leads to."""
        signature = self.field(entity, name)
        if signature is None:
            return None
        item = signature.type.item if signature.type.kind == "list" else signature.type
        return item.entity if item is not None and item.kind == "record" else None

    def choices(self, entity: str, name: str) -> tuple[str, ...] | None:
        """The ids that a choice or stage field may hold."""
        said = self.fields(entity).get(name, {})
        if said.get("type") == "stage":
            stages = [
                self.config.data.get("pipelines", {}).get(pipeline, {}).get("stages", {})
                for pipeline in pipelines_of(said)
            ]
            return tuple(dict.fromkeys(stage for found in stages for stage in found))
        if said.get("type") == "lookup":
            at = self.walk(entity, str(said.get("of")))
            return self.choices(*at[-1]) if at and at[-1] != (entity, name) else None
        options = self.choice_options(said)
        return tuple(options) if options is not None else None

    def choice_options(self, said: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The choices of a field, those of another field when it reuses them."""
        options, seen = said.get("choices"), 0
        while isinstance(options, str) and seen < 10:
            entity, _, name = options.partition(".")
            options, seen = self.fields(entity).get(name, {}).get("choices"), seen + 1
        return options if isinstance(options, dict) else None

    def walk(self, entity: str, path: str) -> list[tuple[str, str]] | None:
        """The fields along a path through links, or None when a name in it is unknown."""
        found: list[tuple[str, str]] = []
        at: str | None = entity
        for name in path.split("."):
            if at is None or self.field(at, name) is None:
                return None
            found.append((at, name))
            at = self.target(at, name)
        return found

    def hops(self, entity: str, path: str) -> tuple[tuple[Step, ...], str] | None:
        """A path that ends at lines or backlinks as steps, and the entity where it arrives; else None."""
        steps: list[Step] = []
        at = entity
        for name in path.split("."):
            via, target = self.via(at, name), self.target(at, name)
            if target is None:
                return None
            steps.append(Step(at, name, via))
            at = target
        return (tuple(steps), at) if steps[-1].via else None

    def result(self, entity: str, name: str) -> FieldType | None:
        """The kind of what a field gives: its own, or for a rollup or lookup that of the value."""
        kind = self.kinds.get((entity, name))
        if kind is None and name in SYSTEM_KINDS:
            return self.catalog.field_types[SYSTEM_KINDS[name]].build({})
        declared = self.fields(entity).get(name, {}).get("type")
        if declared not in ("rollup", "lookup"):
            return kind
        if (entity, name) not in self.results:
            self.results[entity, name] = None  # guards against a circle; the checks tell of it
            self.results[entity, name] = self._result(entity, name, self.fields(entity)[name])
        return self.results[entity, name]

    def _result(self, entity: str, name: str, said: Mapping[str, Any]) -> FieldType | None:
        if said["type"] == "lookup":
            at = self.walk(entity, str(said.get("of")))
            return self.result(*at[-1]) if at else None
        arrived = self.hops(entity, str(said.get("of")))
        function = next((key for key in RESULT_KEYS if key in said), "count")
        if arrived is None:
            return None
        at = self.walk(arrived[1], str(said.get(function)))
        return rollup_result(function, self.result(*at[-1]) if at else None, said, self.catalog)


def pipelines_of(said: Mapping[str, Any]) -> tuple[str, ...]:
    """The pipelines that a stage field names."""
    several = said.get("pipelines")
    if isinstance(several, dict):
        return tuple(several)
    return (said["pipeline"],) if isinstance(said.get("pipeline"), str) else ()


def read_kinds(names: Names) -> Iterator[Problem]:
    """Make every field's kind from its options; what the options say wrongly is told."""
    for entity in names.entities:
        for name, said in names.fields(entity).items():
            kind = names.catalog.field_types[said["type"]]
            options = {key: value for key, value in said.items() if key in kind.options()}
            if isinstance(options.get("choices"), str):
                options["choices"] = names.choice_options(said)
            try:
                names.kinds[entity, name] = kind.build(options, **_filled(names, kind, said))
            except BadOption as error:
                path = ("entities", entity, "fields", name, error.option)
                yield Problem("option.bad", error.message, names.config.places.value(path), error.hint)


def _filled(names: Names, kind: type[FieldType], said: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a kind gets from elsewhere in the config: the app's currency, the stages of a stage field."""
    wanted = {field.name for field in fields(kind) if not field.metadata.get("option", True)}
    found: dict[str, Any] = {}
    if "currency" in wanted:
        found["currency"] = names.config.data["app"].get("currency", CURRENCY_DEFAULT)
    if "choices" in wanted:
        pipelines = names.config.data.get("pipelines", {})
        stages = [pipelines.get(name, {}).get("stages", {}) for name in pipelines_of(said)]
        found["choices"] = _stage_choices(names, {name: stage for known in stages for name, stage in known.items()})
    return found


def _stage_choices(names: Names, stages: Mapping[str, Any]) -> Mapping[str, Any]:
    """Stages as a choice field holds them: through the choice kind's own reading of labels and colours."""
    if not stages:
        return {}
    said = {name: {"label": stage.get("label")} if isinstance(stage, dict) else {} for name, stage in stages.items()}
    try:
        read: Any = names.catalog.field_types["choice"].build({"choices": said})
    except BadOption:
        return {}
    found: Mapping[str, Any] = read.choices
    return found
