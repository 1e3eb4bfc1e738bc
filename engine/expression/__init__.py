"""The expression language: one typed tree, run in Python and as SQL with the same answer."""

from engine.expression.expression import Expression, Function, Schema, Scope, Signature
from engine.expression.nodes import Node, Path, Step, Type

__all__ = ["Expression", "Function", "Node", "Path", "Schema", "Scope", "Signature", "Step", "Type"]
