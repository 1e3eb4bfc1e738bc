"""Expressions, defaults and texts with holes, compiled at their places; what is wrong with them gathers here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from engine.compiler.names import Names
from engine.compiler.rollups import RESULT_KEYS
from engine.compiler.tree import KeyPath
from engine.expression import (
    Expression,
    ExpressionError,
    Scope,
    Type,
    aggregate,
    compile_cases,
    compile_expression,
    missing_cases,
    text_with_holes,
)
from engine.expression.nodes import BOOLEAN, TEXT, Arithmetic, Constant, Node
from engine.kinds import BadValue, FieldType, Reader
from engine.model import Default, Rule
from engine.problems import Mark, Problem

_YAML = Reader("yaml")


@dataclass(slots=True)
class Formulas:
    """Compiles the expressions of one config."""

    names: Names
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    lines: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """The source lines of each file, to place a mistake inside a text of several lines."""

    def scope(self, entity: str | None, *, old: bool = False, record: str | None = None) -> Scope:
        """Names of this entity's records."""
        return Scope(self.names, entity, old=old, record=record)

    def mark(self, path: KeyPath) -> Mark:
        """Where the value stands."""
        return self.names.config.places.value(path)

    def report(self, code: str, message: str, path: KeyPath, hint: str = "") -> None:
        """Remember a problem at the value of this path."""
        self.problems.append(Problem(code, message, self.mark(path), hint))

    def compile(self, raw: object, path: KeyPath, scope: Scope, expects: Type | None = None) -> Expression | None:
        """The expression, or None when it is wrong, which is then remembered."""
        text, mark = expression_text(raw), self.mark(path)
        try:
            return compile_expression(text, scope, mark, expects=expects)
        except ExpressionError as error:
            self.problems += [self._placed(problem, mark) for problem in error.problems]
            return None

    def condition(self, said: Mapping[str, Any], key: str, base: KeyPath, scope: Scope) -> Expression | None:
        """The condition under this key, or None when it is not written."""
        return None if said.get(key) is None else self.compile(said[key], (*base, key), scope, BOOLEAN)

    def rollup(self, said: Mapping[str, Any], base: KeyPath, entity: str) -> Expression | None:
        """The Aggregate of a rollup field."""
        function = next(key for key in RESULT_KEYS if key in said)
        value = "" if function == "count" else expression_text(said[function])
        where = "" if said.get("where") is None else expression_text(said["where"])
        texts = {"of": str(said["of"]), function: value, "where": where}
        marks = {key: self.mark((*base, key)) for key in texts}
        try:
            return aggregate(
                function,
                texts["of"],
                value or None,
                where or None,
                self.scope(entity),
                of_mark=marks["of"],
                value_mark=marks[function],
                where_mark=marks["where"],
            )
        except ExpressionError as error:
            self._keep(error, {marks[key]: text for key, text in texts.items()})
            return None

    def cases(self, said: Mapping[str, Any], base: KeyPath, scope: Scope, expects: Type) -> Expression | None:
        """The Cases of a field with `by` and `cases`; a choice without a case is a warning."""
        by = expression_text(said["by"])
        texts = {choice: expression_text(raw) for choice, raw in said["cases"].items()}
        marks = {choice: self.mark((*base, "cases", choice)) for choice in texts} | {"by": self.mark((*base, "by"))}
        mark = self.names.config.places.key((*base, "cases"))
        try:
            found = compile_cases(by, texts, scope, mark, expects=expects, marks=marks)
        except ExpressionError as error:
            self._keep(error, {marks[key]: text for key, text in {**texts, "by": by}.items()})
            return None
        self.warnings += missing_cases(found, scope)
        return found

    def _keep(self, error: ExpressionError, texts: Mapping[Mark, str]) -> None:
        """Remember the problems of several texts, each placed in its own."""
        for problem in error.problems:
            begun = max((mark for mark in texts if mark <= problem.mark), default=problem.mark)
            self.problems.append(self._placed(problem, begun))

    def rule(self, raw: object, path: KeyPath, entity: str) -> Rule:
        """A grant's yes, no or condition."""
        mark = self.mark(path)
        if isinstance(raw, bool):
            return Rule(raw, mark=mark)
        when = self.compile(raw, path, self.scope(entity), BOOLEAN)
        return Rule(None, when, mark)

    def default(self, raw: object, path: KeyPath, scope: Scope, kind: FieldType) -> Default | None:
        """A literal, text with holes, or `=EXPRESSION`; None when it is wrong."""
        if isinstance(raw, str) and raw.startswith("=") and not raw.startswith("=="):
            found = self.compile(raw[1:].strip(), path, scope, kind.expression_type())
            return Default(expression=found) if found else None
        text = raw[1:] if isinstance(raw, str) and raw.startswith("==") else raw
        if isinstance(text, str) and kind.expression_type() == TEXT and kind.key in ("text", "long_text"):
            pieces = self.pieces(text, path, scope)
            if any(isinstance(piece, Expression) for piece in pieces):
                return self._text_with_holes(pieces, path)
            text = "".join(str(piece) for piece in pieces)
        return self.literal(text, path, kind)

    def _text_with_holes(self, pieces: tuple[str | Expression, ...], path: KeyPath) -> Default | None:
        for piece in pieces:
            if isinstance(piece, Expression) and piece.type.kind not in ("text", "null"):
                hint = "A default joins texts only; for the rest write =EXPRESSION."
                self.report("expression.type", f"'{{{piece.text}}}' gives {piece.type}, not a text.", path, hint)
                return None
        return self._joined(pieces)

    def literal(self, raw: object, path: KeyPath, kind: FieldType) -> Default | None:
        """A literal in stored form."""
        try:
            return Default(literal=kind.parse(raw, _YAML))
        except BadValue as bad:
            hint = f"Write {raw}%." if kind.key == "percent" and isinstance(raw, int | Decimal) else ""
            self.report("value.bad", f"'{path[-1]}' does not fit a {kind.key} field: {reason(bad)}.", path, hint)
            return None

    def pieces(self, text: str, path: KeyPath, scope: Scope) -> tuple[str | Expression, ...]:
        """Texts and expressions in turn; `{{` and `}}` are braces."""
        mark = self.mark(path)
        try:
            return text_with_holes(text, scope, mark)
        except ExpressionError as error:
            self.problems += [self._placed(problem, mark) for problem in error.problems]
            return ()

    def _joined(self, pieces: tuple[str | Expression, ...]) -> Default:
        """Text with holes as one expression that joins its pieces."""
        nodes: list[Node] = [p.node if isinstance(p, Expression) else Constant(p, TEXT) for p in pieces]
        joined = nodes[0]
        for node in nodes[1:]:
            joined = Arithmetic("+", joined, node, TEXT)
        text = "".join(piece if isinstance(piece, str) else f"{{{piece.text}}}" for piece in pieces)
        mark = next(piece.mark for piece in pieces if isinstance(piece, Expression))
        return Default(expression=Expression(text, joined, mark))

    def _placed(self, problem: Problem, mark: Mark) -> Problem:
        """Inside a text of several lines a column past the first line belongs to a later one."""
        offset = problem.mark.column - mark.column
        if problem.mark.line != mark.line or offset <= 0:
            return problem
        written = self._lines(mark)
        line, left = mark.line, offset
        while line <= len(written):
            start = mark.column - 1 if line == mark.line else len(written[line - 1]) - len(written[line - 1].lstrip())
            length = len(written[line - 1].rstrip()) - start
            if left <= length or line == len(written):
                break
            left, line = left - length - 1, line + 1
        else:
            return problem
        if line == mark.line:
            return problem
        start = len(written[line - 1]) - len(written[line - 1].lstrip())
        return replace(problem, mark=replace(mark, line=line, column=start + max(left, 0) + 1))

    def _lines(self, mark: Mark) -> list[str]:
        key = (mark.layer, mark.path)
        if key not in self.lines:
            path = mark.path.removeprefix(f"{mark.layer}:") if mark.layer else mark.path
            found = [s.text for s in self.names.config.sources if s.layer == mark.layer and s.path == path]
            self.lines[key] = found[0].split("\n") if found else []
        return self.lines[key]


def reason(bad: BadValue) -> str:
    """Why a kind refuses a value, for the author of a config."""
    details = ", ".join(
        f"{name} {_plain(value)}"
        for name, value in bad.details.items()
        if isinstance(value, str | int | Decimal | tuple)
    )
    words = bad.code.replace("_", " ")
    return f"{words} ({details})" if details else words


def _plain(value: object) -> str:
    return ", ".join(str(item) for item in value if isinstance(item, str)) if isinstance(value, tuple) else str(value)


def expression_text(raw: object) -> str:
    """An expression's text; a bare number or true is one too."""
    if isinstance(raw, bool):
        return str(raw)
    return f"{raw:f}" if isinstance(raw, Decimal) else str(raw)
