"""Arguments of declared functions: how many, of which types, and what the call gives."""

from __future__ import annotations

import ast
from decimal import Decimal

from engine.expression import nodes, types
from engine.expression.expression import Function
from engine.expression.hierarchy import HIERARCHIES
from engine.expression.names import Fault
from engine.expression.nodes import BOOLEAN, Node, Type, record
from engine.limits import DIVISION_PLACES


def check_arguments(tree: ast.Call, name: str, arguments: tuple[Node, ...], function: Function | None) -> Node:
    """The call's node; raises Fault at the argument that does not fit."""
    if function is None:
        hierarchy = HIERARCHIES[name]
        wanted = (record(hierarchy.entity), record(hierarchy.entity))
        _check_count(tree, name, len(arguments), 2, 2)
        _check_types(tree, name, arguments, wanted)
        return nodes.Call(name, arguments, BOOLEAN)
    count = len(function.parameters)
    _check_count(tree, name, len(arguments), count - function.optional, None if function.repeats else count)
    last = function.parameters[-1:] if function.repeats else ()
    _check_types(tree, name, arguments, function.parameters + last * (len(arguments) - count))
    if name == "round" and len(arguments) == 2:
        _check_places(tree, arguments[1])
    result = function.result
    given = result if isinstance(result, Type) else result(*(argument.type for argument in arguments))
    return nodes.Call(name, arguments, given)


def _check_count(tree: ast.Call, name: str, given: int, least: int, most: int | None) -> None:
    if given >= least and (most is None or given <= most):
        return
    wanted = f"{least} or more" if most is None else f"{least} to {most}"
    wanted = str(least) if least == most else wanted
    raise Fault("expression.arguments", tree, f"{name}() takes {wanted} values; {given} given.")


def _check_types(tree: ast.Call, name: str, arguments: tuple[Node, ...], wanted: tuple[Type, ...]) -> None:
    for argument, type_, at in zip(arguments, wanted, tree.args, strict=False):
        if not types.accepts(type_, argument.type):
            message = f"{name}() takes {type_} here; this is {argument.type}."
            raise Fault("expression.arguments", at, message)


def _check_places(tree: ast.Call, places: Node) -> None:
    value = places.value if isinstance(places, nodes.Constant) else None
    if not (isinstance(value, Decimal) and value == int(value) and 0 <= value <= DIVISION_PLACES):
        raise Fault(
            "expression.arguments", tree.args[1], f"round(x, n): n is a whole number from 0 to {DIVISION_PLACES}."
        )
