"""The expression language: one typed tree, run in Python and as SQL with the same answer."""

from engine.expression.compile import (
    ExpressionError,
    aggregate,
    compile_cases,
    compile_expression,
    missing_cases,
    read_value,
    text_with_holes,
)
from engine.expression.expression import Expression, Function, Schema, Scope, Signature
from engine.expression.functions import BUILTIN
from engine.expression.nodes import Node, Path, Step, Type
from engine.expression.numbers import TooLarge
from engine.expression.run import Context, Tie, evaluate, fold, holds

__all__ = [
    "BUILTIN", "Context", "Expression", "ExpressionError", "Function", "Node", "Path", "Schema", "Scope", "Signature",
    "Step", "Tie", "TooLarge", "Type", "aggregate", "compile_cases", "compile_expression", "evaluate", "fold", "holds",
    "missing_cases", "read_value", "text_with_holes",
]  # fmt: skip
