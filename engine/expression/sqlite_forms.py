"""The language in SQLite's words: registered functions wherever SQLite itself would be inexact."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from engine.columns import BigInteger, IsoDate, Moment, PlainText, Span
from engine.expression.forms import OPERATORS
from engine.expression.nodes import Type
from engine.expression.scaled import alike, at_scale, scale_of, scaled_type
from engine.expression.template import Column, ExactNumber, Template, condition, sql_type

_NUMBERS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "//": "floor_divide", "%": "modulo"}


class SqliteForms:
    """SQLite: numbers are scaled integers or canonical text."""

    dialect = "sqlite"

    def arithmetic(self, operator: str, left: Column, right: Column, kinds: tuple[str, str]) -> Column:
        """Numbers exactly, dates by spans of microseconds."""
        if kinds == ("number", "number"):
            return self._numbers(_NUMBERS[operator], left, right)
        if kinds == ("text", "text"):
            return Template("forme_concat({}, {})", left, right, type_=PlainText())
        if "number" in kinds:
            span, factor = (left, right) if kinds[0] == "duration" else (right, left)
            text = f"forme_times_span({{}}, {{}}, {scale_of(factor) or 0})"
            return Template(text, span, factor, type_=Span())
        return self._dates(operator, left, right, kinds)

    def _dates(self, operator: str, left: Column, right: Column, kinds: tuple[str, str]) -> Column:
        if kinds == ("duration", "duration"):
            if operator == "/":
                return Template("forme_ratio({}, {})", left, right, type_=ExactNumber())
            name = "add_span" if operator == "+" else "subtract_span"
            return Template(f"forme_{name}({{}}, {{}})", left, right, type_=Span())
        if "duration" not in kinds:
            name = "between_dates" if kinds[0] == "date" else "between_moments"
            return Template(f"forme_{name}({{}}, {{}})", left, right, type_=Span())
        day, span = (right, left) if kinds[0] == "duration" else (left, right)
        moved = self.minus(span, "duration") if operator == "-" else span
        name, type_ = ("move_date", IsoDate()) if "date" in kinds else ("move_moment", Moment())
        return Template(f"forme_{name}({{}}, {{}})", day, moved, type_=type_)

    def _numbers(self, name: str, left: Column, right: Column) -> Column:
        text = f"forme_{name}({{}}, {scale_of(left) or 0}, {{}}, {scale_of(right) or 0})"
        return Template(text, left, right, type_=ExactNumber())

    def minus(self, operand: Column, kind: str) -> Column:
        """A span stays an integer: its least value is never stored."""
        if kind == "duration":
            return Template("(-{})", operand, type_=Span())
        return Template(f"forme_minus({{}}, {scale_of(operand) or 0})", operand, type_=ExactNumber())

    def compare_numbers(self, operator: str, left: Column, right: Column) -> Column:
        """By a function that knows the scales."""
        word = OPERATORS.get(operator, operator)
        text = f"(forme_compare({{}}, {scale_of(left) or 0}, {{}}, {scale_of(right) or 0}) {word} 0)"
        return condition(text, left, right)

    def unify(self, columns: Sequence[Column], type_: Type) -> tuple[list[Column], sa.types.TypeEngine[object]]:
        """Numbers of one scale stay integers; others become text."""
        if type_.kind != "number":
            return list(columns), sql_type(type_)
        known = [column for column in columns if column.type is not sql_type(Type("null"))]
        scale = alike(known)
        if scale is not None:
            return [at_scale(column, scale) for column in columns], scaled_type(scale)
        return [self.argument(column) for column in columns], ExactNumber()

    def argument(self, column: Column) -> Column:
        """Canonical text."""
        scale = scale_of(column)
        return column if scale is None else Template(f"forme_text({{}}, {scale})", column, type_=ExactNumber())

    def fold(self, function: str, value: Column, kind: str) -> Column:
        """Sums of integers in two halves that cannot overflow; of worked-out numbers by an own aggregate."""
        if function == "count":
            return Template("count(*)", type_=BigInteger())
        if kind != "number":
            return self._fold_other(function, value, kind)
        scale = scale_of(value)
        if function in ("min", "max"):
            if scale is not None:
                return Template(f"{function}({{}})", value, type_=value.type)
            return Template(f"forme_{function}({{}}, 0)", value, type_=ExactNumber())
        if scale is None:
            text = "CASE WHEN count(*) = 0 THEN '0' ELSE forme_sum({}, 0) END"
            total = Template(text, value, type_=ExactNumber())
        else:
            text = f"forme_wide({_HALVES}, {scale})"
            total = Template(text, value, value, type_=ExactNumber())
        if function == "sum":
            return total
        return Template("forme_divide({}, 0, count({}), 0)", total, value, type_=ExactNumber())

    def _fold_other(self, function: str, value: Column, kind: str) -> Column:
        if function == "sum":
            return Template(f"forme_wide_span({_HALVES})", value, value, type_=Span())
        return Template(f"{function}({{}})", value, type_=value.type)

    def stored(self, column: Column, scale: int) -> Column:
        """A scaled integer."""
        if scale_of(column) == scale:
            return column
        text = f"forme_scaled({{}}, {scale_of(column) or 0}, {scale})"
        return Template(text, column, type_=scaled_type(scale))


_HALVES = "coalesce(sum({} >> 32), 0), coalesce(sum({} & 4294967295), 0)"
