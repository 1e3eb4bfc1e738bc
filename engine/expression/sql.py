"""An expression in SQL over many records: the same answer as in Python, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Protocol

import sqlalchemy as sa

from engine.columns import BigInteger, PlainText
from engine.expression import forms as language
from engine.expression import nodes, scaled
from engine.expression.expression import Function
from engine.expression.forms import Forms
from engine.expression.hierarchy import HIERARCHIES, Hierarchy
from engine.expression.nodes import Node, Step, Type
from engine.expression.postgres_forms import PostgresForms
from engine.expression.sqlite_forms import SqliteForms
from engine.expression.template import Bare, Column, Correlated, Template, condition, empty, sql_type


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of one entity in a statement."""

    entity: str
    alias: sa.FromClause
    condition: Column | None
    """Which of them exist for the asker; None: all."""


class SqlContext(Protocol):
    """What a translation may read: columns as the asker sees them."""

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """The database."""

    @property
    def functions(self) -> Mapping[str, Function]:
        """Declared functions by name."""

    @property
    def me(self) -> Column | None:
        """The signed-in user's id."""

    @property
    def today(self) -> Column:
        """The firm's day."""

    @property
    def now(self) -> Column:
        """The moment."""

    def open(self, entity: str) -> Source:
        """A fresh alias of an entity's rows."""

    def column(self, source: Source, entity: str, field: str) -> Column:
        """A field as the asker may see it."""


class NotInSql(Exception):
    """An expression that only Python can work out: a function without a SQL form, or `old` and `record`."""


def to_sql(node: Node, context: SqlContext, record: Source, *, outer: Source | None = None) -> Column:
    """The expression over a source's rows.

    True, false and NULL of a condition are its three answers; a number is a scaled integer, or a worked-out number
    (type ExactNumber), see `to_column`. The statement must select from `record` (and hold `outer`). Raises NotInSql.
    """
    forms: Forms = SqliteForms() if context.dialect == "sqlite" else PostgresForms()
    translation = Translation(context, forms, record, outer)
    return translation.truth(node) if node.type.kind == "null" else translation.visit(node)


def to_column(node: Node, context: SqlContext, record: Source, scale: int) -> Column:
    """A number as a stored column of this scale holds it: rounded half up, sorted natively, empty past the limit."""
    forms: Forms = SqliteForms() if context.dialect == "sqlite" else PostgresForms()
    return forms.stored(Translation(context, forms, record, None).visit(node), scale)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The rows that a rollup goes over, joined hop by hop from its record."""

    sources: tuple[Source, ...]
    """One for each hop; the last one holds the rows themselves."""
    conditions: tuple[Column, ...]
    value: Column | None
    """What is taken of each row; None for a count."""


def gather(node: nodes.Aggregate, context: SqlContext, record: Source) -> Gathered:
    """What a statement needs that lists the rows of a rollup; it selects from `record` and all sources."""
    forms: Forms = SqliteForms() if context.dialect == "sqlite" else PostgresForms()
    return _gather(Translation(context, forms, record, None), node)


@dataclass(frozen=True, slots=True)
class Translation:
    """One walk: where names point to in the statement."""

    context: SqlContext
    forms: Forms
    record: Source
    outer: Source | None

    def visit(self, node: Node) -> Column:
        """The SQL of a node."""
        handler: Any = _VISITS[type(node)]
        found: Column = handler(self, node)
        return found

    def truth(self, node: Node) -> Column:
        """A condition; None alone is the unknown answer."""
        return empty(nodes.BOOLEAN, self.context.dialect) if node.type.kind == "null" else self.visit(node)

    def inside(self, source: Source) -> Translation:
        """The same in a subquery over other rows, where this record is the holder."""
        return Translation(self.context, self.forms, source, self.record)

    def path(self, source: Source, steps: tuple[Step, ...]) -> Column:
        """A field reached from a source through links: one subquery for each hop."""
        if not steps:
            return self.context.column(source, source.entity, "id")
        step, rest = steps[0], steps[1:]
        link = self.context.column(source, step.entity, step.field)
        return self.linked(link, rest) if rest else link

    def linked(self, link: Column, steps: tuple[Step, ...]) -> Column:
        """A field of the record that a link points at."""
        target = self.context.open(steps[0].entity)
        inner = sa.select(self.path(target, steps)).select_from(target.alias)
        return _scalar(inner.where(*self.rows(target, link)))

    def rows(self, source: Source, id_: Column) -> list[Column]:
        """The condition of one row by its id."""
        found = [self.context.column(source, source.entity, "id") == Correlated(id_)]
        return found if source.condition is None else [*found, source.condition]


def _scalar(statement: sa.Select[Any]) -> Column:
    # Nothing of the statement around is ever in its FROM: values of outer rows stand in it as Correlated.
    return statement.correlate(None).scalar_subquery()


def _constant(run: Translation, node: nodes.Constant) -> Column:
    if node.value is None:
        return empty(node.type, run.context.dialect)
    if isinstance(node.value, Decimal):
        return scaled.literal(node.value)
    return sa.literal(node.value, sql_type(node.type))


def _path(run: Translation, node: nodes.Path) -> Column:
    if node.root == "this":
        return run.path(run.record, node.steps)
    if node.root == "outer" and run.outer is not None:
        return Correlated(run.path(run.outer, node.steps))
    if node.root == "me":
        me = run.context.me
        if me is None:
            return empty(node.type, run.context.dialect)
        return run.linked(me, node.steps) if node.steps else me
    raise NotInSql(f"'{node.root}' has no meaning over many records")


def _unary(run: Translation, node: nodes.Unary) -> Column:
    if node.operator == "not":
        return condition("(NOT {})", run.truth(node.operand))
    operand = run.visit(node.operand)
    return run.forms.minus(operand, node.operand.type.kind)


def _arithmetic(run: Translation, node: nodes.Arithmetic) -> Column:
    kinds = (node.left.type.kind, node.right.type.kind)
    return run.forms.arithmetic(node.operator, run.visit(node.left), run.visit(node.right), kinds)


def _compare(run: Translation, node: nodes.Compare) -> Column:
    left, right = run.visit(node.left), run.visit(node.right)
    return language.compare(run.forms, node.operator, left, right, node.left.type.kind)


def _is_none(run: Translation, node: nodes.IsNone) -> Column:
    return condition(f"({{}} IS {'NOT ' if node.negated else ''}NULL)", run.visit(node.operand))


def _among(run: Translation, node: nodes.Among) -> Column:
    operand = run.visit(node.operand)
    if not isinstance(node.items, tuple):
        found = _holds_item(run, operand, run.visit(node.items))
    elif not node.items:
        found = condition("(NULLIF({} IS NULL, TRUE))", operand)
    else:
        found = _one_of(run, operand, [run.visit(item) for item in node.items], node.operand.type)
    return condition("(NOT {})", found) if node.negated else found


def _one_of(run: Translation, operand: Column, items: list[Column], type_: Type) -> Column:
    if type_.kind == "number":
        columns, _ = run.forms.unify([operand, *items], type_)
        operand, items = columns[0], columns[1:]
    return condition(f"({{}} IN ({', '.join(['{}'] * len(items))}))", operand, *items)


def _holds_item(run: Translation, item: Column, items: Column) -> Column:
    search, line = ("instr", "char(10)") if run.context.dialect == "sqlite" else ("strpos", "chr(10)")
    return condition(f"({search}({{}}, {line} || {{}} || {line}) > 0)", items, item)


def _junction(run: Translation, node: nodes.Junction) -> Column:
    holes = f" {node.operator.upper()} ".join(["{}"] * len(node.operands))
    return condition(f"({holes})", *(run.truth(operand) for operand in node.operands))


def _conditional(run: Translation, node: nodes.Conditional) -> Column:
    test = run.truth(node.condition)
    values, type_ = _alternatives(run, (node.then, node.otherwise), node.type)
    return Template("CASE WHEN {} THEN {} ELSE {} END", test, *values, type_=type_)


def _cases(run: Translation, node: nodes.Cases) -> Column:
    values, type_ = _alternatives(run, tuple(value for _, value in node.cases), node.type)
    if not values:
        return empty(node.type, run.context.dialect)
    parts = [run.visit(node.subject)]
    for (case, _), value in zip(node.cases, values, strict=True):
        parts += [sa.literal(case, sql_type(nodes.TEXT)), value]
    return Template("CASE {}" + " WHEN {} THEN {}" * len(values) + " END", *parts, type_=type_)


def _alternatives(
    run: Translation, choices: tuple[Node, ...], type_: Type
) -> tuple[list[Column], sa.types.TypeEngine[Any]]:
    """Values of which one is taken, in one form; an empty one takes the type of the others."""
    columns = [
        empty(type_, run.context.dialect) if choice.type.kind == "null"
        else run.visit(choice)
        for choice in choices
    ]  # fmt: skip
    return run.forms.unify(columns, type_)


def _call(run: Translation, node: nodes.Call) -> Column:
    name = node.function
    if name == "today":
        return run.context.today
    if name == "now":
        return run.context.now
    if name in HIERARCHIES:
        below, above = (run.visit(argument) for argument in node.arguments)
        return _below(run, HIERARCHIES[name], below, above)
    function = run.context.functions[name]
    if function.sql is None:
        raise NotInSql(f"{name}() is worked out when a record is saved; it has no form for lists and filters")
    found = function.sql(run.context.dialect, *_arguments(run, node))
    if node.type.kind == "text":
        return Template("NULLIF({}, '')", found, type_=sql_type(node.type))
    return sa.type_coerce(found, found.type if node.type.kind == "number" else sql_type(node.type))


def _arguments(run: Translation, node: nodes.Call) -> list[Column]:
    """Numbers in the form that functions take; empty literals with the type of what they stand beside."""
    known = next((part.type for part in node.arguments if part.type.kind != "null"), nodes.NULL)
    columns = []
    for argument in node.arguments:
        missing = argument.type.kind == "null"
        type_ = known if missing else argument.type
        column = empty(type_, run.context.dialect) if missing else run.visit(argument)
        columns.append(run.forms.argument(column) if type_.kind == "number" else column)
    return columns


def _below(run: Translation, hierarchy: Hierarchy, below: Column, above: Column) -> Column:
    """Whether a record is in the tree under another one; loops end, since UNION keeps no row twice."""
    first, child = run.context.open(hierarchy.entity), run.context.open(hierarchy.entity)
    start_at = "id" if hierarchy.itself else hierarchy.field
    column = run.context.column
    seed = sa.select(column(first, hierarchy.entity, "id").label("id")).select_from(first.alias)
    seed = seed.where(column(first, hierarchy.entity, start_at) == Correlated(above))
    tree = sa.table("tree", sa.column("id", BigInteger()))
    step = sa.select(column(child, hierarchy.entity, "id").label("id")).select_from(child.alias, tree)
    step = step.where(column(child, hierarchy.entity, hierarchy.field) == tree.c.id)
    seed, step = (
        part if source.condition is None else part.where(source.condition)
        for part, source in ((seed, first), (step, child))
    )
    text = (
        "CASE WHEN {} IS NULL OR {} IS NULL THEN NULL ELSE {} IN "
        "(WITH RECURSIVE tree(id) AS ({} UNION {}) SELECT id FROM tree) END"
    )
    return condition(text, below, above, below, *(Bare(_scalar(part)) for part in (seed, step)))


def _find(run: Translation, node: nodes.Find) -> Column:
    """The value of the one record that is the latest; a tie gives nothing, as two values cannot stand for one."""
    source = run.context.open(node.entity)
    inside = run.inside(source)
    order = [run.context.column(source, node.entity, name) for name in node.latest]
    rank: Column = sa.func.rank().over(order_by=[key.desc().nulls_last() for key in order]) if order else sa.literal(1)
    ties = sa.func.count().over(partition_by=order or None)
    value = run.path(source, node.value)
    found = sa.select(value.label("value"), rank.label("place"), ties.label("ties")).select_from(source.alias)
    conditions = [] if node.where is None else [inside.truth(node.where)]
    if source.condition is not None:
        conditions.append(source.condition)
    hits = found.where(*conditions).correlate(None).subquery()
    best = sa.select(sa.type_coerce(hits.c.value, value.type)).where(hits.c.place == 1, hits.c.ties == 1)
    return _scalar(best)


def _aggregate(run: Translation, node: nodes.Aggregate) -> Column:
    """Lines or backlinks of this record, hop by hop."""
    gathered = _gather(run, node)
    value = sa.literal(1) if gathered.value is None else gathered.value
    aliases = (source.alias for source in gathered.sources)
    rows = sa.select(value.label("value")).select_from(*aliases).where(*gathered.conditions)
    # A table of its own: an aggregate over nothing but the holder's columns would belong to the statement around.
    table = rows.correlate(None).subquery()
    kind = "number" if node.value is None else node.value.type.kind
    folded = run.forms.fold(node.function, sa.type_coerce(table.c.value, value.type), kind)
    return _scalar(sa.select(folded).select_from(table))


def _gather(run: Translation, node: nodes.Aggregate) -> Gathered:
    above: Source = run.record
    sources, conditions = [], []
    for hop in node.through:
        link = run.context.column(above, above.entity, "id" if hop.via else hop.field)
        entity, field = hop.via or (node.entity, "id")
        source = run.context.open(entity)
        here = run.context.column(source, entity, field)
        upper = Correlated(link) if above is run.record else link
        conditions.append(here == (_named(above.entity, upper) if isinstance(here.type, PlainText) else upper))
        if source.condition is not None:
            conditions.append(source.condition)
        sources.append(source)
        above = source
    inside = Translation(run.context, run.forms, above, run.record)
    if node.where is not None:
        conditions.append(inside.truth(node.where))
    value = None if node.value is None else inside.visit(node.value)
    return Gathered(tuple(sources), tuple(conditions), value)


def _named(entity: str, id_: Column) -> Column:
    """A record as links to several entities keep it: `customer:12`."""
    return sa.literal(f"{entity}:", sa.Text()) + sa.cast(id_, sa.Text())


_VISITS: dict[type, Any] = {
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
