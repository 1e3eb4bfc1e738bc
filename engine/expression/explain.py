"""Why a figure is what it is: the formula in the firm's words, what went into it, and the records that were found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from engine.expression import nodes
from engine.expression.expression import Expression
from engine.expression.nodes import Node, Step, Type
from engine.expression.run import Context, Tie, TooLarge, evaluate
from engine.expression.wording import Labels, in_words


@dataclass(frozen=True, slots=True)
class Explanation:
    """A figure, or one of the values that it was worked out from."""

    kind: Literal["formula", "field", "find", "rollup"]
    words: str
    """The formula or the value's name, in the firm's words."""
    value: Any
    """None where it is empty, or where `trouble` says why there is none."""
    type: Type
    steps: tuple[Explanation, ...] = ()
    """Of a formula and a find: what it used, in the order of reading; branches not taken are left out."""
    path: tuple[Step, ...] = ()
    """Of a field: where it was read, so that it can be explained in turn."""
    entity: str = ""
    """Of a find: what was looked up."""
    record: Any = None
    """Of a find: the id of the record found."""
    rows: int | None = None
    """Of a rollup: how many rows it took."""
    trouble: Literal["", "too_large", "tie"] = ""


def explain(expression: Expression, context: Context, labels: Labels, locale: str = "en") -> Explanation:
    """How an expression comes to its value on the context's record."""
    return Explainer(context, labels, locale).formula(expression.node)


class Explainer:
    """One explanation in one language."""

    def __init__(self, context: Context, labels: Labels, locale: str) -> None:
        self.context = context
        self.labels = labels
        self.locale = locale

    def formula(self, node: Node) -> Explanation:
        """A whole formula with its inputs."""
        value, trouble = self.value(node)
        found: dict[Node, Explanation] = {}
        for part in self.inputs(node):
            if part not in found:
                found[part] = self.input(part)
        words = in_words(node, self.labels, self.locale)
        if isinstance(node, nodes.Aggregate | nodes.Find):
            return found[node]
        return Explanation("formula", words, value, node.type, tuple(found.values()), trouble=trouble)

    def value(self, node: Node) -> tuple[Any, Literal["", "too_large", "tie"]]:
        """What a part gives, or why it gives nothing."""
        try:
            return evaluate(node, self.context), ""
        except TooLarge:
            return None, "too_large"
        except Tie:
            return None, "tie"

    def inputs(self, node: Node) -> Iterator[Node]:
        """The parts that were read to come to the value."""
        if isinstance(node, nodes.Path | nodes.Find | nodes.Aggregate):
            yield node
        elif isinstance(node, nodes.Conditional):
            yield from self.inputs(node.condition)
            taken = self.value(node.condition)[0] is True
            yield from self.inputs(node.then if taken else node.otherwise)
        elif isinstance(node, nodes.Cases):
            yield from self.inputs(node.subject)
            subject = self.value(node.subject)[0]
            yield from (part for case, value in node.cases if case == subject for part in self.inputs(value))
        else:
            yield from (part for child in nodes.children(node) for part in self.inputs(child))

    def input(self, node: Node) -> Explanation:
        """One value that was read."""
        value, trouble = self.value(node)
        words = in_words(node, self.labels, self.locale)
        if isinstance(node, nodes.Find):
            record = self.value(replace(node, value=(), type=nodes.record(node.entity)))[0]
            steps = tuple(self.input(part) for part in self._holder_paths(node))
            return Explanation(
                "find", words, value, node.type, steps, entity=node.entity, record=record, trouble=trouble
            )
        if isinstance(node, nodes.Aggregate):
            counted = replace(node, function="count", value=None, type=nodes.NUMBER)
            rows = self.value(counted)[0]
            return Explanation(
                "rollup", words, value, node.type, entity=node.entity, rows=None if rows is None else int(rows),
                trouble=trouble,
            )  # fmt: skip
        assert isinstance(node, nodes.Path)
        return Explanation("field", words, value, node.type, path=node.steps, trouble=trouble)

    def _holder_paths(self, node: nodes.Find) -> Iterator[nodes.Path]:
        """What the search took from this record, seen from it."""
        paths = dict.fromkeys(_outer_paths(node.where)) if node.where is not None else {}
        yield from (replace(path, root="this") for path in paths)


def _outer_paths(node: Node) -> Iterator[nodes.Path]:
    if isinstance(node, nodes.Path):
        if node.root == "outer":
            yield node
    elif not isinstance(node, nodes.Find | nodes.Aggregate):
        # A search inside a search has a holder of its own.
        yield from (path for child in nodes.children(node) for path in _outer_paths(child))
