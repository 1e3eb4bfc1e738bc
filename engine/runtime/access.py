"""The one permission decision: may this actor do that, to this row, to this field, and by which rule.

The same rules are asked in two forms. Of one record that is in memory (a save) they are run in Python, here; of many
(every list, search, picker and page) they become conditions of the query, in engine.store.queries. Both read the rules
from engine.runtime.rights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from engine.change import Actor, Capability, Verb
from engine.expression.run import Context, holds
from engine.model import Rule
from engine.problems import Mark
from engine.runtime.rights import Rights, Rules, rights_key
from engine.runtime.site import Site
from engine.store.sight import Clauses, Reading

Rows = Mapping[str, Context]
"""What the rules are asked of: for a record its own context under its entity's id; for a line also
those of the records that it is a line of, up to the root."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that was asked, and its answer."""

    role: str
    """The role that it belongs to; empty for what everybody may who is signed in."""
    entity: str
    """Whose row it was asked of."""
    rule: str
    """As written; `true` where the role grants without a condition."""
    mark: Mark
    outcome: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """Yes or no, with the rules that were asked until it was known. No rules: no role grants it at all."""

    allowed: bool
    reasons: tuple[Reason, ...] = ()

    def __bool__(self) -> bool:
        return self.allowed


class Access:
    """What one actor may do on one site."""

    def __init__(self, site: Site, actor: Actor) -> None:
        self.actor = actor
        self.key = rights_key(actor)
        self.rights: Rights = site.kept.get(("rights", self.key), lambda: Rights.of(site.model, self.key))

    # ---- one record in memory

    def decide(self, verb: Verb, entity: str, rows: Rows, after: Rows | None = None) -> Decision:
        """May the actor do this to the record? Reading is a question of its own: ask it first, and answer
        NotFound when it is no.

        An update is asked of the row as it is (`rows`) and of the row as it would become (`after`); without
        `after` only the first half is decided. A creation is asked of the new row, as `rows`.
        """
        if verb == "update":
            return self._decide_update(entity, None, rows, after)
        return _decide(self.rights.rows(verb, entity), entity, rows)

    def readable(self, entity: str, field: str, rows: Rows) -> bool:
        """Whether the field's value may be shown."""
        return _decide(self.rights.reads(entity, field).open, entity, rows).allowed

    def masked(self, entity: str, field: str, rows: Rows) -> bool:
        """Whether the field's mask, and no more, may be shown."""
        masked = self.rights.reads(entity, field).masked
        return not self.readable(entity, field, rows) and _decide(masked, entity, rows).allowed

    def updatable(self, entity: str, field: str, rows: Rows, after: Rows | None = None) -> Decision:
        """Whether one single role lets the actor change this field of the existing record.

        For a new line of an existing record `rows` holds the line as it would become.
        """
        return self._decide_update(entity, field, rows, after)

    def settable(self, entity: str, field: str, rows: Rows) -> Decision:
        """Whether the actor may give this field a value in the record that is being made (`rows`: the new row)."""
        return _decide(self.rights.sets(entity, field), entity, rows)

    # ---- without a record

    def reading(self, entity: str, field: str) -> Reading:
        """On which rows the field may be read at all."""
        return self.rights.reads(entity, field)

    def ever(self, verb: Verb, entity: str) -> bool:
        """Whether there may be rows that the actor can do this to: what decides whether a button is offered."""
        if verb == "update":
            return bool(self.rights.writes(entity))
        return bool(self.rights.rows(verb, entity))

    def ever_updatable(self, entity: str, field: str) -> bool:
        """Whether there may be rows on which the actor can change the field."""
        return bool(self.rights.writes(entity, field))

    def ever_settable(self, entity: str, field: str) -> bool:
        """Whether the actor may be able to give the field a value on creation."""
        return bool(self.rights.sets(entity, field))

    def may(self, capability: Capability) -> bool:
        """Whether a role gives this capability. The system may do everything."""
        return self.actor.system or capability in self.rights.capabilities

    def _decide_update(self, entity: str, field: str | None, rows: Rows, after: Rows | None) -> Decision:
        clauses = self.rights.writes(entity, field)
        if clauses and not clauses[0].before and not clauses[0].after:
            return _plainly(clauses[0].role, entity)
        reasons: list[Reason] = []
        for clause in clauses:
            asked = tuple(_ask(clause.role, clause.before, rows))
            if after is not None:
                asked += tuple(_ask(clause.role, clause.after, after))
            reasons += asked or _plainly(clause.role, entity).reasons
            if all(reason.outcome for reason in asked):
                return Decision(True, tuple(reasons))
        return Decision(False, tuple(reasons))


def _decide(clauses: Clauses, entity: str, rows: Rows) -> Decision:
    if clauses and not clauses[0].rules:
        return _plainly(clauses[0].role, entity)
    reasons: list[Reason] = []
    for clause in clauses:
        asked = tuple(_ask(clause.role, clause.rules, rows))
        reasons += asked or _plainly(clause.role, entity).reasons
        if all(reason.outcome for reason in asked):
            return Decision(True, tuple(reasons))
    return Decision(False, tuple(reasons))


def _ask(role: str, rules: Rules, rows: Rows) -> Iterator[Reason]:
    for entity, rule in rules:
        yield Reason(role, entity, rule_text(rule), rule.mark, _holds(rule, rows[entity]))


def _holds(rule: Rule, context: Context) -> bool:
    if rule.when is None:
        return rule.always is True
    return holds(rule.when, context)


@lru_cache(maxsize=10_000)
def _plainly(role: str, entity: str) -> Decision:
    """Yes, by a role that sets no condition: by far the most frequent answer, so it is made once."""
    return Decision(True, (Reason(role, entity, "true", Mark("", 0, 0), True),))


def rule_text(rule: Rule) -> str:
    """A rule as its author wrote it."""
    return rule.when.text if rule.when is not None else str(rule.always is True).lower()
