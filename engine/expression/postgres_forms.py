"""The language in PostgreSQL's words: NUMERIC is exact, what is too large becomes empty, and no operand stands twice.

An operand written twice would double at every level of nesting; where a value is needed twice it is named in a
subquery, which `OFFSET 0` keeps PostgreSQL from unfolding.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from engine.columns import BigInteger, ExactDecimal, IsoDate, Moment, PlainText, Span
from engine.expression.dates import DAY_MICROSECONDS, SPAN_MICROSECONDS_MAX
from engine.expression.forms import OPERATORS
from engine.expression.nodes import Type
from engine.expression.scaled import constant_of, scale_of, scaled_type
from engine.expression.template import Column, ExactNumber, Template, condition, sql_type
from engine.limits import DIVISION_PLACES, EXPRESSION_NUMBER_DIGITS_MAX, INTEGER_MAX, LONG_TEXT_CHARACTERS_MAX

_BOUND = "1" + "0" * EXPRESSION_NUMBER_DIGITS_MAX
_DIVISION = "1" + "0" * (DIVISION_PLACES + 1)
_FRACTION = "0." + "0" * DIVISION_PLACES + "1"
_DAYS = 4_000_000
"""More days than the calendar has: spans past them move any date out of it."""
_LAST_DAY = 3_652_058
"""9999-12-31, counted from 0001-01-01."""

_EPOCH = 719_162
"""1970-01-01, counted likewise."""


def clamped(text: str, low: str, high: str) -> str:
    """SQL text that gives the value strictly between two bounds, else empty; LEAST and GREATEST skip NULL."""
    return f"NULLIF(NULLIF(LEAST(GREATEST({text}, {low}), {high}), {low}), {high})"


def bounded(text: str) -> str:
    """A number with at most 38 digits before the point, else empty."""
    return clamped(text, f"-{_BOUND}", _BOUND)


def kept_span(text: str) -> str:
    """Microseconds that a column keeps, else empty."""
    return f"CAST({clamped(text, str(-SPAN_MICROSECONDS_MAX - 1), str(SPAN_MICROSECONDS_MAX + 1))} AS BIGINT)"


_NUMBERS = {
    "+": bounded("({} + {})"),
    "-": bounded("({} - {})"),
    "*": bounded("({} * {})"),
    "/": bounded(f"round(div({{}} * {_DIVISION}, NULLIF({{}}, 0)) * {_FRACTION}, {DIVISION_PLACES})"),
    "%": "(SELECT mod(mod(v.a, v.b) + v.b, v.b) FROM (SELECT {} AS a, NULLIF({}, 0) AS b OFFSET 0) AS v)",
    "//": bounded(
        "(SELECT div(v.a - mod(mod(v.a, v.b) + v.b, v.b), v.b) FROM (SELECT {} AS a, NULLIF({}, 0) AS b OFFSET 0) AS v)"
    ),
}
_SHIFT = _DAYS * DAY_MICROSECONDS
_NEAR_SPAN = clamped("CAST({} AS NUMERIC)", f"-{_SHIFT}", str(_SHIFT))
_WHOLE_DAYS = f"(div({_NEAR_SPAN} + {_SHIFT}, {DAY_MICROSECONDS}) - {_DAYS})"
_MOVED_DATE = (
    "(DATE '0001-01-01' + CAST("
    + clamped(f"({{}} - DATE '0001-01-01') + {_WHOLE_DAYS}", "-1", str(_LAST_DAY + 1))
    + " AS INTEGER))"
)
_MOVED_MOMENT = (
    "(SELECT (TIMESTAMP '0001-01-01' "  # noqa: S608 - our own text; values are expressions in its holes
    f"+ CAST(div(v.u, {DAY_MICROSECONDS}) AS INTEGER) * INTERVAL '1 day' "
    f"+ CAST(mod(v.u, {DAY_MICROSECONDS}) AS BIGINT) * INTERVAL '1 microsecond') AT TIME ZONE 'UTC' FROM (SELECT "
    + clamped(
        f"EXTRACT(EPOCH FROM {{}}) * 1000000 + {_EPOCH * DAY_MICROSECONDS} + {{}}",
        "-1",
        str((_LAST_DAY + 1) * DAY_MICROSECONDS),
    )
    + " AS u OFFSET 0) AS v)"
)
_TEXTS = (
    f"(SELECT CASE WHEN length(v.t) <= {LONG_TEXT_CHARACTERS_MAX} THEN v.t END "  # noqa: S608 - as above
    "FROM (SELECT {} || {} AS t OFFSET 0) AS v)"
)


class PostgresForms:
    """PostgreSQL: numbers are NUMERIC, whole columns BIGINT."""

    dialect = "postgresql"

    def arithmetic(self, operator: str, left: Column, right: Column, kinds: tuple[str, str]) -> Column:
        """Numbers exactly, dates by spans of microseconds."""
        if kinds == ("number", "number"):
            return Template(_NUMBERS[operator], self.argument(left), self.argument(right), type_=ExactNumber())
        if kinds == ("text", "text"):
            return Template(_TEXTS, left, right, type_=PlainText())
        if "number" in kinds:
            text = kept_span("round(CAST({} AS NUMERIC) * CAST({} AS NUMERIC))")
            return Template(text, left, right, type_=Span())
        return self._dates(operator, left, right, kinds)

    def _dates(self, operator: str, left: Column, right: Column, kinds: tuple[str, str]) -> Column:
        if kinds == ("duration", "duration"):
            if operator == "/":
                numbers = [Template("CAST({} AS NUMERIC)", side, type_=ExactNumber()) for side in (left, right)]
                return Template(_NUMBERS["/"], *numbers, type_=ExactNumber())
            return Template(kept_span(f"(CAST({{}} AS NUMERIC) {operator} {{}})"), left, right, type_=Span())
        if "duration" not in kinds:
            text = (
                f"(CAST({{}} - {{}} AS BIGINT) * {DAY_MICROSECONDS})"
                if kinds[0] == "date"
                else "CAST(round(EXTRACT(EPOCH FROM {} - {}) * 1000000) AS BIGINT)"
            )
            return Template(text, left, right, type_=Span())
        day, span = (right, left) if kinds[0] == "duration" else (left, right)
        moved = self.minus(span, "duration") if operator == "-" else span
        if "date" in kinds:
            return Template(_MOVED_DATE, day, moved, type_=IsoDate())
        return Template(_MOVED_MOMENT, day, moved, type_=Moment())

    def minus(self, operand: Column, kind: str) -> Column:
        """The opposite."""
        if kind == "duration":
            return Template("(-{})", operand, type_=Span())
        return Template("(-{})", self.argument(operand), type_=ExactNumber())

    def compare_numbers(self, operator: str, left: Column, right: Column) -> Column:
        """NUMERIC and BIGINT compare exactly."""
        return condition(f"({{}} {OPERATORS.get(operator, operator)} {{}})", left, right)

    def unify(self, columns: Sequence[Column], type_: Type) -> tuple[list[Column], sa.types.TypeEngine[object]]:
        """Numbers as NUMERIC."""
        if type_.kind != "number":
            return list(columns), sql_type(type_)
        return [self.argument(column) for column in columns], ExactNumber()

    def argument(self, column: Column) -> Column:
        """A NUMERIC."""
        if isinstance(column.type, ExactDecimal | ExactNumber) and constant_of(column) is None:
            return column
        return Template("CAST({} AS NUMERIC)", column, type_=ExactNumber())

    def fold(self, function: str, value: Column, kind: str) -> Column:
        """Sums of nothing are 0."""
        if function == "count":
            return Template("count(*)", type_=BigInteger())
        if function in ("min", "max"):
            return Template(f"{function}({{}})", value, type_=value.type)
        if kind == "duration":
            return Template(kept_span("coalesce(sum(CAST({} AS NUMERIC)), 0)"), value, type_=Span())
        number = self.argument(value)
        total = Template(bounded("coalesce(sum({}), 0)"), number, type_=ExactNumber())
        if function == "sum":
            return total
        rows = Template("CAST(count({}) AS NUMERIC)", value, type_=ExactNumber())
        return Template(_NUMBERS["/"], total, rows, type_=ExactNumber())

    def stored(self, column: Column, scale: int) -> Column:
        """A number of this scale."""
        if scale_of(column) == scale:
            return column
        limit = f"{INTEGER_MAX + 1}" if scale == 0 else canonical_limit(scale)
        text = clamped(f"round({{}}, {scale})", f"-{limit}", limit)
        text = f"CAST({text} AS BIGINT)" if scale == 0 else text
        return Template(text, self.argument(column), type_=scaled_type(scale))


def canonical_limit(scale: int) -> str:
    """The first number past int64 at this scale."""
    digits = str(INTEGER_MAX + 1).rjust(scale + 1, "0")
    return f"{digits[:-scale]}.{digits[-scale:]}"
