"""Who may do what: roles, their grants, and rules over rows and fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.expression import Expression
from engine.problems import NOWHERE, Mark
from engine.words import Words


@dataclass(frozen=True, slots=True)
class Rule:
    """Yes, no, or a condition on the record. Unknown is no."""

    always: bool | None
    """True or False; None when the condition decides."""
    when: Expression | None = None
    mark: Mark = NOWHERE


ALWAYS = Rule(True)
NEVER = Rule(False)


@dataclass(frozen=True, slots=True)
class UpdateRule:
    """An update must pass on the row as it is and on the row as it would become."""

    before: Rule = NEVER
    after: Rule = NEVER


@dataclass(frozen=True, slots=True)
class FieldGrant:
    """What a role may do with one field, where that differs from the entity's verbs."""

    read: Rule | Literal["masked"] | None = None
    """None follows the entity. Masked shows the field's mask and forbids filter, sort and search."""
    update: Rule | None = None
    """None follows the entity, and is no where read is no or masked. On creation `=True`-like rules
    are tested on the new row."""
    mark: Mark = NOWHERE


@dataclass(frozen=True, slots=True)
class Grant:
    """What a role may do with an entity's records. What is not written is not granted."""

    entity: str
    read: Rule = NEVER
    create: Rule = NEVER
    update: UpdateRule = UpdateRule()
    delete: Rule = NEVER
    restore: Rule = NEVER
    export: Rule = NEVER
    import_: Rule = NEVER
    fields: Mapping[str, FieldGrant] = field(default_factory=dict)
    mark: Mark = NOWHERE


@dataclass(frozen=True, slots=True)
class Role:
    """A set of grants that people are given."""

    name: str
    label: Words
    grants: Mapping[str, Grant]
    """By entity. A line follows its root parent's grant, with field grants of its own here."""
    may: frozenset[str] = frozenset()
    """Of: config, people, jobs, history."""
    mark: Mark = NOWHERE
