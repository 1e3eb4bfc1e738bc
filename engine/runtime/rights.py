"""What a set of roles adds up to: who may do what with which rows and fields, as rules yet to be asked.

Roles add up, but never across each other: a field is readable on a row only where one single role grants both the row
and the field, and writable only where one single role grants the update and the field. A line has the rights of the
record at its root, through the lines field that holds it; the line's own grant only adds rules for its fields.

Nothing is granted that is not written, with one exception for everybody who is signed in: the names of users and
teams (their title fields), because pickers, owners and histories would be unreadable without them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from engine.change import Actor, Verb
from engine.expression import Expression
from engine.model import ALWAYS, NEVER, Field, FieldGrant, Grant, Model, Role, Rule
from engine.store.sight import Clause, Clauses, Reading, always, covers

PEOPLE = ("user", "team")
"""The entities whose titles every signed-in person may read."""
KEYS = frozenset({"id", "version"})
"""Fields that go with the row: without them nothing could be opened or saved."""


Rules = tuple[tuple[str, Rule], ...]
Way = tuple[Role, Rules]
"""A role with the rules that it asks from the root record down."""


@dataclass(frozen=True, slots=True)
class WriteClause:
    """What one role grants for an update: rules on the row as it is, and on the row as it would become."""

    role: str
    before: Rules
    after: Rules = ()


RightsKey = tuple[bool, bool, frozenset[str]]


def rights_key(actor: Actor) -> RightsKey:
    """What the rights of an actor depend on: system, signed in, and the roles. A nobody has no roles."""
    signed_in = actor.user is not None
    return actor.system, signed_in, actor.roles if signed_in else frozenset()


@dataclass(frozen=True)
class Rights:
    """The rights of one set of roles in one model."""

    model: Model
    roles: tuple[Role, ...]
    signed_in: bool
    system: bool
    _rows: dict[tuple[str, str], Clauses] = field(default_factory=dict, repr=False, compare=False)
    _reads: dict[tuple[str, str], Reading] = field(default_factory=dict, repr=False, compare=False)
    _writes: dict[tuple[str, str | None], tuple[WriteClause, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )
    _sets: dict[tuple[str, str], Clauses] = field(default_factory=dict, repr=False, compare=False)
    _drafted: dict[str, Mapping[str, Field]] = field(default_factory=dict, repr=False, compare=False)
    _freely_set: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)
    _freely_changed: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, model: Model, key: RightsKey) -> Rights:
        """The rights behind a key. Roles that the model does not know grant nothing."""
        system, signed_in, names = key
        return cls(model, tuple(role for name, role in model.roles.items() if name in names), signed_in, system)

    def rows(self, verb: Verb, entity: str) -> Clauses:
        """On which rows the verb is granted. For an update: as far as the row before the change decides."""
        key = (verb, entity)
        if key not in self._rows:
            self._rows[key] = self._find_rows(verb, entity)
        return self._rows[key]

    def reads(self, entity: str, name: str) -> Reading:
        """Where a field may be read, and where only its mask."""
        key = (entity, name)
        if key not in self._reads:
            self._reads[key] = self._find_reading(entity, name)
        return self._reads[key]

    def writes(self, entity: str, name: str | None = None) -> tuple[WriteClause, ...]:
        """Under which rules an existing record may be changed at all, or one field of it."""
        key = (entity, name)
        if key not in self._writes:
            self._writes[key] = self._find_writes(entity, name)
        return self._writes[key]

    def _find_writes(self, entity: str, name: str | None) -> tuple[WriteClause, ...]:
        if self.system:
            return (WriteClause("", ()),)
        found = []
        for role in self.roles:
            before = _clause(role, self._way(role, "update", entity))
            after = _clause(role, self._way(role, "update_after", entity))
            if name is not None and before is not None:
                before = _clause(role, (*before.rules, (entity, _update_rule(role, entity, name))))
            if before is not None and after is not None:
                found.append(WriteClause(role.name, before.rules, after.rules))
        return tuple(found)

    def sets(self, entity: str, name: str) -> Clauses:
        """Under which rules a field may be given a value while its record is made."""
        key = (entity, name)
        if key not in self._sets:
            self._sets[key] = self._find_setting(entity, name)
        return self._sets[key]

    def _find_setting(self, entity: str, name: str) -> Clauses:
        if self.system:
            return (Clause(""),)
        return _clauses(
            (role, (*self._way(role, "create", entity), (entity, _update_rule(role, entity, name))))
            for role in self.roles
        )

    def knows(self, entity: str, name: str) -> bool:
        """Whether one may know of the field at all: if not, it is as if it did not exist."""
        return not self.reads(entity, name).hidden or bool(self.writes(entity, name)) or bool(self.sets(entity, name))

    def drafted(self, entity: str) -> Mapping[str, Field]:
        """The fields with a value of their own that a draft of these rights may name, if not on every row."""
        if entity not in self._drafted:
            known = self.model.entities[entity]
            other = {holder.name for holder in known.lines()} | (known.each.lists.keys() if known.each else set())
            self._drafted[entity] = {
                name: field
                for name, field in known.fields.items()
                if field.writable and name not in other and self.knows(entity, name)
            }
        return self._drafted[entity]

    def freely_set(self, entity: str) -> frozenset[str]:
        """The fields that may be given a value on every row that is made."""
        if entity not in self._freely_set:
            fields = self.model.entities[entity].fields
            self._freely_set[entity] = frozenset(name for name in fields if always(self.sets(entity, name)))
        return self._freely_set[entity]

    def freely_changed(self, entity: str) -> frozenset[str]:
        """The fields that may be changed on every row, whatever the row becomes."""
        if entity not in self._freely_changed:
            fields = self.model.entities[entity].fields
            free = (name for name in fields if any(not w.before and not w.after for w in self.writes(entity, name)))
            self._freely_changed[entity] = frozenset(free)
        return self._freely_changed[entity]

    def _find_rows(self, verb: Verb, entity: str) -> Clauses:
        if self.system:
            return (Clause(""),)
        found = _clauses((role, self._way(role, verb, entity)) for role in self.roles)
        if verb == "read" and self.signed_in and entity in PEOPLE:
            return (Clause(""), *found)
        return found

    def _find_reading(self, entity: str, name: str) -> Reading:
        if self.system:
            return Reading(open=(Clause(""),), everywhere=True)
        if name in KEYS:
            clauses = self.rows("read", entity)
            return Reading(open=clauses, everywhere=True) if clauses else Reading()
        shown: list[Way] = []
        masked: list[Way] = []
        for role in self.roles:
            rule = _read_rule(role, entity, name)
            way = self._way(role, "read", entity)
            if rule == "masked":
                masked.append((role, way))
            else:
                shown.append((role, (*way, (entity, rule))))
        opened = _clauses(shown)
        if self.signed_in and entity in PEOPLE and name in self.public_names(entity):
            opened = (Clause(""), *opened)
        everywhere = bool(opened) and covers(opened, self.rows("read", entity))
        return Reading(opened, () if everywhere else _clauses(masked), everywhere)

    def public_names(self, entity: str) -> frozenset[str]:
        """The fields of a person or team that every signed-in person may read: those that make the title."""
        parts = self.model.entities[entity].title
        paths = (path for part in parts if isinstance(part, Expression) for path in part.paths())
        return frozenset(path.steps[0].field for path in paths if path.root == "this" and len(path.steps) == 1)

    def _way(self, role: Role, verb: str, entity: str) -> Rules:
        """The rules of one role from the root record down to the line that the entity is."""
        own = self.model.entities[entity]
        if own.owned_by is None:
            grant = role.grants.get(entity)
            return ((entity, NEVER if grant is None else _verb_rule(grant, verb)),)
        parent, holder = own.owned_by
        above = verb if verb in ("read", "create", "export", "import", "update_after") else "update"
        return (*self._way(role, above, parent), (parent, self._holder_rule(role, above, parent, holder)))

    def _holder_rule(self, role: Role, verb: str, parent: str, holder: str) -> Rule:
        if verb in ("read", "export"):
            rule = _read_rule(role, parent, holder)
            return NEVER if rule == "masked" else rule
        return ALWAYS if verb == "update_after" else _update_rule(role, parent, holder)

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """The `may` of all roles together."""
        return frozenset(word for role in self.roles for word in role.may)


def _verb_rule(grant: Grant, verb: str) -> Rule:
    if verb == "update":
        return grant.update.before
    if verb == "update_after":
        return grant.update.after
    rule: Rule = getattr(grant, "import_" if verb == "import" else verb)
    return rule


def _field_grant(role: Role, entity: str, name: str) -> FieldGrant:
    grant = role.grants.get(entity)
    return (grant.fields.get(name) if grant else None) or FieldGrant()


def _read_rule(role: Role, entity: str, name: str) -> Rule | Literal["masked"]:
    read = _field_grant(role, entity, name).read
    return ALWAYS if read is None else read


def _update_rule(role: Role, entity: str, name: str) -> Rule:
    """The field's own rule for being written: as written, else no where it cannot be read."""
    grant = _field_grant(role, entity, name)
    if grant.update is not None:
        return grant.update
    if grant.read is None:
        return ALWAYS
    return NEVER if grant.read == "masked" else grant.read


def _clauses(ways: Iterable[Way]) -> Clauses:
    found = (_clause(role, rules) for role, rules in ways)
    return tuple(clause for clause in found if clause is not None)


def _clause(role: Role, rules: Rules) -> Clause | None:
    """The clause of a role; None when one of its rules never holds."""
    if any(rule.always is False for _, rule in rules):
        return None
    return Clause(role.name, tuple((entity, rule) for entity, rule in rules if rule.always is None))
