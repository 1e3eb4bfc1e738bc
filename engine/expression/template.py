"""Pieces of SQL text with expressions in their holes, always grouped."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import functions as sa_functions
from sqlalchemy.sql.visitors import InternalTraversal

from engine.columns import BigInteger, Flag, IsoDate, IsoTime, Moment, PlainText, Span, TextList
from engine.expression.nodes import Kind, Type
from engine.expression.numbers import canonical

Column = sa.ColumnElement[Any]


class Template(sa_functions.FunctionElement[Any]):
    """SQL text of our own with `{}` holes; every hole is filled with a grouped expression, and used once."""

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012 - the form that SQLAlchemy reads
        *sa_functions.FunctionElement._traverse_internals,
        ("text", InternalTraversal.dp_string),
        ("type", InternalTraversal.dp_type),
    ]

    def __init__(self, text: str, *parts: Column, type_: sa.types.TypeEngine[Any]) -> None:
        assert text.count("{}") == len(parts), text
        self.text = text
        self.type = type_
        super().__init__(*parts)

    def self_group(self, against: Any = None) -> Any:
        """Itself: every text is grouped already. SQLAlchemy would write `(condition) = 1` on SQLite, past indexes."""
        return self


class Correlated(Template):
    """A value of an outer row inside a subquery: it adds no table to the subquery's FROM."""

    inherit_cache = True

    def __init__(self, part: Column) -> None:
        super().__init__("{}", part, type_=part.type)

    @property
    def _from_objects(self) -> list[Any]:
        return []


class Bare(Correlated):
    """A SELECT inside other SQL text, without the brackets of a value."""

    inherit_cache = True


@compiles(Bare)
def _render_bare(element: Bare, compiler: Any, **options: Any) -> str:
    return _render(element, compiler, **options).removeprefix("(").removesuffix(")")


@compiles(Template)
@compiles(Correlated)
def _render(element: Template, compiler: Any, **options: Any) -> str:
    options.pop("add_to_result_map", None)
    texts = element.text.split("{}")
    rendered = texts[0]
    for part, text in zip(element.clauses, texts[1:], strict=True):
        rendered += _grouped(part, compiler.process(part, **options)) + text
    return rendered


def _grouped(part: Any, text: str) -> str:
    alone = isinstance(part, Template | sa.BindParameter | sa.ColumnClause | sa.ScalarSelect | sa.Cast | sa.Null)
    return text if alone else f"({text})"


class ExactNumber(sa.types.TypeDecorator[Any]):
    """A worked-out number: its canonical text on SQLite (never a float), NUMERIC on PostgreSQL."""

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """The database's own type."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.Numeric())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """As the database keeps it."""
        return canonical(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """A Decimal."""
        return None if value is None else Decimal(value)


_TYPES: dict[Kind, sa.types.TypeEngine[Any]] = {
    "text": PlainText(),
    "number": ExactNumber(),
    "boolean": Flag(),
    "date": IsoDate(),
    "datetime": Moment(),
    "time": IsoTime(),
    "duration": Span(),
    "record": BigInteger(),
    "list": TextList(),
    "null": PlainText(),
}
_POSTGRESQL_NAMES: dict[Kind, str] = {
    "text": 'TEXT) COLLATE "C"',
    "number": "NUMERIC)",
    "boolean": "BOOLEAN)",
    "date": "DATE)",
    "datetime": "TIMESTAMPTZ)",
    "time": "TIME)",
    "duration": "BIGINT)",
    "record": "BIGINT)",
    "list": 'TEXT) COLLATE "C"',
    "null": 'TEXT) COLLATE "C"',
}


def sql_type(type_: Type) -> sa.types.TypeEngine[Any]:
    """How values of this type leave and enter a database."""
    return _TYPES[type_.kind]


def empty(type_: Type, dialect: str) -> Column:
    """An empty value of this type."""
    text = "NULL" if dialect == "sqlite" else f"(CAST(NULL AS {_POSTGRESQL_NAMES[type_.kind]})"
    return Template(text, type_=sql_type(type_))


def condition(text: str, *parts: Column) -> Column:
    """A true, false or unknown piece of SQL."""
    return Template(text, *parts, type_=Flag())
