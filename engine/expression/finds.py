"""find(entity.field, where=..., latest=..., on=...): looking a record up."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from engine.expression import nodes, types
from engine.expression.expression import Scope
from engine.expression.names import Fault, Start, dotted, follow, text_of
from engine.expression.nodes import BOOLEAN, DATE, Node, Path, Step, Type, record
from engine.problems import did_you_mean

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_KEYWORDS = ("where", "latest", "on")


class Visitor(Protocol):
    """What the compiler offers here."""

    @property
    def scope(self) -> Scope:
        """Where the find stands."""

    def visit(self, tree: ast.expr, scope: Scope | None = None) -> Node:
        """The node of a part in another scope."""

    def expect(self, tree: ast.expr, node: Node, wanted: Type | None) -> None:
        """Report a part of the wrong type."""


def compile_find(visitor: Visitor, tree: ast.Call) -> Node:
    """The node of a find(); raises Fault."""
    scope = visitor.scope
    keywords = _keywords(tree)
    entity, value, type_ = _sought(tree, scope)
    inner = Scope(scope.schema, entity, record=scope.record, outer=scope.entity)
    conditions = []
    if "where" in keywords:
        where = visitor.visit(keywords["where"], inner)
        visitor.expect(keywords["where"], where, BOOLEAN)
        conditions.append(where)
    latest: tuple[str, ...] = ()
    if "on" in keywords:
        condition, since = _on(visitor, keywords["on"], entity)
        conditions.append(condition)
        latest = (since,)
    if "latest" in keywords:
        latest = tuple(_latest(keywords["latest"], entity, scope))
    joined: Node | None = None
    if conditions:
        joined = conditions[0] if len(conditions) == 1 else nodes.Junction("and", tuple(conditions))
    return nodes.Find(entity, value, joined, latest, type_)


def _keywords(tree: ast.Call) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for keyword in tree.keywords:
        name = keyword.arg or ""
        if name not in _KEYWORDS:
            raise Fault("expression.arguments", keyword, f"find() takes no '{name}='.", did_you_mean(name, _KEYWORDS))
        found[name] = keyword.value
    if len(tree.args) != 1:
        message = "find() takes one thing to find, then where=, latest= or on=."
        raise Fault(
            "expression.arguments", tree, message, "find(rate.price, where=press == outer.press, latest=from_date)"
        )
    return found


def _sought(tree: ast.Call, scope: Scope) -> tuple[str, tuple[Step, ...], Type]:
    what = tree.args[0]
    if not isinstance(what, ast.Name | ast.Attribute):
        raise Fault(
            "expression.arguments", what, "find() begins with an entity or one of its fields.", "find(rate.price, ...)"
        )
    words = dotted(what)
    entity = text_of(words[0])
    if entity not in scope.schema.entity_names():
        hint = did_you_mean(entity, scope.schema.entity_names())
        raise Fault("expression.unknown_name", words[0], f"There is no entity '{entity}'.", hint)
    if len(words) == 1:
        return entity, (), record(entity)
    path = follow(Start("record", entity, tuple(words[1:])), scope)
    if path.type.kind == "list":
        raise Fault("expression.type", what, "find() gives one value; this is a list.")
    return entity, path.steps, path.type


def _latest(tree: ast.expr, entity: str, scope: Scope) -> Iterator[str]:
    items = tree.elts if isinstance(tree, ast.List | ast.Tuple) else [tree]
    if not items:
        raise Fault("expression.arguments", tree, "latest= names a field, or a list of fields.")
    for item in items:
        if not isinstance(item, ast.Name):
            raise Fault("expression.arguments", item, f"latest= names fields of {entity}.", "latest=from_date")
        signature = scope.schema.field(entity, item.id)
        if signature is None:
            hint = did_you_mean(item.id, scope.schema.field_names(entity))
            raise Fault("expression.unknown_name", item, f"{entity} has no field '{item.id}'.", hint)
        if signature.type.kind not in types.ORDERED:
            raise Fault("expression.type", item, f"'{item.id}' has no order, so none is the latest.")
        yield item.id


def _on(visitor: Visitor, tree: ast.expr, entity: str) -> tuple[Node, str]:
    """`on=DATE` over a dated entity: what began by then and has not ended."""
    schema = visitor.scope.schema
    dated = schema.dated(entity)
    if dated is None:
        hint = f"Give {entity} `dated: {{from: FIELD, until: FIELD}}`, or compare its dates in where=."
        raise Fault("expression.arguments", tree, f"on= needs a dated entity; {entity} is not.", hint)
    day = visitor.visit(tree)
    visitor.expect(tree, day, DATE)
    day = _from_holder(day, tree)
    since, until = (Path("this", (Step(entity, name),), DATE) for name in dated)
    ended = nodes.Junction("or", (nodes.IsNone(until, negated=False), nodes.Compare(">=", until, day)))
    return nodes.Junction("and", (nodes.Compare("<=", since, day), ended)), dated[0]


def _from_holder(node: Node, tree: ast.expr) -> Node:
    """The same value seen from inside the find, where the holder is `outer`."""
    if isinstance(node, nodes.Find | nodes.Aggregate) or (isinstance(node, Path) and node.root == "outer"):
        raise Fault(
            "expression.arguments", tree, "on= is a plain date of this record.", "Give the date a field of its own."
        )
    if isinstance(node, Path):
        return replace(node, root="outer") if node.root == "this" else node
    return nodes.rebuilt(node, lambda child: _from_holder(child, tree))


def date_literal(node: nodes.Constant, wanted: Type) -> Node:
    """A text literal as the date or moment that it spells."""
    assert isinstance(node.value, str)
    if wanted.kind == "date":
        hint = "Dates are written '2027-01-31'."
        if not _DATE.fullmatch(node.value):
            raise types.Mismatch(f"'{node.value}' is not a date.", hint)
        try:
            return nodes.Constant(date.fromisoformat(node.value), wanted)
        except ValueError:
            raise types.Mismatch(f"'{node.value}' is not a date.", hint) from None
    hint = "Moments are written with their offset: '2027-01-31T08:00+08:00'."
    try:
        moment = datetime.fromisoformat(node.value)
    except ValueError:
        raise types.Mismatch(f"'{node.value}' is not a moment.", hint) from None
    if moment.tzinfo is None:
        raise types.Mismatch(f"'{node.value}' does not say in which time zone.", hint)
    return nodes.Constant(moment, wanted)
