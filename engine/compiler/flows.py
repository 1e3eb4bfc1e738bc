"""Pipelines, roles, rules and tests of the Model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.compiler.build import NEVER_TRUE, plain_words
from engine.compiler.formulas import Formulas
from engine.compiler.names import CURRENCY_DEFAULT, Names
from engine.compiler.references import users_of
from engine.compiler.terms import Terms
from engine.compiler.tree import KeyPath
from engine.model import (
    NEVER,
    App,
    Automation,
    ConfigTest,
    FieldGrant,
    Grant,
    Pipeline,
    Role,
    Stage,
    StageCheck,
    UpdateRule,
)


class FlowBuilder:
    """Makes what happens in a config: stages, rights, rules and tests."""

    def __init__(self, names: Names, terms: Terms, formulas: Formulas) -> None:
        self.names, self.terms, self.formulas = names, terms, formulas
        self.data = names.config.data

    def app(self) -> App:
        """The firm."""
        said = self.data["app"]
        locale = said.get("locale", "en")
        return App(
            name=self.terms.words(said.get("name"), ("app", "name")) or plain_words("forme"),
            locale=locale,
            locales=tuple(dict.fromkeys([locale, *said.get("locales", ())])),
            timezone=said.get("timezone", "UTC"),
            currency=said.get("currency", CURRENCY_DEFAULT),
            plugins=tuple(said.get("plugins", ())),
            packs=self.names.config.packs,
        )

    # ---- pipelines

    def pipeline(self, name: str, said: Mapping[str, Any]) -> Pipeline:
        """One pipeline with its stages in order."""
        base: KeyPath = ("pipelines", name)
        users = users_of(self.names, name)
        if len(users) > 1 and any(stage.get("checks") for stage in said["stages"].values()):
            message = f"A pipeline with checks serves one entity; '{name}' serves {' and '.join(users)}."
            self.formulas.report("pipeline.shared", message, base, "Make a pipeline for each.")
        label = self.terms.words(said.get("label"), (*base, "label")) or self.terms.one(name) or plain_words(name)
        stages = {
            stage: self.stage(users, stage, value, (*base, "stages", stage)) for stage, value in said["stages"].items()
        }
        return Pipeline(name, label, stages, self.names.config.places.key(base))

    def stage(self, users: tuple[str, ...], name: str, said: Mapping[str, Any], base: KeyPath) -> Stage:
        """One stage."""
        checks = [
            self.stage_check(users, check, value, (*base, "checks", check))
            for check, value in said.get("checks", {}).items()
        ]
        return Stage(
            name=name,
            label=self.terms.words(said.get("label"), (*base, "label")) or plain_words(name),
            probability=self.probability(said.get("probability"), (*base, "probability")),
            outcome=said.get("outcome"),
            requires=tuple(said.get("requires", ())),
            checks=tuple(checks),
            moves=tuple(said["moves"]) if "moves" in said else None,
            roles=frozenset(said["roles"]) if "roles" in said else None,
            stale_after=timedelta(**said["stale_after"]) if said.get("stale_after") else None,
            color=said.get("color", ""),
            mark=self.names.config.places.key(base),
        )

    def stage_check(self, users: tuple[str, ...], name: str, said: Mapping[str, Any], base: KeyPath) -> StageCheck:
        """A condition under which the stage may not be entered."""
        scope = self.formulas.scope(users[0] if users else None, old=True)
        when = self.formulas.condition(said, "refuse_when", base, scope) if users else None
        message = self.terms.words(said.get("message"), (*base, "message"))
        return StageCheck(name, when or NEVER_TRUE, message, self.names.config.places.key(base))

    def probability(self, raw: object, path: KeyPath) -> Decimal | None:
        """A share as a fraction."""
        if raw is None:
            return None
        share = share_of(raw)
        if share is None or not 0 <= share <= 1:
            hint = f"Write {raw}%." if isinstance(raw, int | Decimal) else "Write a share such as 20%."
            self.formulas.report("value.percent", f"'{raw}' is no share between 0% and 100%.", path, hint)
            return None
        return share

    # ---- roles

    def role(self, name: str, said: Mapping[str, Any]) -> Role:
        """One role with its grants."""
        base: KeyPath = ("roles", name)
        grants = {
            entity: self.grant(entity, value, (*base, "grants", entity))
            for entity, value in said.get("grants", {}).items()
        }
        label = self.terms.words(said.get("label"), (*base, "label")) or plain_words(name)
        return Role(name, label, grants, frozenset(said.get("may", ())), self.names.config.places.key(base))

    def grant(self, entity: str, said: Mapping[str, Any], base: KeyPath) -> Grant:
        """What the role may do with one entity."""
        rules = {
            verb: self.formulas.rule(said[verb], (*base, verb), entity)
            for verb in ("read", "create", "delete", "restore", "export", "import")
            if verb in said
        }
        update = said.get("update", {})
        sides = {side: self.formulas.rule(update[side], (*base, "update", side), entity) for side in update}
        fields = {
            field: self.field_grant(entity, value, (*base, "fields", field))
            for field, value in said.get("fields", {}).items()
        }
        return Grant(
            entity=entity,
            read=rules.get("read", NEVER),
            create=rules.get("create", NEVER),
            update=UpdateRule(sides.get("before", NEVER), sides.get("after", sides.get("before", NEVER))),
            delete=rules.get("delete", NEVER),
            restore=rules.get("restore", NEVER),
            export=rules.get("export", NEVER),
            import_=rules.get("import", NEVER),
            fields=fields,
            mark=self.names.config.places.key(base),
        )

    def field_grant(self, entity: str, said: Mapping[str, Any], base: KeyPath) -> FieldGrant:
        """What the role may do with one field."""
        read = said.get("read")
        return FieldGrant(
            read="masked"
            if read == "masked"
            else None
            if read is None
            else self.formulas.rule(read, (*base, "read"), entity),
            update=None
            if said.get("update") is None
            else self.formulas.rule(said["update"], (*base, "update"), entity),
            mark=self.names.config.places.key(base),
        )

    # ---- rules and tests

    def automation(self, name: str, said: Mapping[str, Any]) -> Automation:
        """One rule: checked here, run from a later release."""
        base: KeyPath = ("rules", name)
        entity = said["trigger"].get("entity")
        known = entity if entity in self.names.entities else None
        scope = self.formulas.scope(known, old=True, record=known)
        when = self.formulas.condition(said, "when", base, scope) if known else None
        label = self.terms.words(said.get("label"), (*base, "label")) or plain_words(name)
        return Automation(name, label, said["trigger"], when, tuple(said["steps"]), self.names.config.places.key(base))

    def test(self, name: str, said: Mapping[str, Any]) -> ConfigTest:
        """One test: its values are read when it is played."""
        places = self.names.config.places
        actor = said.get("as", {})
        marks = tuple(places.value(("tests", name, "steps", index)) for index in range(len(said["steps"])))
        return ConfigTest(
            name=name,
            actor=actor if isinstance(actor, dict) else {},
            steps=tuple(said["steps"]),
            marks=marks,
            mark=places.key(("tests", name)),
        )


def share_of(raw: object) -> Decimal | None:
    """A share as people write it in YAML: `20%`, or a fraction below 1; None for anything else."""
    text = str(raw).strip()
    try:
        share = Decimal(text[:-1]) / 100 if text.endswith("%") else Decimal(text)
    except InvalidOperation:
        return None
    if not share.is_finite() or (share >= 1 and not text.endswith("%")):
        return None
    return share
