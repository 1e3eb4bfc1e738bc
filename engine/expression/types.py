"""Which operations make sense, and what they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.expression.nodes import BOOLEAN, DATE, DATETIME, DURATION, MONEY, NULL, NUMBER, TEXT, Kind, Type

ORDERED: frozenset[Kind] = frozenset({"text", "number", "date", "datetime", "time", "duration"})
"""Kinds that `<`, `max` and `latest=` can compare."""


class Mismatch(Exception):
    """Types that do not go together, with words for the author; functions' result types may raise it too."""

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint
        super().__init__(message)


def arithmetic(operator: str, left: Type, right: Type) -> Type:
    """What `left operator right` gives; raises Mismatch."""
    if left.kind == "null" or right.kind == "null":
        raise Mismatch(f"'{operator}' with None is always empty.", "Write default(x, 0) for an empty x.")
    if left.kind == "number" and right.kind == "number":
        return _numbers(operator, left, right)
    rule = _RULES.get((operator, left.kind, right.kind))
    if rule:
        return rule
    raise Mismatch(f"'{operator}' does not go between {left} and {right}.", _advice(operator, left, right))


def _numbers(operator: str, left: Type, right: Type) -> Type:
    if operator == "*" and left.money and right.money:
        raise Mismatch("An amount times an amount has no meaning.", "One side should be a plain number.")
    if operator in ("/", "//"):
        return MONEY if left.money and not right.money else NUMBER
    return MONEY if left.money or right.money else NUMBER


def _advice(operator: str, left: Type, right: Type) -> str:
    kinds = {left.kind, right.kind}
    if operator in "+-" and kinds in ({"date", "number"}, {"datetime", "number"}):
        return "Write days(n): a date moves by days, as in today() + days(3)."
    if operator == "+" and "text" in kinds:
        return "Texts are joined with texts; a title or message takes numbers in {holes}."
    return ""


_RULES: dict[tuple[str, Kind, Kind], Type] = {
    ("+", "text", "text"): TEXT,
    ("+", "date", "duration"): DATE,
    ("+", "duration", "date"): DATE,
    ("-", "date", "duration"): DATE,
    ("-", "date", "date"): DURATION,
    ("+", "datetime", "duration"): DATETIME,
    ("+", "duration", "datetime"): DATETIME,
    ("-", "datetime", "duration"): DATETIME,
    ("-", "datetime", "datetime"): DURATION,
    ("+", "duration", "duration"): DURATION,
    ("-", "duration", "duration"): DURATION,
    ("*", "duration", "number"): DURATION,
    ("*", "number", "duration"): DURATION,
    ("/", "duration", "duration"): NUMBER,
}


def comparison(operator: str, left: Type, right: Type) -> None:
    """Check that two values can be compared; raises Mismatch."""
    if left.kind == "null" or right.kind == "null":
        wanted = "is None" if operator == "==" else "is not None"
        raise Mismatch(f"'{operator} None' is never true: what is empty is unknown.", f"Write '{wanted}'.")
    if left.kind != right.kind:
        raise Mismatch(f"{_start(left)} cannot be compared with {right}.", _comparison_advice(left, right))
    if left.kind == "record" and left.entity != right.entity:
        raise Mismatch(f"{_start(left)} cannot be compared with {right}.", "Compare links to the same entity.")
    if operator not in ("==", "!=") and left.kind not in ORDERED:
        raise Mismatch(f"'{operator}' does not go between {left} and {right}.", "Only == and != do.")
    if left.kind == "list":
        raise Mismatch("Lists cannot be compared.", "Write 'x' in list.")


def _comparison_advice(left: Type, right: Type) -> str:
    kinds = {left.kind, right.kind}
    if kinds == {"date", "datetime"}:
        return "Compare a date with today(), a moment with now()."
    if kinds == {"text", "date"} or kinds == {"text", "datetime"}:
        return "Compare a date with today(), or with another date field."
    if kinds == {"text", "record"}:
        return "Compare a field of the linked record: link.name == 'text'."
    if kinds == {"text", "number"}:
        return "A number stands without quotes."
    return ""


def _start(type_: Type) -> str:
    words = str(type_)
    return words[0].upper() + words[1:]


def common(types: Sequence[Type]) -> Type:
    """The one type that all of these have (empty goes with any); raises Mismatch."""
    found = NULL
    for each in types:
        if each.kind == "null":
            continue
        if found.kind == "null":
            found = each
        elif found.kind != each.kind or (found.kind == "record" and found.entity != each.entity):
            raise Mismatch(f"{_start(found)} and {each} cannot stand for one value.")
        elif found.kind == "number":
            found = _wider(found, each)
    return found


def _wider(left: Type, right: Type) -> Type:
    if left.scale is None or right.scale is None:
        return Type("number", money=left.money or right.money)
    return Type("number", money=left.money or right.money, scale=max(left.scale, right.scale))


def accepts(wanted: Type, given: Type) -> bool:
    """Whether a value of the given type may stand where another is wanted."""
    if "null" in (wanted.kind, given.kind):
        return True
    if wanted.kind != given.kind:
        return False
    if wanted.kind == "record":
        return wanted.entity is None or wanted.entity == given.entity
    if wanted.kind == "list" and wanted.item and given.item:
        return accepts(wanted.item, given.item)
    return True


def condition(given: Type) -> None:
    """Check that a value can be a condition; raises Mismatch."""
    if given.kind not in ("boolean", "null"):
        raise Mismatch(f"A condition is true or false; this is {given}.", _condition_advice(given))


def _condition_advice(given: Type) -> str:
    return "Write 'x != 0'." if given.kind == "number" else "Write 'x is not None'."


Result = Type | Callable[..., Type]


def same_number(*arguments: Type) -> Type:
    """A number that stays an amount when its argument is one."""
    return MONEY if arguments[0].money else NUMBER


def one_of(*arguments: Type) -> Type:
    """Any of the arguments, which must be alike."""
    return common(arguments)


def greatest(*arguments: Type) -> Type:
    """One of the arguments, which must be alike and ordered."""
    found = common(arguments)
    if found.kind not in ORDERED and found.kind != "null":
        raise Mismatch(f"{_start(found)} has no order.")
    return found


def truth(*_: Type) -> Type:
    """True or false."""
    return BOOLEAN
