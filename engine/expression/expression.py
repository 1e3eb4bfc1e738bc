"""What the rest of the product holds of an expression: its text, its typed tree, and what it reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.expression import nodes
from engine.expression.nodes import Node, Root, Type, walk
from engine.problems import NOWHERE, Mark


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula or condition from YAML: parsed, resolved and typed when the config is compiled."""

    text: str
    """As written, for messages and explained figures."""
    node: Node
    mark: Mark = NOWHERE

    @property
    def type(self) -> Type:
        """What it gives."""
        return self.node.type

    def paths(self) -> tuple[nodes.Path, ...]:
        """Every path it reads, those inside `find` and rollups included."""
        return tuple(node for node in walk(self.node) if isinstance(node, nodes.Path))

    def calls(self, *functions: str) -> bool:
        """Whether it calls one of these functions."""
        return any(isinstance(node, nodes.Call) and node.function in functions for node in walk(self.node))

    @property
    def looks_up(self) -> bool:
        """Whether it goes through records that it does not name: the answer may have to be searched for."""
        return any(isinstance(node, nodes.Find | nodes.Aggregate) for node in walk(self.node))

    def starts_at(self, root: Root) -> bool:
        """Whether a path starts there (`me`, `old` ...)."""
        return any(path.root == root for path in self.paths())


@dataclass(frozen=True, slots=True)
class Signature:
    """What an expression may know of a field."""

    entity: str
    name: str
    type: Type
    """A link: record(target). A lines, links or backlink field: list of record(target)."""
    lookup: bool = False
    """A field that shows another record's present value: a stored formula must not name it."""
    choices: tuple[str, ...] | None = None
    """Of a choice, choices or stage field: the ids it may hold, so that a misspelt one is told."""
    via: tuple[str, str] | None = None
    """Of a lines or backlink field: (the entity whose rows it lists, its field that points back)."""


class Schema(Protocol):
    """The entities of a config, as far as expressions need them."""

    def field(self, entity: str, name: str) -> Signature | None:
        """A field (built-in ones as id, created_at, and a line's parent included), or None."""

    def field_names(self, entity: str) -> Collection[str]:
        """All names that `field` knows, for suggestions."""

    def entity_names(self) -> Collection[str]:
        """All entities, for `find`."""

    def dated(self, entity: str) -> tuple[str, str] | None:
        """The entity's (from, until) fields when it is `dated`."""

    def constant(self, name: str) -> object | None:
        """A named number of `constants`."""

    def functions(self) -> Mapping[str, Function]:
        """Declared functions by name, plugins' included."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which names an expression may use at its place."""

    schema: Schema
    entity: str | None
    """Bare names are this entity's fields; None where there is no record."""
    old: bool = False
    """Whether `old.` (the record before the change) has a meaning here."""
    record: str | None = None
    """In a rule: the entity of the record that triggered."""
    outer: str | None = None
    """In a rollup's `where`: the holder's entity. (`find` opens its own.)"""


@dataclass(frozen=True, slots=True)
class Function:
    """A declared function: one meaning, two forms."""

    name: str
    parameters: tuple[Type, ...]
    """The last one repeats when `repeats`; Type("null") accepts any kind."""
    result: Type | Callable[..., Type]
    """The type it gives, or a function of the arguments' types."""
    python: Callable[..., Any]
    """Called with plain values. Unless `takes_none`, never with None: an empty argument gives empty."""
    sql: Callable[..., Any] | None
    """`sql(dialect, *columns)` gives a SQLAlchemy expression with the same answer as `python`; numbers come as
    canonical text on SQLite, as NUMERIC on PostgreSQL. None: for stored formulas only."""
    repeats: bool = False
    optional: int = 0
    """How many parameters at the end may be left out."""
    takes_none: bool = False
    help: Mapping[str, str] = field(default_factory=dict)
    """One sentence by locale, for editors and docs."""
