"""Numbers in SQL: scaled integers stay what they are as long as they can, so that indexes help."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from engine.columns import BigInteger, ExactDecimal
from engine.expression.numbers import EXACT, floor
from engine.expression.template import Column, ExactNumber, condition
from engine.limits import INTEGER_MAX


def scale_of(column: Column) -> int | None:
    """The scale of a number kept as a scaled integer on SQLite; None for a worked-out number."""
    if isinstance(column.type, ExactDecimal):
        return column.type.scale
    return 0 if isinstance(column.type, BigInteger | sa.Integer) else None


def constant_of(column: Column) -> Decimal | None:
    """The number of a literal."""
    if isinstance(column, sa.BindParameter) and isinstance(column.type, ExactNumber):
        value: Decimal | None = column.value
        return value
    return None


def literal(value: Decimal) -> Column:
    """A literal number."""
    return sa.literal(value, ExactNumber())


def scaled_type(scale: int) -> sa.types.TypeEngine[Any]:
    """The type of an integer that stands for a number of this scale."""
    return ExactDecimal(scale) if scale else BigInteger()


def alike(columns: Sequence[Column]) -> int | None:
    """The scale that all of these have (literals that fit included), or None."""
    scales = {scale for column in columns if (scale := scale_of(column)) is not None}
    if len(scales) != 1:
        return None
    scale = scales.pop()
    fits = all(scale_of(column) is not None or _whole(constant_of(column), scale) is not None for column in columns)
    return scale if fits else None


def at_scale(column: Column, scale: int) -> Column:
    """A column or literal of which `alike` said this scale."""
    whole = _whole(constant_of(column), scale)
    return column if whole is None else sa.literal(whole, BigInteger())


def _whole(value: Decimal | None, scale: int) -> int | None:
    if value is None:
        return None
    scaled = EXACT.scaleb(value, scale)
    if scaled != scaled.to_integral_value() or abs(scaled) > INTEGER_MAX:
        return None
    return int(scaled)


def compare_with_literal(operator: str, column: Column, scale: int, value: Decimal) -> Column:
    """`column operator value` over the integers themselves, exact for every literal.

    Between two integers there is no third: x < 15.5 is x <= 15.
    """
    scaled = EXACT.scaleb(value, scale)
    low = floor(scaled)
    exact = low == scaled
    if not -INTEGER_MAX - 1 <= low <= INTEGER_MAX:
        return _decided(operator, column, above=low > 0)
    if not exact:
        if operator in ("==", "!="):
            return _never(column) if operator == "==" else _always(column)
        operator = "<=" if operator in ("<", "<=") else ">"
    text = {"==": "=", "!=": "<>"}.get(operator, operator)
    return condition(f"({{}} {text} {{}})", column, sa.literal(int(low), BigInteger()))


def _decided(operator: str, column: Column, *, above: bool) -> Column:
    """A comparison with a literal past every integer."""
    true = {"==": False, "!=": True, "<": above, "<=": above, ">": not above, ">=": not above}[operator]
    return _always(column) if true else _never(column)


def _always(column: Column) -> Column:
    return condition("(NULLIF({} IS NOT NULL, FALSE))", column)


def _never(column: Column) -> Column:
    return condition("(NULLIF({} IS NULL, TRUE))", column)


MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The operator that says the same with its sides exchanged."""
