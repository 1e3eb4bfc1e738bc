"""From text to a typed tree: names resolved, types checked, every problem of the text told at once."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, cast

from engine.expression import finds, nodes, types
from engine.expression.calls import check_arguments
from engine.expression.expression import Expression, Scope
from engine.expression.hierarchy import HIERARCHIES
from engine.expression.names import Fault, near_function, resolve, signature_of
from engine.expression.nodes import BOOLEAN, DATE, DATETIME, NULL, TEXT, Node, Type
from engine.expression.syntax import Place, Refused, parse
from engine.limits import EXPRESSION_NUMBER_DIGITS_MAX, LIST_ITEMS_MAX
from engine.problems import Mark, Problem, did_you_mean

_DECIMAL = re.compile(r"\d+(\.\d*)?|\.\d+")
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"}
_COMPARISON = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_UNKNOWN = nodes.Constant(None, NULL)
"""Stands where something was wrong, so that the rest is still checked."""


class ExpressionError(Exception):
    """Text that is no valid expression at its place, with every problem found."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def compile_expression(
    text: str, scope: Scope, mark: Mark, *, expects: Type | None = None, offset: int | None = 0
) -> Expression:
    """The typed expression; raises ExpressionError with every problem, each at its place inside the text.

    `offset` counts the characters from the mark to the text (1 after a quote or `=`, both add up); None when the text
    does not stand there in one piece, as in a block scalar: problems then carry the mark itself.
    """
    place = Place(mark, offset)
    compiler = Compiler(text, scope, place)
    try:
        tree = parse(text, place)
    except Refused as error:
        raise ExpressionError((error.problem,)) from None
    node = compiler.visit(tree)
    compiler.expect(tree, node, expects)
    if compiler.problems:
        raise ExpressionError(tuple(compiler.problems))
    return Expression(text, node, mark)


@dataclass
class Compiler:
    """One walk over one syntax tree."""

    text: str
    scope: Scope
    place: Place
    problems: list[Problem] = field(default_factory=list)

    def visit(self, tree: ast.expr, scope: Scope | None = None) -> Node:
        """The node for a syntax tree; where something is wrong, a problem is kept and None stands in."""
        if scope is not None and scope is not self.scope:
            inner = Compiler(self.text, scope, self.place, self.problems)
            return inner.visit(tree)
        try:
            return _VISITS[type(tree)](self, tree)
        except Fault as fault:
            self.report(fault)
        except types.Mismatch as mismatch:
            self.report(Fault("expression.type", tree, mismatch.message, mismatch.hint))
        return _UNKNOWN

    def report(self, fault: Fault) -> None:
        """Keep a problem with its place."""
        index = getattr(fault.node, "col_offset", 0)
        if isinstance(fault.node, ast.Attribute) and fault.node.end_col_offset:
            index = fault.node.end_col_offset - len(fault.node.attr)
        problem = Problem(fault.code, fault.message, self.place.at(index), fault.hint)
        if problem not in self.problems:
            self.problems.append(problem)

    def expect(self, tree: ast.expr, node: Node, wanted: Type | None) -> None:
        """Report a result of the wrong type."""
        if wanted is None or node is _UNKNOWN or types.accepts(wanted, node.type):
            return
        hint = ""
        if wanted.kind == "boolean":
            hint = "Write a comparison, such as x > 0 or x is not None."
        message = f"This gives {node.type}, where {wanted} is expected."
        self.report(Fault("expression.type", tree, message, hint))

    def source(self, tree: ast.expr) -> str:
        """The text of a part, as written."""
        return self.text[tree.col_offset : tree.end_col_offset]

    def typed(self, part: Node) -> bool:
        """Whether a part was understood (what was not has been told already)."""
        return part is not _UNKNOWN


def _constant(compiler: Compiler, tree: ast.Constant) -> Node:
    value = tree.value
    if value is None:
        return nodes.Constant(None, NULL)
    if isinstance(value, bool):
        return nodes.Constant(value, BOOLEAN)
    if isinstance(value, str):
        return _text(tree, value)
    if isinstance(value, int | float):
        return _number(compiler, tree)
    raise Fault("expression.not_allowed", tree, "Only texts, numbers, True, False and None are literals.")


def _text(tree: ast.Constant, value: str) -> Node:
    if any(character == "\0" or 0xD800 <= ord(character) <= 0xDFFF for character in value):
        raise Fault("expression.syntax", tree, "This text holds a character that cannot be stored.")
    return nodes.Constant(value or None, TEXT)


def _number(compiler: Compiler, tree: ast.Constant) -> Node:
    written = compiler.source(tree)
    if not _DECIMAL.fullmatch(written):
        message = f"'{written[:40]}' is not a plain number."
        raise Fault("expression.syntax", tree, message, "Numbers are written as 1000 or 0.15.")
    value = Decimal(written)
    if len(value.as_tuple().digits) > EXPRESSION_NUMBER_DIGITS_MAX or -value.adjusted() > EXPRESSION_NUMBER_DIGITS_MAX:
        raise Fault("expression.syntax", tree, f"A number has at most {EXPRESSION_NUMBER_DIGITS_MAX} digits.")
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return nodes.Constant(value, Type("number", scale=-exponent))


def _name(compiler: Compiler, tree: ast.Name | ast.Attribute) -> Node:
    return resolve(tree, compiler.scope)


def _unary(compiler: Compiler, tree: ast.UnaryOp) -> Node:
    operand = compiler.visit(tree.operand)
    if isinstance(tree.op, ast.Not):
        types.condition(operand.type)
        return nodes.Unary("not", operand, BOOLEAN)
    if compiler.typed(operand) and operand.type.kind not in ("number", "duration"):
        raise types.Mismatch(f"'-' does not go before {operand.type}.")
    if isinstance(tree.op, ast.UAdd):
        return operand
    if isinstance(operand, nodes.Constant) and isinstance(operand.value, Decimal):
        return nodes.Constant(operand.value.copy_negate() if operand.value else operand.value, operand.type)
    return nodes.Unary("-", operand, operand.type)


def _arithmetic(compiler: Compiler, tree: ast.BinOp) -> Node:
    operator = cast(Literal["+", "-", "*", "/", "//", "%"], _ARITHMETIC[type(tree.op)])
    moved = _months(compiler, tree, operator)
    if moved:
        return moved
    left, right = compiler.visit(tree.left), compiler.visit(tree.right)
    if not (compiler.typed(left) and compiler.typed(right)):
        return _UNKNOWN
    return nodes.Arithmetic(operator, left, right, types.arithmetic(operator, left.type, right.type))


def _months(compiler: Compiler, tree: ast.BinOp, operator: str) -> Node | None:
    """`date + months(n)` and `date - months(n)` are months(date, n)."""
    call = tree.right
    if operator not in "+-" or not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        return None
    if call.func.id != "months" or len(call.args) != 1 or call.keywords:
        return None
    day, count = compiler.visit(tree.left), compiler.visit(call.args[0])
    if not (compiler.typed(day) and compiler.typed(count)):
        return _UNKNOWN
    if day.type.kind != "date" or count.type.kind != "number":
        raise types.Mismatch(
            f"months(n) moves a date; this is {day.type}.", "Write months(date, n) or date + months(n)."
        )
    signed = nodes.Unary("-", count, count.type) if operator == "-" else count
    return nodes.Call("months", (day, signed), DATE)


def _compare(compiler: Compiler, tree: ast.Compare) -> Node:
    operands = [tree.left, *tree.comparators]
    parts = [
        _comparison(compiler, left, operator, right)
        for left, operator, right in zip(operands, tree.ops, operands[1:], strict=False)
    ]
    return parts[0] if len(parts) == 1 else nodes.Junction("and", tuple(parts))


def _comparison(compiler: Compiler, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Node:
    try:
        if isinstance(operator, ast.Is | ast.IsNot):
            return _is_none(compiler, left, right, negated=isinstance(operator, ast.IsNot))
        if isinstance(operator, ast.In | ast.NotIn):
            return _among(compiler, left, right, negated=isinstance(operator, ast.NotIn))
        first, second = compiler.visit(left), compiler.visit(right)
        if not (compiler.typed(first) and compiler.typed(second)):
            return _UNKNOWN
        word = cast(Literal["==", "!=", "<", "<=", ">", ">="], _COMPARISON[type(operator)])
        first, second = _dates(first, second), _dates(second, first)
        types.comparison(word, first.type, second.type)
        _check_choice(compiler, first, second, right)
        _check_choice(compiler, second, first, left)
        return nodes.Compare(word, first, second)
    except types.Mismatch as mismatch:
        raise Fault("expression.type", left, mismatch.message, mismatch.hint) from None


def _dates(node: Node, beside: Node) -> Node:
    """A text literal beside a date is a date when it reads as one: closes < '2027-01-31'."""
    if not (isinstance(node, nodes.Constant) and isinstance(node.value, str)):
        return node
    if beside.type.kind not in ("date", "datetime"):
        return node
    return finds.date_literal(node, DATE if beside.type.kind == "date" else DATETIME)


def _is_none(compiler: Compiler, left: ast.expr, right: ast.expr, *, negated: bool) -> Node:
    if not (isinstance(right, ast.Constant) and right.value is None):
        raise Fault("expression.type", right, "'is' only goes with None.", "Write '==' to compare.")
    return nodes.IsNone(compiler.visit(left), negated)


def _among(compiler: Compiler, left: ast.expr, right: ast.expr, *, negated: bool) -> Node:
    operand = compiler.visit(left)
    if not isinstance(right, ast.Tuple | ast.List):
        return _in_list_field(compiler, operand, right, left, negated=negated)
    if len(right.elts) > LIST_ITEMS_MAX:
        raise Fault("expression.too_long", right, f"A list has at most {LIST_ITEMS_MAX} items.")
    items = [_dates(compiler.visit(item), operand) for item in right.elts]
    for item, item_tree in zip(items, right.elts, strict=True):
        if isinstance(item, nodes.Constant) and item.value is None and item is not _UNKNOWN:
            raise Fault(
                "expression.type", item_tree, "None in a list is never found.", "Write 'x is None or x in (...)'."
            )
        if compiler.typed(operand) and compiler.typed(item):
            types.comparison("==", operand.type, item.type)
            _check_choice(compiler, operand, item, item_tree)
    return nodes.Among(operand, tuple(items), negated)


def _in_list_field(compiler: Compiler, operand: Node, right: ast.expr, left: ast.expr, *, negated: bool) -> Node:
    items = compiler.visit(right)
    if not (compiler.typed(operand) and compiler.typed(items)):
        return _UNKNOWN
    item = items.type.item
    if items.type.kind != "list" or item is None:
        hint = "contains(text, part) looks inside a text." if items.type.kind == "text" else "Write x in ('a', 'b')."
        raise Fault("expression.type", right, f"'in' needs a list; this is {items.type}.", hint)
    if item.kind != "text":
        raise Fault(
            "expression.type", right, "'in' looks into lists of texts and choices.", "Count rows with a rollup."
        )
    types.comparison("==", operand.type, item)
    _check_choice(compiler, items, operand, left)
    return nodes.Among(operand, items, negated)


def _check_choice(compiler: Compiler, choice: Node, literal: Node, tree: ast.expr) -> None:
    """A literal beside a choice field must be one of its choices."""
    signature = signature_of(choice, compiler.scope)
    if signature is None or signature.choices is None or not isinstance(literal, nodes.Constant):
        return
    word = literal.value
    if isinstance(word, str) and word not in signature.choices:
        message = f"'{word}' is no choice of {signature.entity}.{signature.name}."
        compiler.report(Fault("expression.choice", tree, message, did_you_mean(word, signature.choices)))


def _junction(compiler: Compiler, tree: ast.BoolOp) -> Node:
    operator: Literal["and", "or"] = "and" if isinstance(tree.op, ast.And) else "or"
    return nodes.Junction(operator, tuple(_condition(compiler, value) for value in tree.values))


def _condition(compiler: Compiler, tree: ast.expr) -> Node:
    node = compiler.visit(tree)
    try:
        types.condition(node.type)
    except types.Mismatch as mismatch:
        raise Fault("expression.type", tree, mismatch.message, mismatch.hint) from None
    return node


def _conditional(compiler: Compiler, tree: ast.IfExp) -> Node:
    condition = _condition(compiler, tree.test)
    then, otherwise = compiler.visit(tree.body), compiler.visit(tree.orelse)
    return nodes.Conditional(condition, then, otherwise, types.common((then.type, otherwise.type)))


def _call(compiler: Compiler, tree: ast.Call) -> Node:
    assert isinstance(tree.func, ast.Name)
    name = tree.func.id
    if name == "find":
        return finds.compile_find(compiler, tree)
    schema = compiler.scope.schema
    declared = schema.functions()
    # Who may not read the links of a hierarchy may not climb it either.
    climbing = [one.name for one in HIERARCHIES.values() if schema.field(one.entity, one.field) is not None]
    if name not in declared and name not in climbing:
        known = [*declared, *climbing, "find"]
        raise Fault("expression.unknown_function", tree, f"There is no function '{name}'.", near_function(name, known))
    if tree.keywords:
        raise Fault("expression.arguments", tree.keywords[0], f"{name}() takes no '{tree.keywords[0].arg}='.")
    arguments = tuple(compiler.visit(argument) for argument in tree.args)
    if not all(compiler.typed(argument) for argument in arguments):
        return _UNKNOWN
    return check_arguments(tree, name, arguments, declared.get(name))


def _list(compiler: Compiler, tree: ast.List | ast.Tuple) -> Node:
    raise Fault("expression.not_allowed", tree, "A list only stands after 'in' and in latest=[...].")


_VISITS: dict[type[ast.expr], Callable[[Compiler, Any], Node]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _name,
    ast.UnaryOp: _unary,
    ast.BinOp: _arithmetic,
    ast.Compare: _compare,
    ast.BoolOp: _junction,
    ast.IfExp: _conditional,
    ast.Call: _call,
    ast.List: _list,
    ast.Tuple: _list,
}
