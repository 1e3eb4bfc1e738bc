"""Steps written in a config's own words, played on a site: by `forme test`, and to fill a demo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

from engine.change import Actor, Draft, Forbidden, InvalidRecord, NeedsConfirmation, NotFound, Refused, Verb, system
from engine.expression import ExpressionError, Function, Scope, Step, compile_expression, evaluate
from engine.model import Entity, Field
from engine.problems import Mark
from engine.runtime.access import Access
from engine.runtime.browse import ListQuery, browse
from engine.runtime.can import can
from engine.runtime.clock import SetClock
from engine.runtime.copying import copy
from engine.runtime.names import find_by
from engine.runtime.record import read_record
from engine.runtime.removal import delete, restore
from engine.runtime.save import save
from engine.runtime.site import Site
from engine.runtime.vocabulary import Vocabulary

STEP_WORDS = ("create", "update", "delete", "restore", "copy", "move", "advance", "expect", "can")


class StepFailure(Exception):
    """A step whose outcome is not the one written, or that cannot be played."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"expected {expected}, found {found}")


@dataclass(slots=True)
class Story:
    """The records and people that the steps so far have named."""

    site: Site
    clock: SetClock | None = None
    """What `advance` moves; None where the time is the real one."""
    actor: Actor = field(default_factory=system)
    """Who does the steps, unless a step says otherwise."""
    records: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Entity and id by the name that a step gave (`as`)."""
    cast: dict[str, Actor] = field(default_factory=dict)
    """People by name and roles."""

    def play(self, step: Mapping[str, Any]) -> None:
        """Play one step; raises StepFailure."""
        word = next((word for word in STEP_WORDS if word in step), "")
        assert word, step
        actor = self.person(step["as"]) if "as" in step else self.actor
        try:
            getattr(self, f"_{word}")(step[word], actor, frozenset(step.get("confirmed", ())))
        except NeedsConfirmation as refusal:
            self._compare(step, "warned", refusal)
        except Refused as refusal:
            self._compare(step, "refused", refusal)
        else:
            for key in ("refused", "warned"):
                if step.get(key):
                    raise StepFailure(f"to be {key}: {_written(step[key])}", "it was accepted")

    def person(self, written: Any) -> Actor:
        """The actor that `as` names; a person not yet known is made."""
        locale, timezone = self.site.model.app.locale, self.site.model.app.timezone
        if written in (None, "system", {}):
            return system(locale=locale, timezone=timezone)
        if isinstance(written, str):
            written = {"name": written}
        roles = tuple(written.get("roles", ())) or ((written["role"],) if "role" in written else ())
        key = f"{written.get('name', '')}|{'|'.join(sorted(roles))}"
        if key not in self.cast:
            self.cast[key] = self._make_person(written, roles)
        return self.cast[key]

    def _make_person(self, written: Mapping[str, Any], roles: tuple[str, ...]) -> Actor:
        unknown = [role for role in roles if role not in self.site.model.roles]
        if unknown:
            raise StepFailure("roles of this config", f"no role '{unknown[0]}'")
        name = str(written.get("name") or roles[0] if roles else "somebody")
        raw: dict[str, Any] = {"name": name, "login": f"{name}-{len(self.cast) + 1}"}
        if "team" in written:
            raw["team"] = {"name": written["team"]}
        if "manager" in written:
            raw["manager"] = self.person({"name": written["manager"]}).user
        entity = self.site.model.entities["user"]
        made = save(self.site, system(), Draft("user", self.values(entity, raw, self.actor), source="yaml"))
        app = self.site.model.app
        may = frozenset(word for role in roles for word in self.site.model.roles[role].may)
        return Actor(made.id, name, frozenset(roles), may, app.locale, app.timezone)

    # ---- steps

    def _create(self, written: Mapping[str, Any], actor: Actor, confirmed: frozenset[str]) -> None:
        entity = self._entity(written["entity"])
        values = self.values(entity, written.get("set") or {}, actor)
        change = save(self.site, actor, Draft(entity.name, values, source="yaml", confirmed=confirmed))
        self._remember(written, entity.name, change.id)

    def _update(self, written: Mapping[str, Any], actor: Actor, confirmed: frozenset[str]) -> None:
        entity, id = self._record(written["record"], actor)
        values = self.values(entity, written["set"], actor)
        self._save_onto(entity, id, values, actor, confirmed)

    def _move(self, written: Mapping[str, Any], actor: Actor, confirmed: frozenset[str]) -> None:
        entity, id = self._record(written["record"], actor)
        assert entity.stage
        self._save_onto(entity, id, {entity.stage: written["to"]}, actor, confirmed)

    def _save_onto(
        self, entity: Entity, id: int, values: Mapping[str, Any], actor: Actor, confirmed: frozenset[str]
    ) -> None:
        version = self._version(entity.name, id)
        save(self.site, actor, Draft(entity.name, values, id=id, version=version, source="yaml", confirmed=confirmed))

    def _delete(self, written: Mapping[str, Any], actor: Actor, _: frozenset[str]) -> None:
        entity, id = self._record(written["record"], actor)
        delete(self.site, actor, entity.name, id, self._version(entity.name, id))

    def _restore(self, written: Mapping[str, Any], actor: Actor, _: frozenset[str]) -> None:
        entity, id = self._record(written["record"], actor)
        restore(self.site, actor, entity.name, id)

    def _copy(self, written: Mapping[str, Any], actor: Actor, confirmed: frozenset[str]) -> None:
        entity, id = self._record(written["record"], actor)
        change = copy(self.site, actor, entity.name, id)
        if "set" in written:
            self._save_onto(entity, change.id, self.values(entity, written["set"], actor), actor, confirmed)
        self._remember(written, entity.name, change.id)

    def _advance(self, written: Mapping[str, Any], _: Actor, __: frozenset[str]) -> None:
        if self.clock is None:
            raise StepFailure("a clock that can be moved", "the real one")
        self.clock.advance(timedelta(**{unit: int(amount) for unit, amount in written.items()}))

    def _expect(self, written: Mapping[str, Any], actor: Actor, _: frozenset[str]) -> None:
        if "as" in written:
            actor = self.person(written["as"])
        name, conditions = written.get("entity"), []
        if "where" in written:
            conditions.append(f"({written['where']})")
        if "record" in written:
            entity, id = self._record(written["record"], actor)
            name = entity.name
            conditions.append(f"id == {id}")
        query = ListQuery(
            entity=self._entity(name).name, where=" and ".join(conditions), size=1, fields=(), total="exact"
        )
        found = browse(self.site, actor, query).total or 0
        wanted = written.get("count")
        if found != wanted if wanted is not None else found == 0:
            what = f" where {written['where']}" if "where" in written else ""
            raise StepFailure(f"{'at least 1' if wanted is None else wanted} {name}{what}", f"{found}")

    def _can(self, written: Mapping[str, Any], actor: Actor, _: frozenset[str]) -> None:
        for word, named in written.items():
            verb = cast(Verb, word)  # the compiler takes no other word
            entity, id = self._record(named, actor)
            if not can(self.site, actor, verb, entity.name, id).allowed:
                raise Forbidden(f"{actor.name} may not {verb} it")

    # ---- values

    def values(self, entity: Entity, written: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
        """What a step sets, as a draft's raw values: expressions worked out, `{name: X}` found or made."""
        return {
            name: self._value(entity.fields[name], raw, actor) if name in entity.fields else raw
            for name, raw in written.items()
        }

    def _value(self, target: Field, raw: Any, actor: Actor) -> Any:
        if isinstance(raw, str) and raw.startswith("="):
            return raw[1:] if raw.startswith("==") else self._worked_out(raw[1:], actor)
        linked = target.kind.target()
        if linked is None:
            return raw
        if isinstance(raw, list):
            line = self.site.model.line_entity(target)
            return [self.values(line, item, actor) if isinstance(item, Mapping) else item for item in raw]
        if isinstance(raw, str) and self.records.get(raw, ("", 0))[0] == linked:
            return self.records[raw][1]
        if isinstance(raw, Mapping) and not raw.keys() & {"id", "key"}:
            return self.find_or_make(linked, raw)
        return raw

    def _worked_out(self, text: str, actor: Actor) -> Any:
        names = Vocabulary(self.site.model, Access(self.site, system()).rights)
        try:
            expression = compile_expression(text, Scope(names, None), Mark(""))
        except ExpressionError as error:
            raise StepFailure("an expression", str(error.problems[0].message)) from error
        value = evaluate(expression.node, _Moment(self.site, actor))
        return value.isoformat() if isinstance(value, date) else value

    def find_or_make(self, entity: str, written: Mapping[str, Any]) -> int:
        """The record with this unique value, else a new one with these values (made by the system)."""
        found = find_by(self.site, system(), entity, written)
        if found:
            return found[0]
        values = self.values(self._entity(entity), written, system())
        if entity == "user":
            values.setdefault("login", values.get("name"))
        return save(self.site, system(), Draft(entity, values, source="yaml")).id

    # ---- names

    def _remember(self, written: Mapping[str, Any], entity: str, id: int) -> None:
        if "as" in written:
            self.records[written["as"]] = (entity, id)

    def _record(self, named: Any, actor: Actor) -> tuple[Entity, int]:
        if isinstance(named, str) and named in self.records:
            entity, id = self.records[named]
            return self._entity(entity), id
        if isinstance(named, Mapping) and "entity" in named:
            where = {name: value for name, value in named.items() if name != "entity"}
            found = find_by(self.site, system(), named["entity"], where)
            if found:
                return self._entity(named["entity"]), found[0]
        raise StepFailure(f"a record named {named!r} by an earlier step", ", ".join(self.records) or "none")

    def _entity(self, name: Any) -> Entity:
        if name not in self.site.model.entities:
            raise StepFailure("an entity of this config", repr(name))
        return self.site.model.entities[name]

    def _version(self, entity: str, id: int) -> int | None:
        try:
            return read_record(self.site, system(), entity, id).version
        except NotFound:
            return None

    # ---- outcomes

    def _compare(self, step: Mapping[str, Any], key: str, refusal: Refused) -> None:
        wanted = step.get(key)
        found = _told(refusal)
        if not wanted:
            raise StepFailure("to be accepted", found) from refusal
        if wanted is True:
            return
        if not all(_matches(refusal, what, value) for what, value in wanted.items()):
            raise StepFailure(f"to be {key}: {_written(wanted)}", found) from refusal


@dataclass(frozen=True, slots=True)
class _Moment:
    """What an expression in a step may read: who acts, and when."""

    site: Site
    actor: Actor

    @property
    def functions(self) -> Mapping[str, Function]:
        return self.site.model.functions

    @property
    def today(self) -> date:
        return self.site.today()

    @property
    def now(self) -> datetime:
        return self.site.now()

    def value(self, root: str, steps: tuple[Step, ...]) -> Any:
        if root != "me" or steps:
            raise StepFailure("an expression of today(), now() and me", "a path to a record")
        return self.actor.user

    def find(self, node: Any) -> Any:
        raise StepFailure("an expression of today(), now() and me", "find()")

    def aggregate(self, node: Any) -> Any:
        raise StepFailure("an expression of today(), now() and me", "a rollup")

    def follow(self, step: Step, record: Any) -> Any:
        raise StepFailure("an expression of today(), now() and me", "a path to a record")


_REFUSALS: Mapping[str, Callable[[Refused], bool]] = {
    "not_found": lambda refusal: isinstance(refusal, NotFound),
    "forbidden": lambda refusal: isinstance(refusal, Forbidden),
}


def _matches(refusal: Refused, what: str, value: Any) -> bool:
    if what in _REFUSALS:
        return _REFUSALS[what](refusal) is bool(value)
    if not isinstance(refusal, InvalidRecord):
        return False
    if what == "field":
        return any(error.field == value or error.field.endswith(f".{value}") for error in refusal.errors)
    if what == "code":
        return any(error.code == value for error in refusal.errors)
    return any(error.check == value for error in refusal.errors)


def _told(refusal: Refused) -> str:
    if isinstance(refusal, NotFound):
        return "not found"
    if not isinstance(refusal, InvalidRecord):
        return f"forbidden: {refusal}"
    kind = "warned" if isinstance(refusal, NeedsConfirmation) else "refused"
    return f"{kind}: " + "; ".join(
        f"{error.field or error.check or 'record'} ({error.code}): {error.message}" for error in refusal.errors
    )


def _written(wanted: Any) -> str:
    if isinstance(wanted, Mapping):
        return ", ".join(f"{what} {value}" for what, value in wanted.items())
    return "in any way"
