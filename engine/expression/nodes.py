"""The one typed tree of an expression: what both back ends, Python and SQL, walk.

Nodes are values. A node knows its type; names are resolved already, so no back end looks a name up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

Kind = Literal["text", "number", "boolean", "date", "datetime", "time", "duration", "record", "list", "null"]


@dataclass(frozen=True, slots=True)
class Type:
    """What kind of value an expression or a field gives."""

    kind: Kind
    entity: str | None = None
    """Of a record: its entity; None where it may be one of several."""
    money: bool = False
    """Of a number: an amount. Money times money is an error."""
    scale: int | None = None
    """Of a number: places that a stored field keeps; None for a worked-out number (exact)."""
    item: Type | None = None
    """Of a list: the type of its items."""

    def __str__(self) -> str:
        if self.kind == "record":
            return f"a record of {self.entity}" if self.entity else "a record"
        if self.kind == "list":
            return f"a list of {self.item.kind}" if self.item else "a list"
        return "an amount" if self.money else {"text": "text", "null": "nothing"}.get(self.kind, f"a {self.kind}")


TEXT = Type("text")
NUMBER = Type("number")
MONEY = Type("number", money=True)
BOOLEAN = Type("boolean")
DATE = Type("date")
DATETIME = Type("datetime")
TIME = Type("time")
DURATION = Type("duration")
NULL = Type("null")


def record(entity: str | None) -> Type:
    """The type of a link to an entity's record."""
    return Type("record", entity=entity)


Root = Literal["this", "old", "outer", "me", "record"]
"""Where a path starts: the record itself (`this`), it before the change (`old`), the holder of a
`find` or rollup (`outer`), the signed-in user (`me`), the record that triggered a rule (`record`)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One hop of a path: read this field of this entity."""

    entity: str
    field: str
    via: tuple[str, str] | None = None
    """Over lines or backlinks: the entity where the hop arrives and its field that points back."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant: str, Decimal, bool, date, datetime, time, timedelta, tuple of these, or None."""

    value: object
    type: Type


@dataclass(frozen=True, slots=True)
class Path:
    """A field reached from a root through links; with no steps, the root's record itself."""

    root: Root
    steps: tuple[Step, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Unary:
    """`not x` or `-x`."""

    operator: Literal["not", "-"]
    operand: Node
    type: Type


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`+ - * / // %` on numbers, dates and spans; `+` joins texts. `/` gives 12 places, half up."""

    operator: Literal["+", "-", "*", "/", "//", "%"]
    left: Node
    right: Node
    type: Type


@dataclass(frozen=True, slots=True)
class Compare:
    """`== != < <= > >=`; unknown if a side is empty."""

    operator: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Node
    right: Node
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class IsNone:
    """`x is None`, `x is not None`: never unknown."""

    operand: Node
    negated: bool
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Among:
    """`x in (a, b)` over a list of literals or a list field; `negated` for `not in`."""

    operand: Node
    items: Node | tuple[Node, ...]
    negated: bool
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Junction:
    """`and` / `or` of two or more, in Kleene logic."""

    operator: Literal["and", "or"]
    operands: tuple[Node, ...]
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True)
class Conditional:
    """`a if c else b`; unknown takes `else`."""

    condition: Node
    then: Node
    otherwise: Node
    type: Type


@dataclass(frozen=True, slots=True)
class Cases:
    """`by` and `cases` of a computed field: the value of the case that the subject equals, else empty."""

    subject: Node
    cases: tuple[tuple[str, Node], ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Call:
    """A declared function; `today()` and `now()` are calls too."""

    function: str
    arguments: tuple[Node, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Find:
    """Look one record up: no hit is empty, a tie for the latest is an error."""

    entity: str
    value: tuple[Step, ...]
    """The field read from the record found, as a path from it; empty for the record itself."""
    where: Node | None
    """Over the sought entity (`this`) and the holder (`outer`)."""
    latest: tuple[str, ...]
    """Ordered fields of the sought entity, compared left to right; empty when not given."""
    type: Type


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A rollup: lines or backlinks reached from this record, aggregated."""

    function: Literal["sum", "count", "min", "max", "avg"]
    through: tuple[Step, ...]
    """Hops over lines or backlink fields, outermost first (`runs.process_runs` is two)."""
    entity: str
    """The entity that is aggregated: where the last hop arrives."""
    value: Node | None
    """Over that entity (`this`) and the holder (`outer`); None for count."""
    where: Node | None
    type: Type


Node = (
    Constant
    | Path
    | Unary
    | Arithmetic
    | Compare
    | IsNone
    | Among
    | Junction
    | Conditional
    | Cases
    | Call
    | Find
    | Aggregate
)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, depth first."""
    yield node
    for child in children(node):
        yield from walk(child)


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below."""
    if isinstance(node, Cases):
        yield node.subject
        for _, value in node.cases:
            yield value
        return
    for part in fields(node):
        value = getattr(node, part.name)
        if isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, NODE_CLASSES))
        elif isinstance(value, NODE_CLASSES):
            yield value


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with each of its direct children changed."""
    if isinstance(node, Cases):
        cases = tuple((case, change(value)) for case, value in node.cases)
        return replace(node, subject=change(node.subject), cases=cases)
    changed: dict[str, Any] = {}
    for part in fields(node):
        value = getattr(node, part.name)
        if isinstance(value, tuple) and value and isinstance(value[0], NODE_CLASSES):
            changed[part.name] = tuple(change(item) for item in value)
        elif isinstance(value, NODE_CLASSES):
            changed[part.name] = change(value)
    return replace(node, **changed) if changed else node


NODE_CLASSES = (
    Constant, Path, Unary, Arithmetic, Compare, IsNone, Among, Junction, Conditional, Cases, Call, Find, Aggregate,
)  # fmt: skip
