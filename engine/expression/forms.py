"""What the two databases say differently, as one protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import sqlalchemy as sa

from engine.columns import BigInteger
from engine.expression import scaled
from engine.expression.nodes import Type
from engine.expression.template import Column, condition


class Forms(Protocol):
    """One database's words for what the language means."""

    dialect: str

    def arithmetic(self, operator: str, left: Column, right: Column, kinds: tuple[str, str]) -> Column:
        """`left operator right` by the kinds of both."""

    def minus(self, operand: Column, kind: str) -> Column:
        """`-operand` of a number or span."""

    def compare_numbers(self, operator: str, left: Column, right: Column) -> Column:
        """A comparison of two numbers that are not both alike native."""

    def unify(self, columns: Sequence[Column], type_: Type) -> tuple[list[Column], sa.types.TypeEngine[object]]:
        """The columns in one form, and its type, so that one of them can be chosen."""

    def argument(self, column: Column) -> Column:
        """A number as functions take it."""

    def fold(self, function: str, value: Column, kind: str) -> Column:
        """An aggregate of rows."""

    def stored(self, column: Column, scale: int) -> Column:
        """A number rounded half up to a scale, as a column keeps it; empty past the column's limit."""


OPERATORS = {"==": "=", "!=": "<>"}


def compare(forms: Forms, operator: str, left: Column, right: Column, kind: str) -> Column:
    """A comparison; unknown when a side is empty."""
    if kind == "number":
        for first, second, word in ((left, right, operator), (right, left, scaled.MIRRORED[operator])):
            value, scale = scaled.constant_of(second), native_scale(forms.dialect, first)
            if value is not None and scale is not None:
                return scaled.compare_with_literal(word, first, scale, value)
        if not same_form(forms.dialect, left, right):
            return forms.compare_numbers(operator, left, right)
    return condition(f"({{}} {OPERATORS.get(operator, operator)} {{}})", left, right)


def native_scale(dialect: str, column: Column) -> int | None:
    """The scale when the database holds a plain integer there."""
    scale = scaled.scale_of(column)
    if dialect == "postgresql" and not isinstance(column.type, BigInteger | sa.Integer):
        return None
    return scale


def same_form(dialect: str, left: Column, right: Column) -> bool:
    """Whether the database compares the two exactly by itself."""
    if dialect == "postgresql":
        return True
    scale = scaled.scale_of(left)
    return scale is not None and scale == scaled.scale_of(right)
