"""An expression in Python, on one record: Kleene logic, exact decimals, empty in, empty out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

from simpleeval import FeatureNotAvailable, SimpleEval

from engine.expression import dates, nodes, numbers
from engine.expression.expression import Expression, Function
from engine.expression.hierarchy import HIERARCHIES, below
from engine.expression.nodes import Aggregate, Find, Node, Root, Step, Type
from engine.expression.numbers import TooLarge
from engine.limits import LONG_TEXT_CHARACTERS_MAX

Handler = Callable[["Evaluator", Any], Any]


class Context(Protocol):
    """What an evaluation may read. Numbers are Decimal, records are ids, None is empty."""

    @property
    def functions(self) -> Mapping[str, Function]:
        """Declared functions by name."""

    @property
    def today(self) -> date:
        """The firm's day."""

    @property
    def now(self) -> datetime:
        """The moment, with its time zone."""

    def value(self, root: Root, steps: tuple[Step, ...]) -> Any:
        """What a path gives; with no steps the root's record itself."""

    def find(self, node: Find) -> Any:
        """The value (or record) found, None for no hit; raises Tie."""

    def aggregate(self, node: Aggregate) -> Any:
        """The rollup's value: `fold` over the values of the rows for which `where` holds."""

    def follow(self, step: Step, record: Any) -> Any:
        """The value of a link field of any record by its id, for `in_team` and `reports_to`."""


class Tie(Exception):
    """Several records are equally the latest: which one is meant cannot be told."""

    def __init__(self, entity: str, records: Iterable[Any] = ()) -> None:
        self.entity = entity
        self.records = tuple(records)
        super().__init__(f"several records of {entity} fit equally well")


class Evaluator(SimpleEval):  # type: ignore[misc]  # simpleeval ships no types
    """simpleeval's walk with a table of our node classes only: no Python syntax, name or attribute is reachable."""

    def __init__(self, context: Context) -> None:
        # The parent's tables hold Python's syntax, operators and functions; none of them may ever run.
        self.context = context
        self.expr = ""
        self.nodes = _HANDLERS
        self.operators: dict[Any, Any] = {}
        self.functions: dict[str, Any] = {}
        self.names: dict[str, Any] = {}

    def __del__(self) -> None:
        """Nothing to break: the table is shared."""

    def _eval(self, node: Node) -> Any:
        handler = self.nodes.get(type(node))
        if handler is None:
            raise FeatureNotAvailable(f"{type(node).__name__} is no node of the language")
        return handler(self, node)


def evaluate(node: Node, context: Context) -> Any:
    """The value of an expression's tree; None is empty. Raises TooLarge and Tie."""
    return Evaluator(context)._eval(node)


def holds(expression: Expression, context: Context) -> bool:
    """Whether a condition is TRUE; neither false nor unknown holds. Raises TooLarge and Tie: refuse then."""
    return Evaluator(context)._eval(expression.node) is True


def fold(function: str, values: Iterable[Any], type_: Type) -> Any:
    """A rollup of these values, empty ones skipped: `sum`, `count`, `min`, `max` or `avg`; `type_` of its result."""
    found = [value for value in values if value is not None]
    if function == "count":
        return Decimal(len(found))
    if function in ("min", "max"):
        return (min if function == "min" else max)(found, default=None)
    if type_.kind == "duration":
        return dates.span(Decimal(sum(dates.microseconds(value) for value in found)))
    exact = numbers.ZERO
    for value in found:
        exact = numbers.EXACT.add(exact, value)
    numbers.bounded(exact)
    return exact if function == "sum" else numbers.average(exact, len(found))


def text_bounded(text: str) -> str:
    """The text itself unless it is longer than any field keeps; raises TooLarge."""
    if len(text) > LONG_TEXT_CHARACTERS_MAX:
        raise TooLarge
    return text


# ---- handlers, one per node class


def _constant(run: Evaluator, node: nodes.Constant) -> Any:
    return node.value


def _path(run: Evaluator, node: nodes.Path) -> Any:
    value = run.context.value(node.root, node.steps)
    if value == "" or (not value and node.type.kind == "list"):
        return None
    if type(value) is int and node.type.kind == "number":
        return Decimal(value)
    return value


def _unary(run: Evaluator, node: nodes.Unary) -> Any:
    value = run._eval(node.operand)
    if value is None:
        return None
    if node.operator == "not":
        return not value
    return numbers.EXACT.minus(value) if type(value) is Decimal else -value


def _arithmetic(run: Evaluator, node: nodes.Arithmetic) -> Any:
    left = run._eval(node.left)
    if left is None:
        return None
    right = run._eval(node.right)
    if right is None:
        return None
    return _ARITHMETIC[node.operator, node.left.type.kind, node.right.type.kind](left, right)


def _compare(run: Evaluator, node: nodes.Compare) -> Any:
    left = run._eval(node.left)
    if left is None:
        return None
    right = run._eval(node.right)
    if right is None:
        return None
    return _COMPARE[node.operator](left, right)


def _is_none(run: Evaluator, node: nodes.IsNone) -> bool:
    return (run._eval(node.operand) is None) != node.negated


def _among(run: Evaluator, node: nodes.Among) -> bool | None:
    value = run._eval(node.operand)
    written = node.items
    items = [run._eval(item) for item in written] if isinstance(written, tuple) else run._eval(written)
    if value is None or items is None:
        return None
    if value in items:
        return not node.negated
    return None if None in items else node.negated


def _junction(run: Evaluator, node: nodes.Junction) -> bool | None:
    decisive = node.operator == "or"
    result: bool | None = not decisive
    for operand in node.operands:
        value = run._eval(operand)
        if value is decisive:
            return bool(decisive)
        if value is None:
            result = None
    return result


def _conditional(run: Evaluator, node: nodes.Conditional) -> Any:
    return run._eval(node.then if run._eval(node.condition) is True else node.otherwise)


def _cases(run: Evaluator, node: nodes.Cases) -> Any:
    subject = run._eval(node.subject)
    for case, value in node.cases:
        if subject == case:
            return run._eval(value)
    return None


def _call(run: Evaluator, node: nodes.Call) -> Any:
    name = node.function
    if name == "today":
        return run.context.today
    if name == "now":
        return run.context.now
    arguments = [run._eval(argument) for argument in node.arguments]
    if name in HIERARCHIES:
        return below(HIERARCHIES[name], arguments[0], arguments[1], run.context.follow)
    function = run.context.functions[name]
    if not function.takes_none and None in arguments:
        return None
    return _result(function.python(*arguments))


def _result(value: Any) -> Any:
    """What a function gave, as the language keeps values: no empty text, no int, nothing too large."""
    if value == "":
        return None
    if type(value) is int:
        value = Decimal(value)
    if type(value) is Decimal:
        return numbers.bounded(value)
    return text_bounded(value) if type(value) is str else value


def _find(run: Evaluator, node: Find) -> Any:
    return run.context.find(node)


def _aggregate(run: Evaluator, node: Aggregate) -> Any:
    return run.context.aggregate(node)


_HANDLERS: dict[type, Handler] = {
    nodes.Constant: _constant,
    nodes.Path: _path,
    nodes.Unary: _unary,
    nodes.Arithmetic: _arithmetic,
    nodes.Compare: _compare,
    nodes.IsNone: _is_none,
    nodes.Among: _among,
    nodes.Junction: _junction,
    nodes.Conditional: _conditional,
    nodes.Cases: _cases,
    nodes.Call: _call,
    nodes.Find: _find,
    nodes.Aggregate: _aggregate,
}


def _difference(left: Any, right: Any) -> Any:
    return left - right


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}
_ARITHMETIC: dict[tuple[str, str, str], Callable[[Any, Any], Any]] = {
    ("+", "number", "number"): numbers.add,
    ("-", "number", "number"): numbers.subtract,
    ("*", "number", "number"): numbers.multiply,
    ("/", "number", "number"): numbers.divide,
    ("//", "number", "number"): numbers.floor_divide,
    ("%", "number", "number"): numbers.modulo,
    ("+", "text", "text"): lambda left, right: text_bounded(left + right),
    ("+", "date", "duration"): dates.move_date,
    ("+", "duration", "date"): lambda left, right: dates.move_date(right, left),
    ("-", "date", "duration"): lambda left, right: dates.move_date(left, -right),
    ("-", "date", "date"): _difference,
    ("+", "datetime", "duration"): dates.move_moment,
    ("+", "duration", "datetime"): lambda left, right: dates.move_moment(right, left),
    ("-", "datetime", "duration"): lambda left, right: dates.move_moment(left, -right),
    ("-", "datetime", "datetime"): _difference,
    ("+", "duration", "duration"): dates.add_span,
    ("-", "duration", "duration"): dates.subtract_span,
    ("*", "duration", "number"): dates.times,
    ("*", "number", "duration"): lambda left, right: dates.times(right, left),
    ("/", "duration", "duration"): dates.ratio,
}

__all__ = ["Context", "Evaluator", "Tie", "TooLarge", "evaluate", "fold", "holds"]
