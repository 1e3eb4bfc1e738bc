"""The language's own functions in SQL. Numbers come as canonical text on SQLite, as NUMERIC on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import sqlalchemy as sa

from engine.columns import IsoDate, PlainText, Span, TextList
from engine.expression import casing
from engine.expression.dates import DAY_MICROSECONDS
from engine.expression.postgres_forms import bounded, clamped, kept_span
from engine.expression.template import Column, ExactNumber, Template, condition
from engine.limits import LONG_TEXT_CHARACTERS_MAX

Form = Callable[..., Column]


def _number(sqlite: str, postgresql: str) -> Form:
    def form(dialect: str, *columns: Column) -> Column:
        return Template(sqlite if dialect == "sqlite" else postgresql, *columns, type_=ExactNumber())

    return form


def _truth(sqlite: str, postgresql: str) -> Form:
    def form(dialect: str, *columns: Column) -> Column:
        return condition(sqlite if dialect == "sqlite" else postgresql, *columns)

    return form


def _round(dialect: str, value: Column, places: Column | None = None) -> Column:
    if places is None:
        text = "forme_round({}, '0')" if dialect == "sqlite" else bounded("round({})")
        return Template(text, value, type_=ExactNumber())
    text = "forme_round({}, {})" if dialect == "sqlite" else bounded("round({}, CAST({} AS INTEGER))")
    return Template(text, value, places, type_=ExactNumber())


def _extreme(name: str, sqlite: str) -> Form:
    """PostgreSQL's own greatest and least skip what is empty; here one empty value empties all."""

    def form(dialect: str, *columns: Column) -> Column:
        type_ = columns[0].type
        if dialect == "sqlite":
            function = f"forme_{sqlite}" if isinstance(type_, ExactNumber) else name
            return Template(f"{function}({', '.join(['{}'] * len(columns))})", *columns, type_=type_)
        rows = ", ".join(["({})"] * len(columns))
        text = f"(SELECT CASE WHEN bool_and(v.x IS NOT NULL) THEN {name}(v.x) END FROM (VALUES {rows}) AS v(x))"  # noqa: S608
        return Template(text, *columns, type_=type_)

    return form


def _default(dialect: str, *columns: Column) -> Column:
    return Template(f"coalesce({', '.join(['{}'] * len(columns))})", *columns, type_=columns[0].type)


def _days(dialect: str, count: Column) -> Column:
    text = "forme_days({})" if dialect == "sqlite" else kept_span(f"round({{}} * {DAY_MICROSECONDS})")
    return Template(text, count, type_=Span())


_MONTHS = clamped(
    f"CAST({{}} + make_interval(months => CAST({clamped('trunc({})', '-120001', '120001')} AS INTEGER)) AS DATE)",
    "DATE '0001-12-31 BC'",
    "DATE '10000-01-01'",
)


def _months(dialect: str, day: Column, count: Column) -> Column:
    return Template("forme_months({}, {})" if dialect == "sqlite" else _MONTHS, day, count, type_=IsoDate())


def _length(dialect: str, value: Column) -> Column:
    if isinstance(value.type, TextList):
        breaks = "char(10)" if dialect == "sqlite" else "chr(10)"
        text = f"(length({{}}) - length(replace({{}}, {breaks}, '')) - 1)"
        return Template(text, value, value, type_=sa.Integer())
    return Template("length({})", value, type_=sa.Integer())


def _join(dialect: str, separator: Column, *texts: Column) -> Column:
    holes = ", ".join(["{}"] * (len(texts) + 1))
    if dialect == "sqlite":
        return Template(f"forme_join({holes})", separator, *texts, type_=PlainText())
    text = (
        f"(SELECT CASE WHEN length(v.t) <= {LONG_TEXT_CHARACTERS_MAX} THEN NULLIF(v.t, '') END "  # noqa: S608
        f"FROM (SELECT concat_ws({holes}) AS t OFFSET 0) AS v)"
    )
    return Template(text, separator, *texts, type_=PlainText())


def _casing(name: str) -> Form:
    """SQLite calls our own function. PostgreSQL maps letter by letter, with the same table: what its `lower` does with
    `ß` and `İ` depends on the server."""

    def form(dialect: str, text: Column) -> Column:
        if dialect == "sqlite":
            return Template(f"forme_{name}({{}})", text, type_=PlainText())
        letters = [sa.literal(part, sa.Text()) for part in _letters(name)]
        return Template(
            f"(SELECT CASE WHEN v.t ~ {{}} THEN translate(v.t, {{}}, {{}}) ELSE {name}(v.t) END "  # noqa: S608
            'FROM (SELECT {} COLLATE "C" AS t OFFSET 0) AS v)',
            *letters, text, type_=PlainText(),
        )  # fmt: skip

    return form


@lru_cache(maxsize=2)
def _letters(name: str) -> tuple[str, str, str]:
    """A pattern that finds letters besides a-z which have the other case, these letters, and what they become."""
    table = casing.lower_table() if name == "lower" else casing.upper_table()
    ranges: list[list[int]] = []
    for code in sorted(code for code in table if code > 127):
        if ranges and code - ranges[-1][1] <= _GAP:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    pattern = "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
    return f"[{pattern}]", "".join(chr(code) for code in table), "".join(table.values())


_GAP = 40
"""Letters nearer than this share a range of the pattern: Chinese and its punctuation stay outside, on the quick way."""

FUNCTION_FORMS: Mapping[str, Form] = {
    "ceil": _number("forme_ceil({})", bounded("ceil({})")),
    "floor": _number("forme_floor({})", bounded("floor({})")),
    "round": _round,
    "abs": _number("forme_abs({})", "abs({})"),
    "min": _extreme("min", "least"),
    "max": _extreme("max", "greatest"),
    "default": _default,
    "days": _days,
    "months": _months,
    "len": _length,
    "lower": _casing("lower"),
    "upper": _casing("upper"),
    "contains": _truth("(instr({}, {}) > 0)", "(strpos({}, {}) > 0)"),
    "starts_with": _truth("(instr({}, {}) = 1)", "(strpos({}, {}) = 1)"),
    "join": _join,
}
