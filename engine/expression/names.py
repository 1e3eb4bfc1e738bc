"""From names and dotted paths to fields: what each one means at its place."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from engine.expression import nodes
from engine.expression.expression import Scope, Signature
from engine.expression.nodes import NUMBER, Node, Path, Root, Step, record
from engine.problems import did_you_mean, nearest


class Fault(Exception):
    """Something wrong at one node: becomes a Problem with its place."""

    def __init__(self, code: str, node: ast.AST, message: str, hint: str = "") -> None:
        self.code = code
        self.node = node
        self.message = message
        self.hint = hint
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Start:
    """A root and what of the dotted words is left to follow."""

    root: Root
    entity: str
    words: tuple[ast.Name | ast.Attribute, ...]


def resolve(node: ast.Name | ast.Attribute, scope: Scope) -> Node:
    """The path (or constant) that a name or dotted path means; raises Fault."""
    words = dotted(node)
    start = _start(words, scope)
    if start is None:
        constant = scope.schema.constant(text_of(words[0])) if len(words) == 1 else None
        if constant is not None:
            assert isinstance(constant, Decimal | int)
            return nodes.Constant(Decimal(constant), NUMBER)
        raise _unknown(words[0], scope)
    return follow(start, scope)


def follow(start: Start, scope: Scope) -> Path:
    """The path from a root; raises Fault at the word that leads nowhere."""
    steps, signature, entity = [], None, start.entity
    for position, word in enumerate(start.words):
        name = text_of(word)
        found = scope.schema.field(entity, name)
        if found is None:
            raise _unknown_field(word, entity, scope, first=position == 0 and start.root == "this")
        signature = found
        steps.append(Step(found.entity, found.name, found.via))
        if position < len(start.words) - 1:
            entity = _next_entity(found, start.words[position + 1])
    type_ = signature.type if signature else record(start.entity)
    return Path(start.root, tuple(steps), type_)


def dotted(node: ast.expr) -> list[ast.Name | ast.Attribute]:
    """The words of a dotted path, first to last."""
    words: list[ast.Name | ast.Attribute] = []
    while isinstance(node, ast.Attribute):
        words.append(node)
        node = node.value
    assert isinstance(node, ast.Name)
    words.append(node)
    return words[::-1]


def text_of(word: ast.Name | ast.Attribute) -> str:
    """The word itself."""
    return word.id if isinstance(word, ast.Name) else word.attr


def signature_of(node: Node, scope: Scope) -> Signature | None:
    """The field that a path ends at."""
    if isinstance(node, Path) and node.steps:
        return scope.schema.field(node.steps[-1].entity, node.steps[-1].field)
    return None


def _start(words: list[ast.Name | ast.Attribute], scope: Scope) -> Start | None:
    name, rest = text_of(words[0]), tuple(words[1:])
    roots: dict[str, tuple[Root, str | None]] = {
        "me": ("me", "user"),
        "old": ("old", scope.entity if scope.old else None),
        "record": ("record", scope.record),
        "outer": ("outer", scope.outer),
    }
    if name in roots:
        root, entity = roots[name]
        if entity is None:
            raise Fault("expression.unknown_name", words[0], _NO_ROOT[name])
        return Start(root, entity, rest)
    if scope.entity and scope.schema.field(scope.entity, name):
        return Start("this", scope.entity, tuple(words))
    return None


_NO_ROOT = {
    "old": "'old' has no meaning here: there is no record before a change.",
    "record": "'record' has no meaning here: only rules have a record that triggered.",
    "outer": "'outer' has no meaning here: only `where` of find() and of rollups has a holder.",
}


def _next_entity(found: Signature, word: ast.Name | ast.Attribute) -> str:
    type_ = found.type
    if type_.kind == "record" and type_.entity:
        return type_.entity
    if type_.kind == "record":
        message = f"'{found.name}' may point at records of several entities, so nothing can follow it."
        raise Fault("expression.type", word, message)
    if type_.kind == "list" and type_.item and type_.item.kind == "record":
        message = f"'{found.name}' holds many records, so '.{text_of(word)}' has no one meaning."
        raise Fault("expression.type", word, message, "A rollup field sums, counts or picks among them.")
    message = f"'{found.name}' is {type_}: nothing can follow it."
    raise Fault("expression.not_allowed", word, message, "Only links lead on; values have no attributes or methods.")


def _unknown(word: ast.Name | ast.Attribute, scope: Scope) -> Fault:
    name = text_of(word)
    if scope.outer and scope.entity and scope.schema.field(scope.outer, name):
        message = f"{scope.entity} has no field '{name}'."
        return Fault("expression.unknown_name", word, message, f"The holder's field is written outer.{name}.")
    if scope.entity:
        return _unknown_field(word, scope.entity, scope, first=True)
    return Fault("expression.unknown_name", word, f"'{name}' is not known here.", did_you_mean(name, _globals(scope)))


def _unknown_field(word: ast.Name | ast.Attribute, entity: str, scope: Scope, *, first: bool) -> Fault:
    name = text_of(word)
    known: set[str] = set(scope.schema.field_names(entity))
    if first:
        known |= _globals(scope)
    message = f"{entity} has no field '{name}'."
    if first and name in scope.schema.functions():
        return Fault("expression.unknown_name", word, message, f"A function is called: {name}(...).")
    return Fault("expression.unknown_name", word, message, did_you_mean(name, known) or _choice_advice(word, known))


def _choice_advice(word: ast.Name | ast.Attribute, known: Collection[str]) -> str:
    return f"A text or a choice stands in quotes: '{text_of(word)}'." if isinstance(word, ast.Name) and known else ""


def _globals(scope: Scope) -> set[str]:
    names = {"me", "today", "now", "find"} | set(scope.schema.functions())
    names |= {"old"} if scope.old else set()
    names |= {"record"} if scope.record else set()
    return names | ({"outer"} if scope.outer else set())


def near_function(name: str, known: Collection[str]) -> str:
    """Advice for a function that nobody declared."""
    near = nearest(name, known)
    return f"Did you mean '{near}'?" if near else "Known functions: " + ", ".join(sorted(known)) + "."
