"""A little firm for expressions: its schema, its rows, and the two ways to read them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa

from engine.columns import BigInteger, ExactDecimal, Flag, IsoDate, Moment, PlainText, Span, TextList
from engine.expression import (
    BUILTIN,
    Expression,
    Function,
    Scope,
    Signature,
    Step,
    Tie,
    compile_expression,
    evaluate,
    fold,
)
from engine.expression.nodes import BOOLEAN, DATE, DATETIME, DURATION, TEXT, Aggregate, Find, Root, Type, record
from engine.expression.sql import Source, to_sql
from engine.expression.sqlite import register
from engine.problems import Mark

TODAY = date(2026, 1, 31)
NOW = datetime(2026, 1, 31, 8, 30, 15, 123456, UTC)
HERE = Mark("deal.yaml", 7, 11)


def number(scale: int, *, money: bool = False) -> Type:
    return Type("number", money=money, scale=scale)


FIELDS: Mapping[str, Mapping[str, Type]] = {
    "team": {"name": TEXT, "parent": record("team")},
    "user": {"name": TEXT, "team": record("team"), "manager": record("user")},
    "region": {"name": TEXT, "factor": number(4)},
    "customer": {"name": TEXT, "grade": TEXT, "region": record("region"), "since": DATE},
    "deal": {
        "name": TEXT, "note": TEXT, "stage": TEXT, "amount": number(2, money=True), "paid": number(2, money=True),
        "share": number(12), "copies": number(0), "pages": number(0), "open": BOOLEAN, "urgent": BOOLEAN,
        "closes": DATE, "opened": DATE, "called": DATETIME, "met": DATETIME, "length": DURATION,
        "tags": Type("list", item=TEXT), "customer": record("customer"), "owner": record("user"),
        "lines": Type("list", item=record("line")),
    },
    "line": {
        "deal": record("deal"), "what": TEXT, "price": number(2, money=True), "weight": number(6), "done": BOOLEAN,
        "on": DATE, "took": DURATION, "steps": Type("list", item=record("step")),
    },
    "step": {"line": record("line"), "cost": number(4, money=True), "minutes": number(0), "kind": TEXT},
    "rate": {"price": number(4, money=True), "least": number(0), "from_date": DATE, "until_date": DATE, "kind": TEXT},
}  # fmt: skip
VIA = {("deal", "lines"): ("line", "deal"), ("line", "steps"): ("step", "line")}
CHOICES = {"stage": ("open", "won", "lost"), "grade": ("a", "b", "c")}


class Firm:
    """The Schema of the little firm."""

    def field(self, entity: str, name: str) -> Signature | None:
        if name == "id":
            return Signature(entity, name, number(0))
        type_ = FIELDS.get(entity, {}).get(name)
        if type_ is None:
            return None
        return Signature(entity, name, type_, choices=CHOICES.get(name), via=VIA.get((entity, name)))

    def field_names(self, entity: str) -> Collection[str]:
        return FIELDS[entity].keys()

    def entity_names(self) -> Collection[str]:
        return FIELDS.keys()

    def dated(self, entity: str) -> tuple[str, str] | None:
        return ("from_date", "until_date") if entity == "rate" else None

    def constant(self, name: str) -> object | None:
        return 500 if name == "sheets_a_ream" else None

    def functions(self) -> Mapping[str, Function]:
        return BUILTIN


DEAL = Scope(Firm(), "deal", old=True)


def compiled(text: str, scope: Scope = DEAL, expects: Type | None = None) -> Expression:
    return compile_expression(text, scope, HERE, expects=expects)


Row = dict[str, Any]


@dataclass
class Rows:
    """Records by entity and id, read as the runtime would read them."""

    by_entity: dict[str, dict[int, Row]] = field(default_factory=lambda: {entity: {} for entity in FIELDS})
    me: int | None = 1

    def add(self, entity: str, **values: Any) -> int:
        rows = self.by_entity[entity]
        id_ = len(rows) + 1
        rows[id_] = {"id": id_, **dict.fromkeys(name for name in FIELDS[entity] if (entity, name) not in VIA), **values}
        return id_

    def context(self, entity: str, id_: int) -> RowContext:
        return RowContext(self, entity, id_)


@dataclass
class RowContext:
    """The evaluator's Context over Rows."""

    rows: Rows
    entity: str
    id_: int
    outer: RowContext | None = None
    functions: Mapping[str, Function] = field(default_factory=lambda: BUILTIN)
    today: date = TODAY
    now: datetime = NOW

    def value(self, root: Root, steps: tuple[Step, ...]) -> Any:
        if root == "outer":
            assert self.outer is not None
            return self.outer.value("this", steps)
        current: Any = self.rows.me if root == "me" else self.id_
        for step in steps:
            if current is None:
                return None
            current = self.rows.by_entity[step.entity][int(current)][step.field]
        return current

    def follow(self, step: Step, record: Any) -> Any:
        return self.rows.by_entity[step.entity][record][step.field]

    def find(self, node: Find) -> Any:
        hits = [row for row in self._inner(node.entity) if node.where is None or evaluate(node.where, row) is True]

        def rank(row: RowContext) -> list[Any]:
            values = [row.value("this", (Step(node.entity, name),)) for name in node.latest]
            return [(value is not None, value) if value is not None else (False,) for value in values]

        best = max((rank(row) for row in hits), default=None)
        latest = [row for row in hits if rank(row) == best]
        if len(latest) > 1:
            raise Tie(node.entity, [row.id_ for row in latest])
        return latest[0].value("this", node.value) if latest else None

    def aggregate(self, node: Aggregate) -> Any:
        ids = {self.id_}
        for hop in node.through:
            assert hop.via
            rows = self.rows.by_entity[hop.via[0]]
            ids = {id_ for id_, row in rows.items() if row[hop.via[1]] in ids}
        values = []
        for id_ in sorted(ids):
            row = RowContext(self.rows, node.entity, id_, self)
            if node.where is None or evaluate(node.where, row) is True:
                values.append(True if node.value is None else evaluate(node.value, row))
        return fold(node.function, values, node.type)

    def _inner(self, entity: str) -> Iterator[RowContext]:
        for id_ in self.rows.by_entity[entity]:
            yield RowContext(self.rows, entity, id_, self)


def column_type(type_: Type) -> sa.types.TypeEngine[Any]:
    if type_.kind == "number":
        return ExactDecimal(type_.scale) if type_.scale else BigInteger()
    kinds: dict[str, sa.types.TypeEngine[Any]] = {
        "text": PlainText(), "boolean": Flag(), "date": IsoDate(), "datetime": Moment(), "duration": Span(),
        "record": BigInteger(), "list": TextList(),
    }  # fmt: skip
    return kinds[type_.kind]


def build_tables() -> tuple[sa.MetaData, dict[str, sa.Table]]:
    metadata = sa.MetaData()
    tables = {}
    for entity, fields in FIELDS.items():
        columns = [sa.Column(name, column_type(type_)) for name, type_ in fields.items() if (entity, name) not in VIA]
        tables[entity] = sa.Table(f"x_{entity}", metadata, sa.Column("id", BigInteger(), primary_key=True), *columns)
    return metadata, tables


@dataclass
class Tables:
    """The SqlContext over the tables of the little firm."""

    tables: dict[str, sa.Table]
    dialect: Literal["sqlite", "postgresql"]
    user: int | None = 1
    functions: Mapping[str, Function] = field(default_factory=lambda: BUILTIN)

    @property
    def me(self) -> sa.ColumnElement[Any] | None:
        return sa.literal(self.user, BigInteger())

    @property
    def today(self) -> sa.ColumnElement[Any]:
        return sa.literal(TODAY, IsoDate())

    @property
    def now(self) -> sa.ColumnElement[Any]:
        return sa.literal(NOW, Moment())

    def open(self, entity: str) -> Source:
        alias = self.tables[entity].alias()
        return Source(entity, alias, alias.c.id > 0)

    def column(self, source: Source, entity: str, field: str) -> sa.ColumnElement[Any]:
        assert source.entity == entity
        return source.alias.c[field]


class Ground:
    """A database with the firm's rows."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.metadata, self.tables = build_tables()
        self.dialect: Literal["sqlite", "postgresql"] = "sqlite" if engine.dialect.name == "sqlite" else "postgresql"
        self.metadata.create_all(engine)
        self.connection = engine.connect()
        if self.dialect == "sqlite":
            register(self.connection.connection.driver_connection)

    def fill(self, rows: Rows) -> None:
        for table in self.tables.values():
            self.connection.execute(table.delete())
        for entity, found in rows.by_entity.items():
            if found:
                self.connection.execute(self.tables[entity].insert(), list(found.values()))

    def values(self, expression: Expression, entity: str = "deal", me: int | None = 1) -> list[Any]:
        """The expression's value on every record, by id."""
        context = Tables(self.tables, self.dialect, me)
        source = context.open(entity)
        column = to_sql(expression.node, context, source)
        statement = sa.select(column).select_from(source.alias).order_by(source.alias.c.id)
        return [plain(row[0]) for row in self.connection.execute(statement)]

    def matching(self, expression: Expression, entity: str = "deal") -> list[int]:
        """The ids of the records for which a condition holds."""
        context = Tables(self.tables, self.dialect)
        source = context.open(entity)
        condition = to_sql(expression.node, context, source)
        statement = sa.select(source.alias.c.id).where(condition).order_by(source.alias.c.id)
        return [row[0] for row in self.connection.execute(statement)]

    def close(self) -> None:
        self.connection.rollback()
        self.connection.close()
        self.engine.dispose()


def plain(value: Any) -> Any:
    """Numbers alike, whatever a driver makes of them."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    return value.normalize() if isinstance(value, Decimal) and value.is_zero() else value


@contextmanager
def ground(url: str) -> Iterator[Ground]:
    """The firm on SQLite (in memory for any sqlite address) or PostgreSQL."""
    if url.startswith("sqlite"):
        try:
            import pysqlite3 as module
        except ImportError:
            import sqlite3 as module
        engine = sa.create_engine("sqlite://", module=module)
    else:
        engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    found = Ground(engine)
    try:
        yield found
    finally:
        found.close()
