"""Figures that show more than their reader may see.

A role that may read a figure but not a field that it is worked out from learns something of that field. That is refused
unless the config says `declassify: true`. Once is enough: what is worked out from a declassified figure shows no more.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.compiler.dependencies import Key, Reader
from engine.expression import Expression
from engine.expression.nodes import Aggregate, Find, Node, Path, children
from engine.model import Check, Entity, Field, FieldGrant, Grant, Model, Role, Rule
from engine.problems import Problem

_HINT = "Write `declassify: true` if it is meant to be shown, or hide the figure from the role too."


def check_disclosure(model: Model) -> Iterator[Problem]:
    """Every role and every figure or check that it sees."""
    for role in model.roles.values():
        views = _View(model, role)
        for entity in model.entities.values():
            if not views.opens(entity.name):
                continue
            for field in entity.fields.values():
                yield from _figure(views, entity, field)
            for check in entity.checks.values():
                yield from _check(views, entity, check)


def _figure(view: _View, entity: Entity, field: Field) -> Iterator[Problem]:
    if (
        field.computed is None
        or field.declassify
        or field.declared == "lookup"
        or view.hides((entity.name, field.name))
    ):
        return
    for key, why in view.hidden_sources(field.computed, entity):
        message = f"'{entity.name}.{field.name}' would show {view.role.name} something of '{'.'.join(key)}', {why}."
        yield Problem("formula.discloses", message, field.mark, _HINT)
        return


def _check(view: _View, entity: Entity, check: Check) -> Iterator[Problem]:
    if check.declassify:
        return
    for key, why in view.hidden_sources(check.when, entity):
        message = f"The check '{check.name}' would tell {view.role.name} something of '{'.'.join(key)}', {why}."
        hint = "Write `declassify: true` if that is meant."
        yield Problem("formula.discloses", message, check.mark, hint)
        return


class _View:
    """What people of one role may see."""

    def __init__(self, model: Model, role: Role) -> None:
        self.model, self.role = model, role
        self.reader = Reader(model)

    def grant(self, entity: str) -> Grant | None:
        return self.role.grants.get(self.model.root_of(entity))

    def opens(self, entity: str) -> bool:
        """Whether the role may read any of these records."""
        grant = self.grant(entity)
        return grant is not None and grant.read.always is not False

    def field_grant(self, key: Key) -> FieldGrant | None:
        own = self.role.grants.get(key[0])
        return own.fields.get(key[1]) if own else None

    def hides(self, key: Key) -> bool:
        """Whether the role is plainly refused this field."""
        said = self.field_grant(key)
        return said is not None and (
            said.read == "masked" or (isinstance(said.read, Rule) and said.read.always is False)
        )

    def hidden_sources(self, expression: Expression, entity: Entity) -> Iterator[tuple[Key, str]]:
        """The values that it shows and the role may not see, with the reason."""
        home = self.model.root_of(entity.name)
        for key in shown_fields(expression.node):
            if key[0] == "user":
                continue
            if self.hides(key):
                yield key, "which the role may not read"
            elif self.model.root_of(key[0]) == home:
                continue
            elif not self.opens(key[0]):
                yield key, f"but the role may not read any {key[0]}"
            elif self._narrower(key[0]):
                yield key, f"but the role may read only some of the records of {self.model.root_of(key[0])}"

    def _narrower(self, entity: str) -> bool:
        grant = self.grant(entity)
        return grant is not None and grant.read.always is None


def shown_fields(node: Node) -> Iterator[Key]:
    """The fields whose values reach the result: the ends of its paths, and what is looked up or added up."""
    if isinstance(node, Path) and node.steps and node.root in ("this", "outer", "old"):
        yield node.steps[-1].entity, node.steps[-1].field
    if isinstance(node, Find) and node.value:
        yield node.value[-1].entity, node.value[-1].field
    if isinstance(node, Aggregate) and node.value is None:
        yield node.through[-1].entity, node.through[-1].field
        yield node.entity, "id"
    for child in children(node):
        yield from shown_fields(child)
