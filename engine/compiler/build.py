"""From the merged config, whose shapes and names are right, to the entities of the Model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.compiler.defaults import default_form, default_list
from engine.compiler.formulas import Formulas
from engine.compiler.names import MANY, SYSTEM_KINDS, Names, pipelines_of
from engine.compiler.terms import Terms
from engine.compiler.tree import KeyPath
from engine.expression import Expression, Scope
from engine.expression.nodes import BOOLEAN, Constant, Path, Step
from engine.model import Check, Copy, Default, Each, Entity, Field, Form, ListView, PipelineChoice, Section
from engine.words import Words, words

SYSTEM_LABELS: Mapping[str, Words] = {
    "id": words("编号", "Number"),
    "version": words("版本", "Version"),
    "created_at": words("创建时间", "Created"),
    "created_by": words("创建人", "Created by"),
    "updated_at": words("更新时间", "Changed"),
    "updated_by": words("更新人", "Changed by"),
    "deleted_at": words("删除时间", "Deleted"),
    "stage_since": words("进入阶段时间", "In this stage since"),
}
_ENGINE_ENTITIES = frozenset({"user", "team"})


class EntityBuilder:
    """Makes the entities of one config."""

    def __init__(self, names: Names, terms: Terms, formulas: Formulas) -> None:
        self.names, self.terms, self.formulas = names, terms, formulas

    def entity(self, name: str, said: Mapping[str, Any]) -> Entity:
        """One entity with all its fields."""
        base: KeyPath = ("entities", name)
        scope = self.formulas.scope(name)
        fields = {system: self.system_field(name, system) for system in self.names.system_names(name)}
        fields |= {field: self.field(name, field, value) for field, value in said["fields"].items()}
        title = self.formulas.pieces(said["title"], (*base, "title"), scope) if said.get("title") else ()
        stage = next((field for field, value in said["fields"].items() if value["type"] == "stage"), None)
        owner = said["owned_by"].split(".") if said.get("owned_by") else None
        return Entity(
            name=name,
            label=self.entity_label(name),
            plural=self.entity_label(name, many=True),
            fields=fields,
            title=title or (self.first_text(name) if owner is None else ()),
            icon=said.get("icon", ""),
            table=f"forme_{name}" if name in _ENGINE_ENTITIES else name,
            owned_by=(owner[0], owner[1]) if owner else None,
            each=self.each(said),
            frozen_when=self.formulas.condition(said, "frozen_when", base, scope),
            dated=self.names.dated(name),
            copy=self.copy(name, said, base),
            checks={check: self.check(name, check, value) for check, value in said.get("checks", {}).items()},
            unique=tuple(tuple(group) for group in said.get("unique", [])),
            stage=stage,
            pipelines=self.pipelines(name, stage, said["fields"]) if stage else (),
            list=self.list_view(said, fields, title),
            form=self.form(said, fields, base),
            links_table="__" in name,
            mark=self.names.config.places.key(base),
        )

    # ---- fields

    def system_field(self, entity: str, name: str) -> Field:
        """A field that the engine keeps."""
        types = self.names.catalog.field_types
        declared = SYSTEM_KINDS.get(name, "link")
        kind = types[declared].build({"to": name} if declared == "link" else {})
        label = SYSTEM_LABELS.get(name) or self.entity_label(name)
        return Field(name=name, entity=entity, label=label, kind=kind, declared=declared, system=True, track=False)

    def field(self, entity: str, name: str, said: Mapping[str, Any]) -> Field:
        """A field of the config."""
        base: KeyPath = ("entities", entity, "fields", name)
        scope = self.formulas.scope(entity)
        kind = self.names.result(entity, name) or self.names.kinds[entity, name]
        computed = self.computed(entity, name, said, base)
        formulas = self.formulas
        default = None
        if said.get("default") is not None:
            default = formulas.default(said["default"], (*base, "default"), scope, kind)
        return Field(
            name=name,
            entity=entity,
            label=self.field_label(entity, name, said, base),
            kind=kind,
            declared=said["type"],
            help=self.terms.words(said.get("help"), (*base, "help")),
            required=said.get("required", False),
            required_when=formulas.condition(said, "required_when", base, formulas.scope(entity, old=True)),
            visible_when=formulas.condition(said, "visible_when", base, scope),
            readonly_when=formulas.condition(said, "readonly_when", base, formulas.scope(entity, old=True)),
            choices_when=self.choices_when(entity, said, base),
            unique=said.get("unique", False),
            default=default,
            computed=computed,
            stored=kind.stored and said["type"] not in ("lookup", *MANY),
            override=said.get("override", False),
            frozen=said.get("frozen", said["type"] != "stage"),
            declassify=said.get("declassify", False),
            search=said.get("search", False),
            mask=said.get("mask", ""),
            track=said.get("track", True),
            quick=said.get("quick", False),
            mark=self.names.config.places.key(base),
        )

    def computed(self, entity: str, name: str, said: Mapping[str, Any], base: KeyPath) -> Expression | None:
        """The formula of a computed field."""
        kind = self.names.kinds[entity, name]
        scope = self.formulas.scope(entity)
        if said["type"] == "lookup":
            return self.lookup(entity, said, base)
        if said["type"] == "rollup":
            return self.formulas.rollup(said, base, entity)
        if "expr" in said:
            return self.formulas.compile(said["expr"], (*base, "expr"), scope, kind.expression_type())
        if "by" in said and "cases" in said:
            return self.formulas.cases(said, base, scope, kind.expression_type())
        return None

    def lookup(self, entity: str, said: Mapping[str, Any], base: KeyPath) -> Expression | None:
        """The path of a lookup."""
        walked = self.names.walk(entity, said["of"]) or []
        last = self.names.field(*walked[-1])
        assert last is not None  # the links were checked
        steps = tuple(Step(at, name) for at, name in walked)
        return Expression(said["of"], Path("this", steps, last.type), self.formulas.mark((*base, "of")))

    def choices_when(self, entity: str, said: Mapping[str, Any], base: KeyPath) -> dict[str, Expression]:
        """The conditions under which choices are offered."""
        scope = self.formulas.scope(entity, old=True)
        found = {
            choice: self.formulas.compile(raw, (*base, "choices_when", choice), scope, BOOLEAN)
            for choice, raw in said.get("choices_when", {}).items()
        }
        return {choice: condition for choice, condition in found.items() if condition is not None}

    # ---- words

    def entity_label(self, name: str, *, many: bool = False) -> Words:
        """One or many of an entity, in the firm's words."""
        said = self.names.entities.get(name, {})
        key = "plural" if many else "label"
        written = self.terms.words(said.get(key), ("entities", name, key))
        if written or (many and said.get("label") and name not in self.terms.known):
            return written or self.terms.words(said["label"], ("entities", name, "label"))
        return (self.terms.many(name) if many else self.terms.one(name)) or plain_words(name)

    def field_label(self, entity: str, name: str, said: Mapping[str, Any], base: KeyPath) -> Words:
        """A field's own label, else what it leads to, else its id in words."""
        if said.get("label"):
            return self.terms.words(said["label"], (*base, "label"))
        if said["type"] == "lookup":
            walked = self.names.walk(entity, said["of"]) or []
            at, field = walked[-1]
            if (at, field) != (entity, name) and field in self.names.fields(at):
                below: KeyPath = ("entities", at, "fields", field)
                return self.field_label(at, field, self.names.fields(at)[field], below)
        if said["type"] == "links":
            return self.entity_label(said["to"], many=True)
        via, target = self.names.via(entity, name), self.names.target(entity, name)
        if via is not None:
            return self.entity_label(via[0], many=True)
        if target is not None and target in (name, name.removesuffix("_id")):
            return self.entity_label(target)
        kind = self.names.catalog.field_types[said["type"]]
        if name == kind.key and kind.words:
            # `stage: {type: stage}` says all there is to say, in both languages.
            return kind.words
        return self.terms.one(name) or plain_words(name)

    # ---- the rest of an entity

    def first_text(self, name: str) -> tuple[str | Expression, ...]:
        """Without a title, the first required line of text names a record."""
        for field, said in self.names.fields(name).items():
            signature = self.names.field(name, field)
            if said["type"] == "text" and said.get("required") and signature is not None:
                return (Expression(field, Path("this", (Step(name, field),), signature.type)),)
        return ()

    def each(self, said: Mapping[str, Any]) -> Each | None:
        """The lists whose combinations are kept."""
        lists = said.get("each")
        return Each({field: tuple(path.split(".")) for field, path in lists.items()}) if lists else None

    def copy(self, name: str, said: Mapping[str, Any], base: KeyPath) -> Copy | None:
        """How a new version is made; `old` is the source."""
        if said.get("copy") is None:
            return None
        scope: Scope = self.formulas.scope(name, old=True)
        found: dict[str, Default] = {}
        for field, raw in said["copy"].get("set", {}).items():
            kind = self.names.result(name, field)
            path: KeyPath = (*base, "copy", "set", field)
            default = self.formulas.default(raw, path, scope, kind) if kind is not None else None
            if default is not None:
                found[field] = default
        return Copy(found)

    def check(self, entity: str, name: str, said: Mapping[str, Any]) -> Check:
        """A check; where its condition is wrong, a harmless one stands in (the config is refused anyway)."""
        base: KeyPath = ("entities", entity, "checks", name)
        key = "refuse_when" if "refuse_when" in said else "warn_when"
        when = self.formulas.condition(said, key, base, self.formulas.scope(entity, old=True)) or NEVER_TRUE
        own = dict.fromkeys(p.steps[0].field for p in when.paths() if p.root == "this" and p.steps)
        return Check(
            name=name,
            when=when,
            message=self.terms.words(said.get("message"), (*base, "message")),
            refuses=key == "refuse_when",
            declassify=said.get("declassify", False),
            fields=tuple(field for field in own if field in self.names.fields(entity)),
            mark=self.names.config.places.key(base),
        )

    def pipelines(self, entity: str, stage: str, fields: Mapping[str, Any]) -> tuple[PipelineChoice, ...]:
        """The pipelines of the stage field, with their conditions."""
        said = fields[stage]
        conditions = said.get("pipelines") or {}
        scope = self.formulas.scope(entity)
        found = []
        for pipeline in pipelines_of(said):
            raw = conditions.get(pipeline)
            path: KeyPath = ("entities", entity, "fields", stage, "pipelines", pipeline)
            always = raw is None or raw is True
            found.append(PipelineChoice(pipeline, None if always else self.formulas.compile(raw, path, scope, BOOLEAN)))
        return tuple(found)

    def list_view(self, said: Mapping[str, Any], fields: Mapping[str, Field], title: Any) -> ListView:
        """The columns that are written, else those that say most."""
        shown = said.get("list", {})
        columns = tuple(shown.get("columns", ())) or default_list(fields, title)
        return ListView(columns, tuple(shown.get("sort", ())), tuple(shown.get("filters", ())))

    def form(self, said: Mapping[str, Any], fields: Mapping[str, Field], base: KeyPath) -> Form:
        """The sections that are written, else one of all fields."""
        sections = said.get("form", {}).get("sections")
        if not sections:
            return default_form(fields)
        found = []
        for name, value in sections.items():
            path: KeyPath = (*base, "form", "sections", name, "label")
            label = self.terms.words(value.get("label"), path) or plain_words(name)
            found.append(Section(name, label, tuple(value["fields"])))
        return Form(tuple(found))


NEVER_TRUE = Expression("False", Constant(False, BOOLEAN))


def plain_words(name: str) -> Words:
    """An id as words, for what has no label."""
    return Words({"en": name.replace("_", " ").strip().capitalize()})
