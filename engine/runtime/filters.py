"""A list's filters as conditions of the query, with parameters for their values.

Which fields may be named is decided here once for all: whoever names a field that may not be read gets the answer of a
field that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.change import InvalidQuery
from engine.columns import PlainText, has_item
from engine.expression import Expression
from engine.expression.compile import ExpressionError, compile_expression
from engine.expression.nodes import BOOLEAN
from engine.expression.sql import NotInSql, Source, to_sql
from engine.kinds import BadValue, FieldType
from engine.messages import message
from engine.model import Field
from engine.problems import Mark
from engine.runtime.inquiry import Inquiry
from engine.runtime.listing import Filter, ListQuery, wrong
from engine.store.queries import RecordSql

Column = sa.ColumnElement[Any]
WHERE = Mark("where", 1, 1)


@dataclass(slots=True)
class Conditions:
    """The conditions of one question, and the values of their parameters."""

    values: dict[str, Any] = field(default_factory=dict)
    shape: list[Any] = field(default_factory=list)
    """What decides the statement's text: fields, operators and counts, not values."""
    builders: list[Callable[[RecordSql, Source], Column]] = field(default_factory=list)

    def build(self, sql: RecordSql, source: Source) -> Iterator[Column]:
        """The conditions on this source."""
        return (builder(sql, source) for builder in self.builders)


def known_field(inquiry: Inquiry, entity: str, name: str) -> Field:
    """A field that the asker may use in a question; raises InvalidQuery for all others alike."""
    if not inquiry.vocabulary.knows(entity, name):
        raise unknown_field(inquiry, entity, name)
    return inquiry.model.field(entity, name)


def unknown_field(inquiry: Inquiry, entity: str, name: str) -> InvalidQuery:
    """The one answer to a field that is not there, and to one that is hidden."""
    locale, short = inquiry.actor.locale, name[:80]
    return wrong("no_field", locale, field=short, code="unknown_field", entity=entity, value=short)


def read_filters(inquiry: Inquiry, query: ListQuery) -> Conditions:
    """All filters of the question, their values read by the fields' kinds; raises InvalidQuery."""
    conditions = Conditions()
    for number, given in enumerate(query.filters):
        known = known_field(inquiry, query.entity, given.field)
        _check_operator(inquiry, known, given)
        values = _values(inquiry, query, known, given)
        if values is None:
            continue
        names = [f"f{number}_{index}" for index in range(len(values))]
        conditions.values.update(zip(names, values, strict=True))
        conditions.shape.append((given.field, given.operator, tuple(value is None for value in values)))
        conditions.builders.append(_builder(known, given.operator, names, values))
    if query.where.strip():
        _read_where(inquiry, query, conditions)
    return conditions


def _read_where(inquiry: Inquiry, query: ListQuery, conditions: Conditions) -> None:
    try:
        expression = compile_expression(query.where, inquiry.vocabulary.scope(query.entity), WHERE, expects=BOOLEAN)
    except ExpressionError as error:
        first = error.problems[0]
        raise InvalidQuery(f"{first.message} {first.hint}".strip(), field="where", code="bad_expression") from None
    conditions.shape.append(("where", query.where))
    conditions.builders.append(lambda sql, source: _where(expression, sql, source))


def _where(expression: Expression, sql: RecordSql, source: Source) -> Column:
    try:
        return to_sql(expression.node, sql, source)
    except NotInSql as error:
        raise InvalidQuery(f"{error}.", field="where", code="bad_expression") from None


def _check_operator(inquiry: Inquiry, known: Field, given: Filter) -> None:
    if given.operator in known.kind.operators and (known.kind.expressible or given.operator in EMPTINESS):
        return
    raise _refused(inquiry, known, "not_filtered_by", "unknown_operator", given.operator)


def _refused(inquiry: Inquiry, known: Field, sentence: str, code: str, value: str) -> InvalidQuery:
    locale = inquiry.actor.locale
    details = {"value": value, "field": known.label.text(locale)}
    return InvalidQuery(message(sentence, locale, **details), field=known.name, code=code)


EMPTINESS = ("empty", "not_empty")


def _values(inquiry: Inquiry, query: ListQuery, known: Field, given: Filter) -> list[Any] | None:
    """The filter's values in stored form; None where nothing was filled in, so that there is no filter."""
    if given.operator in EMPTINESS:
        return []
    values = [_value(inquiry, query, known, given, raw) for raw in given.raw]
    if given.operator == "between":
        return values if len(values) == 2 and values != [None, None] else None
    kept = [value for value in values if value is not None]
    return kept or None


def _value(inquiry: Inquiry, query: ListQuery, known: Field, given: Filter, raw: Any) -> Any:
    kind = known.kind
    if kind.is_empty(raw):
        return None
    if given.operator in ("contains", "starts_with"):
        return str(raw)[:200]
    if kind.target() == "user" and raw == "me":
        return inquiry.actor.user if inquiry.actor.user is not None else 0
    try:
        return _parse(kind, raw, inquiry, query, given)
    except BadValue as error:
        raise _refused(inquiry, known, "not_a_filter_value", error.code, str(raw)[:80]) from None


def _parse(kind: FieldType, raw: Any, inquiry: Inquiry, query: ListQuery, given: Filter) -> Any:
    value = kind.parse([raw] if given.operator in ("has", "has_not") else raw, inquiry.reader(query.source))
    return value[0] if given.operator in ("has", "has_not") and isinstance(value, list | tuple) else value


def _builder(
    known: Field, operator: str, names: Sequence[str], values: Sequence[Any]
) -> Callable[[RecordSql, Source], Column]:
    def build(sql: RecordSql, source: Source) -> Column:
        column = sql.column(source, known.entity, known.name)
        if operator == "empty":
            return column.is_(None)
        if operator == "not_empty":
            return column.is_not(None)
        if operator in ("contains", "starts_with"):
            return _text(sql, column, operator, names[0])
        if operator in ("has", "has_not"):
            return _has(sql, column, operator, names[0])
        parameters = [sa.bindparam(name, None, type_=known.kind.column()) for name in names]
        return _compare(column, operator, parameters, values)

    return build


def _compare(column: Column, operator: str, given: Sequence[Column], values: Sequence[Any]) -> Column:
    if operator == "between":
        ends = zip((column >= given[0], column <= given[1]), values, strict=True)
        return sa.and_(*(end for end, value in ends if value is not None))
    if operator == "is_not":
        return sa.or_(column.is_(None), *(column != each for each in given))
    if operator in ("is", "among"):
        return sa.or_(*(column == each for each in given))
    return _ORDER[operator](column, given[0])


_ORDER: dict[str, Callable[[Column, Column], Column]] = {
    "less": lambda column, value: column < value,
    "at_most": lambda column, value: column <= value,
    "more": lambda column, value: column > value,
    "at_least": lambda column, value: column >= value,
}


def _text(sql: RecordSql, column: Column, operator: str, name: str) -> Column:
    """Case does not matter to who looks for something."""
    lower, holds = sql.functions["lower"].sql, sql.functions[operator].sql
    assert lower is not None
    assert holds is not None
    sought = sa.bindparam(name, None, type_=PlainText())
    found: Column = holds(sql.dialect, lower(sql.dialect, column), lower(sql.dialect, sought))
    return found


def _has(sql: RecordSql, column: Column, operator: str, name: str) -> Column:
    """Whether a list holds the text; an empty list holds nothing."""
    found = sa.func.coalesce(has_item(sql.dialect, column, sa.bindparam(name, None, type_=sa.Text())), sa.false())
    return sa.not_(found) if operator == "has_not" else found
