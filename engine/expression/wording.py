"""A formula in the firm's own words: labels for names, signs for operators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from engine.expression import nodes
from engine.expression.nodes import Node, Path, Step
from engine.expression.numbers import canonical


class Labels(Protocol):
    """What fields, entities and choices are called, in one language."""

    def field(self, entity: str, field: str) -> str:
        """A field's label."""

    def entity(self, entity: str) -> str:
        """An entity's label."""

    def choice(self, entity: str, field: str, choice: str) -> str:
        """A choice's label; the word itself for a field without choices."""


_ENGLISH = {
    "and": " and ", "or": " or ", "not": "not {}", "if": "{} if {}, else {}", "in": "{} is one of {}",
    "not in": "{} is none of {}", "None": "{} is empty", "not None": "{} is not empty", "cases": "by {}: {}",
    "find": "look up {}", "where": " where {}", "latest": ", the latest by {}", "true": "yes", "false": "no",
    "nothing": "nothing", "me": "me", "old": "before: {}", "record": "this record", "sum": "sum of {}",
    "count": "number of {}", "min": "least of {}", "max": "greatest of {}", "avg": "mean of {}", "of": "{} in {}",
    "row": "{} of the record",
}  # fmt: skip
_CHINESE = {
    "and": " 且 ", "or": " 或 ", "not": "非 {}", "if": "{1}时取 {0}，否则取 {2}", "in": "{} 属于 {}",
    "not in": "{} 不属于 {}", "None": "{} 为空", "not None": "{} 不为空", "cases": "按 {}：{}",
    "find": "查找 {}", "where": "，条件为 {}", "latest": "，取 {} 最新的", "true": "是", "false": "否",
    "nothing": "空", "me": "我", "old": "原 {}", "record": "本记录", "sum": "{} 之和",
    "count": "{} 的个数", "min": "{} 的最小值", "max": "{} 的最大值", "avg": "{} 的平均值", "of": "{1}的{0}",
    "row": "本单的{}",
}  # fmt: skip
_RANKS = {"+": 1, "-": 1, "*": 2, "/": 2}
"""What is read first; others stand in brackets."""
_SIGNS = {"*": "×", "/": "÷", "-": "−", "==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}


def in_words(node: Node, labels: Labels, locale: str) -> str:
    """The formula for people: `net_sheets * 2` is "Net sheets × 2"."""
    return Wording(labels, _CHINESE if locale.startswith("zh") else _ENGLISH).of(node)


class Wording:
    """One language's way to say a tree."""

    def __init__(self, labels: Labels, words: Mapping[str, str]) -> None:
        self.labels = labels
        self.words = words

    def say(self, key: str, *parts: str) -> str:
        """A phrase with its parts."""
        return self.words[key].format(*parts)

    def of(self, node: Node) -> str:
        """The words of a node."""
        handler: Any = _WORDINGS[type(node)]
        text: str = handler(self, node)
        return text

    def part(self, node: Node) -> str:
        """The words of an operand, in brackets where they would run together."""
        text = self.of(node)
        return f"({text})" if isinstance(node, nodes.Arithmetic | nodes.Junction | nodes.Conditional) else text

    def steps(self, steps: tuple[Step, ...]) -> str:
        """A path's labels, from the record outwards."""
        return " · ".join(self.labels.field(step.entity, step.field) for step in steps)


def _constant(wording: Wording, node: nodes.Constant) -> str:
    value = node.value
    if value is None:
        return wording.words["nothing"]
    if isinstance(value, bool):
        return wording.words["true" if value else "false"]
    if isinstance(value, Decimal):
        return canonical(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else f"“{value}”"


def _path(wording: Wording, node: Path) -> str:
    text = wording.steps(node.steps)
    if node.root == "this":
        return text
    if node.root == "outer":
        return wording.say("row", text)
    if node.root == "old":
        return wording.say("old", text)
    return " · ".join(filter(None, (wording.words[node.root], text)))


def _unary(wording: Wording, node: nodes.Unary) -> str:
    inner = wording.part(node.operand)
    return wording.say("not", inner) if node.operator == "not" else f"−{inner}"


def _binary(wording: Wording, node: nodes.Arithmetic) -> str:
    """Brackets only where the order of reading would be another."""
    sign, rank = _SIGNS.get(node.operator, node.operator), _RANKS.get(node.operator, 0)
    left = wording.of(node.left) if _rank(node.left) >= rank > 0 else wording.part(node.left)
    right = wording.of(node.right) if _rank(node.right) > rank > 0 else wording.part(node.right)
    return f"{left} {sign} {right}"


def _rank(node: Node) -> int:
    return _RANKS.get(node.operator, 0) if isinstance(node, nodes.Arithmetic) else 0


def _compare(wording: Wording, node: nodes.Compare) -> str:
    left, right = _choice(wording, node.left, node.right), _choice(wording, node.right, node.left)
    return f"{left} {_SIGNS.get(node.operator, node.operator)} {right}"


def _choice(wording: Wording, node: Node, beside: Node) -> str:
    """A literal beside a choice field, by the choice's label."""
    named = isinstance(beside, Path) and beside.steps and beside.type.kind in ("text", "list")
    if isinstance(node, nodes.Constant) and isinstance(node.value, str) and named:
        assert isinstance(beside, Path)
        return wording.labels.choice(beside.steps[-1].entity, beside.steps[-1].field, node.value)
    return wording.part(node)


def _is_none(wording: Wording, node: nodes.IsNone) -> str:
    return wording.say("not None" if node.negated else "None", wording.part(node.operand))


def _among(wording: Wording, node: nodes.Among) -> str:
    key = "not in" if node.negated else "in"
    if isinstance(node.items, tuple):
        items = ", ".join(_choice(wording, item, node.operand) for item in node.items)
        return wording.say(key, wording.part(node.operand), items)
    return wording.say(key, _choice(wording, node.operand, node.items), wording.of(node.items))


def _junction(wording: Wording, node: nodes.Junction) -> str:
    return wording.words[node.operator].join(wording.part(operand) for operand in node.operands)


def _conditional(wording: Wording, node: nodes.Conditional) -> str:
    return wording.say("if", *(wording.part(part) for part in (node.then, node.condition, node.otherwise)))


def _cases(wording: Wording, node: nodes.Cases) -> str:
    cases = "; ".join(
        f"{_choice(wording, nodes.Constant(case, nodes.TEXT), node.subject)}: {wording.of(value)}"
        for case, value in node.cases
    )
    return wording.say("cases", wording.of(node.subject), cases)


def _call(wording: Wording, node: nodes.Call) -> str:
    return f"{node.function}({', '.join(wording.of(argument) for argument in node.arguments)})"


def _find(wording: Wording, node: nodes.Find) -> str:
    entity = wording.labels.entity(node.entity)
    what = wording.say("of", wording.steps(node.value), entity) if node.value else entity
    text = wording.say("find", what)
    if node.where is not None:
        text += wording.say("where", wording.of(node.where))
    if node.latest:
        fields = ", ".join(wording.labels.field(node.entity, name) for name in node.latest)
        text += wording.say("latest", fields)
    return text


def _aggregate(wording: Wording, node: nodes.Aggregate) -> str:
    rows = wording.steps(node.through)
    what = rows if node.value is None else wording.say("of", wording.part(node.value), rows)
    where = "" if node.where is None else wording.say("where", wording.of(node.where))
    return wording.say(node.function, what) + where


_WORDINGS: dict[type, Any] = {
    nodes.Constant: _constant,
    nodes.Path: _path,
    nodes.Unary: _unary,
    nodes.Arithmetic: _binary,
    nodes.Compare: _compare,
    nodes.IsNone: _is_none,
    nodes.Among: _among,
    nodes.Junction: _junction,
    nodes.Conditional: _conditional,
    nodes.Cases: _cases,
    nodes.Call: _call,
    nodes.Find: _find,
    nodes.Aggregate: _aggregate,
}
