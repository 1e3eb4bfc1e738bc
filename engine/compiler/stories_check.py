"""Whether rules and tests speak of things that exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from engine.compiler.formulas import Formulas, reason
from engine.compiler.links import Finder
from engine.compiler.names import Names
from engine.compiler.references import key_field
from engine.compiler.terms import HOLE
from engine.compiler.tree import KeyPath
from engine.expression.nodes import BOOLEAN
from engine.kinds import BadValue, FieldType, Reader
from engine.model import Model
from engine.problems import Problem

_YAML = Reader("yaml")


def check_stories(names: Names, model: Model) -> Iterator[Problem]:
    """Every rule and test."""
    finder, formulas = Finder(names), Formulas(names)
    for name, said in names.config.data.get("rules", {}).items():
        yield from _Rule(finder, formulas, name, said).check()
    for name, said in names.config.data.get("tests", {}).items():
        yield from _Test(finder, formulas, model, name, said).check()
    yield from dict.fromkeys(formulas.problems)


class _Story:
    def __init__(self, finder: Finder, formulas: Formulas) -> None:
        self.finder, self.formulas, self.names = finder, formulas, finder.names

    def entity(self, said: Mapping[str, Any], path: KeyPath) -> Iterator[Problem]:
        if said.get("entity") is not None:
            yield from self.finder.entity(said["entity"], (*path, "entity"))

    def known(self, entity: object) -> bool:
        return isinstance(entity, str) and entity in self.names.entities

    def where(
        self, said: Mapping[str, Any], key: str, path: KeyPath, entity: object, record: str | None = None
    ) -> None:
        if said.get(key) is not None and isinstance(entity, str) and self.known(entity):
            scope = self.formulas.scope(entity, old=record is not None, record=record)
            self.formulas.compile(said[key], (*path, key), scope, BOOLEAN)


class _Rule(_Story):
    """One rule: its trigger and steps."""

    def __init__(self, finder: Finder, formulas: Formulas, name: str, said: Mapping[str, Any]) -> None:
        super().__init__(finder, formulas)
        self.said, self.base = said, ("rules", name)
        self.watched: str | None = said["trigger"].get("entity")

    def check(self) -> Iterator[Problem]:
        trigger, path = self.said["trigger"], (*self.base, "trigger")
        yield from self.entity(trigger, path)
        if "entity" not in trigger:
            hint = "Write `trigger: {entity: deal, enters: {stage: won}}`."
            yield self.finder.problem("rule.trigger", "The trigger names no entity.", path, hint)
        if not self.known(self.watched):
            return
        assert self.watched is not None
        if set(trigger) == {"entity"}:
            hint = "Add `created: true`, `changes: [field]` or `enters: {stage: won}`."
            yield self.finder.problem(
                "rule.trigger", "The trigger does not say what happens to the record.", path, hint
            )
        yield from self.finder.own_fields(self.watched, trigger.get("changes"), (*path, "changes"))
        for key in ("enters", "leaves"):
            if key in trigger:
                yield from self.stage(trigger[key]["stage"], (*path, key, "stage"))
        self.where(trigger, "becomes", path, self.watched, self.watched)
        roles = self.names.config.data.get("roles", {})
        if "run_as" in self.said:
            yield from self.finder.known("role", self.said["run_as"], roles, (*self.base, "run_as"))
        for index, step in enumerate(self.said["steps"]):
            for verb, value in step.items():
                yield from self.step(verb, value, (*self.base, "steps", index, verb))

    def stage(self, word: str, path: KeyPath) -> Iterator[Problem]:
        assert self.watched is not None
        fields = self.names.fields(self.watched)
        staged = next((name for name, said in fields.items() if said["type"] == "stage"), None)
        if staged is None:
            yield self.finder.problem("rule.trigger", f"'{self.watched}' has no stages.", path)
            return
        yield from self.finder.known("stage", word, self.names.choices(self.watched, staged) or (), path)

    def step(self, verb: str, value: Mapping[str, Any], path: KeyPath) -> Iterator[Problem]:
        yield from self.entity(value, path)
        for key in ("unless", "until", "when"):
            self.where(value, key, path, self.watched, self.watched)
        self.texts(value, path)
        target = value.get("entity", self.watched if verb in ("update", "copy") else None)
        self.where(value, "where", path, target, self.watched)
        if not self.known(target):
            return
        for field, raw in value.get("set", {}).items():
            below: KeyPath = (*path, "set", field)
            yield from key_field(self.finder, str(target), field, below)
            kind = self.names.result(str(target), field)
            if kind is not None:
                self.value(raw, below, kind)

    def texts(self, value: Mapping[str, Any], path: KeyPath) -> None:
        """Whom a step turns to, and what it writes to them."""
        scope = self.formulas.scope(self.watched, old=True, record=self.watched)
        for key in ("to", "record"):
            if isinstance(value.get(key), str) and value[key].startswith("="):
                self.formulas.compile(value[key][1:].strip(), (*path, key), scope)
        for key in ("text", "subject"):
            said = value.get(key)
            by_locale = said if isinstance(said, dict) else {} if said is None else {"": said}
            for locale, text in by_locale.items():
                below: KeyPath = (*path, key, locale) if locale else (*path, key)
                self.formulas.pieces(HOLE.sub("", text), below, scope)

    def value(self, raw: object, path: KeyPath, kind: FieldType) -> None:
        if isinstance(raw, str) and ("{" in raw or raw.startswith("=")) and kind.key in ("text", "long_text"):
            scope = self.formulas.scope(self.watched, old=True, record=self.watched)
            if not raw.startswith("="):
                self.formulas.pieces(raw, path, scope)
                return
        scope = self.formulas.scope(self.watched, old=True, record=self.watched)
        if not isinstance(raw, dict | list):
            self.formulas.default(raw, path, scope, kind)


class _Test(_Story):
    """One test: its steps, and the values that it gives."""

    def __init__(self, finder: Finder, formulas: Formulas, model: Model, name: str, said: Mapping[str, Any]) -> None:
        super().__init__(finder, formulas)
        self.model, self.said, self.base = model, said, ("tests", name)
        self.records: dict[str, str] = {}

    def check(self) -> Iterator[Problem]:
        yield from self.actor(self.said.get("as"), (*self.base, "as"))
        if "now" in self.said and not _is_moment(self.said["now"]):
            hint = "Write 2027-01-31 or 2027-01-31T09:00."
            yield self.finder.problem("value.bad", f"'{self.said['now']}' is no moment.", (*self.base, "now"), hint)
        for index, step in enumerate(self.said["steps"]):
            path: KeyPath = (*self.base, "steps", index)
            yield from self.actor(step.get("as"), (*path, "as"))
            for verb, value in step.items():
                if isinstance(value, dict) and verb not in ("as", "refused", "warned"):
                    yield from self.step(verb, value, (*path, verb))

    def actor(self, said: object, path: KeyPath) -> Iterator[Problem]:
        roles = self.names.config.data.get("roles", {})
        if isinstance(said, str) and said != "system":
            yield self.finder.problem(
                "name.unknown", f"'{said}' is nobody.", path, "Write {role: ROLE, name: NAME} or system."
            )
        if not isinstance(said, dict):
            return
        if "role" in said:
            yield from self.finder.known("role", said["role"], roles, (*path, "role"))
        for index, role in enumerate(said.get("roles", ())):
            yield from self.finder.known("role", role, roles, (*path, "roles", index))

    def step(self, verb: str, value: Mapping[str, Any], path: KeyPath) -> Iterator[Problem]:
        yield from self.entity(value, path)
        entity = value.get("entity")
        record = value.get("record")
        if isinstance(record, str) and record not in self.records:
            yield from self.finder.known("record", record, tuple(self.records), (*path, "record"))
        if entity is None and isinstance(record, str):
            entity = self.records.get(record)
        if isinstance(entity, str) and isinstance(value.get("as"), str) and verb in ("create", "copy"):
            self.records[value["as"]] = entity
        self.where(value, "where", path, entity)
        if verb == "expect":
            yield from self.actor(value.get("as"), (*path, "as"))
        if isinstance(entity, str) and self.known(entity):
            yield from self.values(entity, value.get("set", {}), (*path, "set"))

    def values(self, entity: str, given: object, path: KeyPath) -> Iterator[Problem]:
        for field, raw in given.items() if isinstance(given, dict) else ():
            below: KeyPath = (*path, field)
            if field in ("id", "key") and self.names.parent(entity):
                continue
            yield from key_field(self.finder, entity, field, below)
            if field in self.names.fields(entity):
                yield from self.value(entity, field, raw, below)

    def value(self, entity: str, field: str, raw: object, path: KeyPath) -> Iterator[Problem]:
        kind = self.names.kinds[entity, field]
        target = self.names.target(entity, field)
        if kind.key in ("lines", "links"):
            if not isinstance(raw, list):
                yield self.finder.problem("value.bad", f"'{field}' is a list of rows.", path, "Write [{...}, {...}].")
                return
            for index, row in enumerate(raw):
                if isinstance(row, dict):
                    yield from self.values(str(target), row, (*path, index))
        elif target is not None:
            if isinstance(raw, dict):
                yield from self.values(target, {key: v for key, v in raw.items() if key not in ("id", "key")}, path)
        elif not (isinstance(raw, str) and raw.startswith("=")) and kind.key not in (
            "rollup",
            "lookup",
            "file",
            "files",
        ):
            yield from self.literal(kind, raw, path)

    def literal(self, kind: FieldType, raw: object, path: KeyPath) -> Iterator[Problem]:
        if raw is None or kind.is_empty(raw) or self.expects_refusal(path):
            return
        try:
            kind.parse(raw, _YAML)
        except BadValue as bad:
            message = f"'{path[-1]}' does not fit a {kind.key} field: {reason(bad)}."
            yield self.finder.problem("value.bad", message, path)

    def expects_refusal(self, path: KeyPath) -> bool:
        """A step that is to be refused may hold any value."""
        index = path[3]
        return isinstance(index, int) and "refused" in self.said["steps"][index]


def _is_moment(raw: object) -> bool:
    try:
        datetime.fromisoformat(str(raw))
    except ValueError:
        return False
    return True
