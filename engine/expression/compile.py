"""The front door of the compiler: from the texts of a config to Expressions."""

from engine.expression.build import ExpressionError, compile_expression
from engine.expression.rollups import aggregate, compile_cases, missing_cases
from engine.expression.values import read_value, text_with_holes

__all__ = [
    "ExpressionError", "aggregate", "compile_cases", "compile_expression", "missing_cases", "read_value",
    "text_with_holes",
]  # fmt: skip
