"""Whether somebody may do something, with every rule that was asked and its answer: what `forme can` prints.

The rules are asked in SQL, of the row as it is stored: the same conditions that lists are filtered by.
"""

from __future__ import annotations

import sqlalchemy as sa

from engine.change import Actor, Verb
from engine.columns import BigInteger
from engine.expression.sql import Source
from engine.model import Rule
from engine.problems import NOWHERE
from engine.runtime.access import Decision, Reason, rule_text
from engine.runtime.inquiry import Inquiry, inquire
from engine.runtime.rights import Rules
from engine.runtime.site import Site
from engine.store import queries
from engine.store.queries import Asked, RecordSql


def can(site: Site, actor: Actor, verb: Verb, entity: str, id: int | None = None) -> Decision:
    """Yes or no, with the rules that decided.

    Without an id: whether there may be such records at all; each reason is then a rule that would be asked. With one:
    of the record as it stands; what does not exist, or may not be read, cannot be updated or deleted either.
    """
    if entity not in site.model.entities:
        return Decision(False)
    with inquire(site, actor) as inquiry:
        ways = _ways(inquiry, verb, entity)
        if id is None:
            return Decision(bool(ways), tuple(_unasked(role, entity, rules) for role, rules in ways))
        if verb not in ("read", "create", "restore"):
            seen = _asked(inquiry, "read", entity, id)
            if not seen:
                return seen
        return _asked(inquiry, verb, entity, id)


def _ways(inquiry: Inquiry, verb: Verb, entity: str) -> list[tuple[str, Rules]]:
    rights = inquiry.access.rights
    if verb == "update":
        return [(clause.role, clause.before) for clause in rights.writes(entity)]
    return [(clause.role, clause.rules) for clause in rights.rows(verb, entity)]


def _unasked(role: str, entity: str, rules: Rules) -> Reason:
    text = " and ".join(rule_text(rule) for _, rule in rules) or "true"
    return Reason(role, entity, text, rules[0][1].mark if rules else NOWHERE, True)


def _asked(inquiry: Inquiry, verb: Verb, entity: str, id: int) -> Decision:
    """Ask every rule of every role of this one record."""
    ways = _ways(inquiry, verb, entity)
    rules = list(dict.fromkeys(item for _, way in ways for item in way))
    answers = _answers(inquiry, entity, id, rules, deleted=verb == "restore")
    if answers is None:
        return Decision(False)
    allowed, reasons = False, []
    for role, way in ways:
        allowed = allowed or all(answers[item] for item in way)
        if not way:
            reasons.append(Reason(role, entity, "true", NOWHERE, True))
        for name, rule in way:
            reasons.append(Reason(role, name, rule_text(rule), rule.mark, answers[name, rule]))
    return Decision(allowed, tuple(reasons))


def _answers(
    inquiry: Inquiry, entity: str, id: int, rules: list[tuple[str, Rule]], *, deleted: bool
) -> dict[tuple[str, Rule], bool] | None:
    """The answer to each rule; None when there is no such record."""
    sql = RecordSql.on(inquiry.site, None)
    alias = inquiry.site.tables.entities[entity].alias()
    source = Source(entity, alias, None)
    flags = [sa.case((sql.rule(source, name, rule), sa.literal(1)), else_=sa.literal(0)) for name, rule in rules]
    statement = sa.select(alias.c.id, *(flag.label(f"rule_{n}") for n, flag in enumerate(flags)))
    statement = statement.where(alias.c.id == sa.bindparam("sought", None, type_=BigInteger()))
    statement = statement.where(alias.c.deleted_at.is_not(None) if deleted else alias.c.deleted_at.is_(None))
    now = inquiry.site.now()
    asked = Asked(inquiry.actor.user, inquiry.site.day_of(now), now)
    rows = queries.rows(inquiry.connection, statement, {**asked.values(), "sought": id})
    if not rows:
        return None
    return {item: bool(answer) for item, answer in zip(rules, rows[0][1:], strict=True)}
