"""Fields that are no single formula: rollups over lines or backlinks, and `by` with `cases`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from engine.expression import nodes, types
from engine.expression.build import ExpressionError, compile_expression
from engine.expression.expression import Expression, Scope
from engine.expression.names import signature_of
from engine.expression.nodes import BOOLEAN, DURATION, NUMBER, Node, Step, Type
from engine.limits import LIST_ITEMS_MAX
from engine.problems import Mark, Problem, did_you_mean

AggregateFunction = Literal["sum", "count", "min", "max", "avg"]
FUNCTIONS: Mapping[str, AggregateFunction] = {"sum": "sum", "count": "count", "min": "min", "max": "max", "avg": "avg"}


def aggregate(
    function: str, of: str, value: str | None, where: str | None, scope: Scope, *,
    of_mark: Mark, value_mark: Mark, where_mark: Mark,
) -> Expression:  # fmt: skip
    """The Expression of a rollup (`of: runs.process_runs`, `sum: charge`, `where: ...`) of the scope's entity.

    The marks tell where each text was written. `value` is None for count. Raises ExpressionError with all problems.
    """
    assert scope.entity and function in FUNCTIONS
    word: AggregateFunction = FUNCTIONS[function]
    through = _through(of, scope, of_mark)
    entity = (through[-1].via or ("",))[0]
    inner = Scope(scope.schema, entity, record=scope.record, outer=scope.entity)
    problems: list[Problem] = []
    folded = None if value is None else _part(value, inner, value_mark, None, problems)
    condition = None if where is None else _part(where, inner, where_mark, BOOLEAN, problems)
    if not problems:
        problems += _fold_problems(word, folded, value_mark)
    if problems:
        raise ExpressionError(tuple(problems))
    folded = None if word == "count" else folded
    node = nodes.Aggregate(word, through, entity, folded, condition, _type(word, folded))
    return Expression(_text(word, of, value, where), node, of_mark)


def _through(of: str, scope: Scope, mark: Mark) -> tuple[Step, ...]:
    """The hops of `of`; raises ExpressionError at the word that leads nowhere."""
    entity, steps = scope.entity or "", []
    for word in of.split("."):
        signature = scope.schema.field(entity, word)
        if signature is None:
            hint = did_you_mean(word, scope.schema.field_names(entity))
            raise _wrong("expression.unknown_name", f"{entity} has no field '{word}'.", mark, hint)
        steps.append(Step(signature.entity, signature.name, signature.via))
        target = signature.type.item or signature.type
        if target.kind != "record" or target.entity is None or (signature.type.kind == "list" and not signature.via):
            message = f"'{word}' is {signature.type}: nothing can be rolled up through it."
            raise _wrong("expression.type", message, mark, "`of` names lines or backlinks, such as runs.process_runs.")
        entity = signature.via[0] if signature.via else target.entity
    if steps[-1].via is None:
        message = f"'{of}' leads to one record; a rollup needs many."
        raise _wrong("expression.type", message, mark, "`of` ends at lines or backlinks. For one record use a formula.")
    return tuple(steps)


def _wrong(code: str, message: str, mark: Mark, hint: str) -> ExpressionError:
    return ExpressionError((Problem(code, message, mark, hint),))


def _fold_problems(function: str, value: Node | None, mark: Mark) -> Iterator[Problem]:
    if function == "count":
        return
    if value is None:
        yield Problem(
            "expression.arguments", f"'{function}' names what it takes of each row.", mark, f"{function}: amount"
        )
        return
    kind = value.type.kind
    fits = {"sum": kind in ("number", "duration"), "avg": kind == "number"}.get(function, kind in types.ORDERED)
    if not fits:
        yield Problem("expression.type", f"'{function}' does not go with {value.type}.", mark)


def _type(function: str, value: Node | None) -> Type:
    if value is None or function == "count":
        return Type("number", scale=0)
    given = value.type
    if function in ("min", "max"):
        return given
    if given.kind == "duration":
        return DURATION
    return Type("number", money=given.money) if given.kind == "number" else NUMBER


def _text(function: str, of: str, value: str | None, where: str | None) -> str:
    what = f" {value}" if value else ""
    return f"{function}{what} of {of}" + (f" where {where}" if where else "")


def compile_cases(
    by: str, cases: Mapping[str, object], scope: Scope, mark: Mark, *,
    expects: Type | None = None, marks: Mapping[str, Mark] | None = None,
) -> Expression:  # fmt: skip
    """The Expression of `by` and `cases`: the value of the case that `by` equals, else empty.

    `marks` may tell where `by` and each case (under its own word) were written. Raises ExpressionError.
    """
    places = marks or {}
    problems: list[Problem] = []
    subject = _part(by, scope, places.get("by", mark), None, problems)
    values: list[tuple[str, Node]] = []
    for case, text in cases.items():
        value = _part(str(text), scope, places.get(case, mark), expects, problems)
        if value:
            values.append((case, value))
    if subject:
        problems += _subject_problems(subject, cases, scope, places, mark)
    try:
        type_ = types.common([value.type for _, value in values])
    except types.Mismatch as mismatch:
        problems.append(Problem("expression.type", mismatch.message, mark, mismatch.hint))
    if problems or subject is None:
        raise ExpressionError(tuple(problems))
    text = "; ".join([f"by {by}", *(f"{case}: {value}" for case, value in cases.items())])
    return Expression(text, nodes.Cases(subject, tuple(values), type_), mark)


def _part(text: str, scope: Scope, mark: Mark, expects: Type | None, problems: list[Problem]) -> Node | None:
    try:
        return compile_expression(text, scope, mark, expects=expects).node
    except ExpressionError as error:
        problems += error.problems
        return None


def _subject_problems(
    subject: Node, cases: Mapping[str, object], scope: Scope, marks: Mapping[str, Mark], mark: Mark
) -> Iterator[Problem]:
    if subject.type.kind != "text":
        yield Problem("expression.type", f"`by` names a choice; this is {subject.type}.", marks.get("by", mark))
    if len(cases) > LIST_ITEMS_MAX:
        yield Problem("expression.too_long", f"There are at most {LIST_ITEMS_MAX} cases.", mark)
    choices = _choices(subject, scope)
    for case in cases if choices is not None else ():
        if choices is not None and case not in choices:
            message = f"'{case}' is no choice of the field that `by` names."
            yield Problem("expression.choice", message, marks.get(case, mark), did_you_mean(case, choices))


def _choices(subject: Node, scope: Scope) -> tuple[str, ...] | None:
    signature = signature_of(subject, scope)
    return signature.choices if signature else None


def missing_cases(expression: Expression, scope: Scope) -> Iterator[Problem]:
    """A warning that names the choices for which `cases` has no value."""
    node = expression.node
    if not isinstance(node, nodes.Cases):
        return
    written = {case for case, _ in node.cases}
    missing = [choice for choice in _choices(node.subject, scope) or () if choice not in written]
    if missing:
        message = "No case for " + ", ".join(f"'{choice}'" for choice in missing) + ": the value is empty there."
        yield Problem("expression.missing_case", message, expression.mark, "Add the cases, or write None.", "warning")


__all__ = ["FUNCTIONS", "aggregate", "compile_cases", "missing_cases"]
