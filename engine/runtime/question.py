"""One question to many records: its names checked, its statements found or made, its rows fetched and counted.

Three lifetimes: a Plan (statements, and what their columns mean) is kept for everybody with the same rights and the
same shape of question; a Frame (the question read and authorised, with its values) for the same words of it; a
Question belongs to one request.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

import sqlalchemy as sa

from engine.change import InvalidQuery
from engine.columns import BigInteger
from engine.expression.sql import Source
from engine.limits import COUNT_MAX
from engine.messages import message
from engine.model import Entity
from engine.runtime import finding, order
from engine.runtime.cells import Cells, plan_cells
from engine.runtime.filters import Conditions, known_field, read_filters
from engine.runtime.inquiry import Inquiry, known_entity
from engine.runtime.listing import ListQuery, read_cursor, write_cursor
from engine.runtime.order import Key
from engine.runtime.pace import Pace
from engine.store.prepared import Prepared, Row
from engine.store.queries import RecordSql
from engine.store.sight import always

QUICK_SECONDS: Final = 0.005
"""What finding a page may take that does without a thread of its own."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is kept of a question's shape: its statements, and what their columns mean."""

    page: Prepared
    """Chooses ids, then reads their rows: a page far down is not read through."""
    count: Prepared
    first: Prepared | None
    """The page at the start of the list (or behind a cursor) where an index gives its order: rows are read as they
    come, and each brings the count along."""
    cells: Cells
    keys_at: int
    """Where the order's values begin in a row of the page."""
    pace: Pace
    """How long the rows take to find: known from the indexes, and from the last time."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What answers have worked out from this plan, to use it again."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A question read and authorised: the same for everybody with the same rights."""

    query: ListQuery
    fields: tuple[str, ...]
    keys: tuple[Key, ...]
    conditions: Conditions
    after: tuple[Any, ...] | None
    plan: Plan
    purpose: str
    """What tells this question from others, pages aside: cursors are good for it alone."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of one asker."""

    inquiry: Inquiry
    entity: Entity
    frame: Frame

    @classmethod
    def read(cls, inquiry: Inquiry, query: ListQuery) -> Question:
        """Check every name in the question, and find or make its statements.

        Raises NotFound and InvalidQuery, as browse does.
        """
        entity = known_entity(inquiry, query.entity)
        query = _spoken(inquiry, query)
        if query.q or query.filters or query.after is not None:
            # Values of these are read for this asker, or are different each time.
            return cls(inquiry, entity, _frame(inquiry, query.clamped(), entity))
        key = ("question", query, inquiry.access.key)
        frame = inquiry.site.kept.get(key, lambda: _frame(inquiry, query.clamped(), entity))
        return cls(inquiry, entity, frame)

    @classmethod
    def known(cls, inquiry: Inquiry, query: ListQuery) -> Question | None:
        """The same if this very question was read before by somebody with the same rights; else None."""
        frame = inquiry.site.kept.find(("question", _spoken(inquiry, query), inquiry.access.key))
        return cls(inquiry, known_entity(inquiry, query.entity), frame) if frame is not None else None

    @property
    def query(self) -> ListQuery:
        """The question within the product's limits."""
        return self.frame.query

    @property
    def plan(self) -> Plan:
        """Its statements."""
        return self.frame.plan

    @property
    def offset(self) -> int:
        """How many records stand before the page."""
        return 0 if self.frame.after is not None else (self.query.page - 1) * self.query.size

    @property
    def statement(self) -> Prepared:
        """What finds the page."""
        return self.plan.page if self.offset or self.plan.first is None else self.plan.first

    def raw_rows(self) -> list[Row]:
        """The rows of the page and, if there is one, the first after it, as the driver gives them."""
        query, after = self.query, self.frame.after
        values = {**self.inquiry.values, **self.frame.conditions.values, "page_size": query.size + 1}
        values["page_offset"] = self.offset
        values["count_limit"] = self._count_limit
        if after is not None:
            values |= {f"after_{number}": value for number, value in enumerate(after[:-1])}
            values["after_id"] = after[-1]
        started = time.perf_counter()
        found = self.statement.raw_rows(self.inquiry.connection, values)
        self.plan.pace.seconds = time.perf_counter() - started
        return found

    def count(self, shown: Sequence[Row], *, more: bool) -> tuple[int | None, Literal["exact", "at_least", "unknown"]]:
        """How many records the question finds, page aside."""
        if self.query.total == "no":
            return None, "unknown"
        if self.frame.after is None and self.query.page == 1 and not more:
            return len(shown), "exact"
        found = int(shown[0][-1]) if shown and self.statement is self.plan.first else self._counted()
        return (found, "exact") if found < self._count_limit else (COUNT_MAX, "at_least")

    @property
    def _count_limit(self) -> int:
        return COUNT_MAX + 1 if self.query.total == "capped" else 2**62

    def _counted(self) -> int:
        values = {**self.inquiry.values, **self.frame.conditions.values, "count_limit": self._count_limit}
        started = time.perf_counter()
        found = int(self.plan.count.raw_rows(self.inquiry.connection, values)[0][0])
        self.plan.pace.seconds += time.perf_counter() - started
        return found

    def cursor(self, row: Row) -> str:
        """The place of a row, for the page after it."""
        start, keys = self.plan.keys_at, self.frame.keys
        place = [*order.pack(row[start : start + len(keys)]), row[0]]
        return write_cursor(self.inquiry.site.key, _purpose(self.inquiry, self.frame.purpose), place)


def _spoken(inquiry: Inquiry, query: ListQuery) -> ListQuery:
    """The question in the asker's language."""
    locale = inquiry.actor.locale
    return query if query.locale == locale else replace(query, locale=locale)


def _frame(inquiry: Inquiry, query: ListQuery, entity: Entity) -> Frame:
    conditions = read_filters(inquiry, query)
    keys = order.read_order(inquiry, query, entity)
    fields = _fields(inquiry, query, entity)
    purpose = _same(inquiry, query, keys)
    after = None
    if query.after is not None:
        place = read_cursor(inquiry.site.key, _purpose(inquiry, purpose), query.after, inquiry.actor.locale)
        after = tuple(order.unpack(place))
    shape = (
        "browse", entity.name, fields, tuple((key.field.name, key.down) for key in keys), tuple(conditions.shape),
        None if after is None else tuple(value is None for value in after), query.deleted, query.verb,
        query.titles, query.q, query.total == "no",
    )  # fmt: skip

    def build() -> Plan:
        return _plan(inquiry, query, entity, fields, keys, conditions, after)

    # The text itself decides what the search index is asked: such statements are not worth keeping.
    plan = build() if query.q else inquiry.site.kept.get((*shape, inquiry.access.key), build)
    return Frame(query, fields, keys, conditions, after, plan, purpose)


def _same(inquiry: Inquiry, query: ListQuery, keys: Sequence[Key]) -> str:
    same = replace(query, after=None, page=1, size=1, total="no", fields=None, titles=False, locale="")
    return repr((inquiry.site.revision, [(key.field.name, key.down) for key in keys], same))


def _purpose(inquiry: Inquiry, same: str) -> str:
    """What a cursor is good for: this person's same question."""
    return f"{inquiry.actor.user} {same}"


def _fields(inquiry: Inquiry, query: ListQuery, entity: Entity) -> tuple[str, ...]:
    """The columns: those of the entity's list that may be seen, or exactly those that were asked for."""
    if query.fields is None:
        return tuple(name for name in entity.list.columns if shows(inquiry, entity.name, name))
    for name in query.fields:
        if not shows(inquiry, entity.name, name):
            known_field(inquiry, entity.name, name)
        if (
            not inquiry.model.field(entity.name, name).stored
            and inquiry.model.field(entity.name, name).computed is None
        ):
            locale = inquiry.actor.locale
            label = inquiry.model.field(entity.name, name).label.text(locale)
            raise InvalidQuery(message("not_a_column", locale, field=label), field=name, code="not_a_column")
    return query.fields


def shows(inquiry: Inquiry, entity: str, name: str) -> bool:
    """Whether anything of a field is ever shown to the asker, if only its mask."""
    return name in inquiry.model.entities[entity].fields and not inquiry.access.reading(entity, name).hidden


def _plan(
    inquiry: Inquiry, query: ListQuery, entity: Entity, fields: tuple[str, ...], keys: Sequence[Key],
    conditions: Conditions, after: Sequence[Any] | None,
) -> Plan:  # fmt: skip
    sql = inquiry.sql
    dialect = inquiry.connection.dialect
    source = sql.opened(entity.name, query.verb if not query.deleted else "restore", deleted=query.deleted)
    where = _conditions(inquiry, query, entity, sql, source, conditions)
    columns = [key.column(sql, source).label(f"key_{number}") for number, key in enumerate(keys)]
    chosen = _choose(source, keys, columns, where, after)
    cells = plan_cells(sql, entity, fields, titles=query.titles)
    page = chosen.subquery("page")
    key_columns = [page.c[f"key_{number}"] for number in range(len(keys))]
    statement = (
        sa.select(*cells.select(), *key_columns)
        .select_from(cells.join(page))
        .order_by(*order.ordering(keys, key_columns, page.c.id))
    )
    counted: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(source.alias).where(*where)
    capped = counted.limit(sa.bindparam("count_limit", 0, type_=BigInteger())).subquery()
    count = sa.select(sa.func.count()).select_from(capped)
    by_ids, counting = Prepared(statement, dialect), Prepared(count, dialect)
    pace = Pace(QUICK_SECONDS)
    if not query.q:
        # Without any condition the first rows of an index are the page, so that walking along it is no scan.
        bare = not conditions.shape and not query.deleted and _open_to_all(inquiry, query)
        values = {**inquiry.values, **conditions.values, "page_size": query.size + 1, "count_limit": COUNT_MAX + 1}
        pace.bounded = bare or all(one.seeks(inquiry.connection, values) for one in (by_ids, counting))
        by_ids.steady = counting.steady = pace.bounded and not by_ids.sorts(inquiry.connection, values)
    first = None
    if by_ids.steady:
        total = None if query.total == "no" else count.scalar_subquery()
        direct = _direct(sql, query, entity, fields, source, keys, columns, where, after, total)
        first = Prepared(direct, dialect, steady=True)
    return Plan(by_ids, counting, first, cells, len(cells.select()), pace)


def _direct(
    sql: RecordSql, query: ListQuery, entity: Entity, fields: tuple[str, ...], source: Source, keys: Sequence[Key],
    columns: Sequence[Any], where: Sequence[Any], after: Sequence[Any] | None, total: sa.ScalarSelect[Any] | None,
) -> sa.Select[Any]:  # fmt: skip
    """The rows of the page as they come along an index, each with what is counted of all."""
    cells = plan_cells(sql, entity, fields, titles=query.titles, alias=source.alias)
    more = [] if total is None else [total.label("total")]
    chosen = sa.select(*cells.select(), *columns, *more).select_from(cells.direct())
    return _cut(chosen, source, keys, columns, where, after)


def _open_to_all(inquiry: Inquiry, query: ListQuery) -> bool:
    """Whether no row rule stands between the asker and the entity's records."""
    return inquiry.actor.system or always(inquiry.access.rights.rows(query.verb, query.entity))


def _choose(
    source: Source, keys: Sequence[Key], columns: Sequence[Any], where: Sequence[Any], after: Sequence[Any] | None
) -> sa.Select[Any]:
    """The ids of the page, with what they are ordered by."""
    return _cut(sa.select(source.alias.c.id, *columns), source, keys, columns, where, after)


def _cut(
    chosen: sa.Select[Any], source: Source, keys: Sequence[Key], columns: Sequence[Any], where: Sequence[Any],
    after: Sequence[Any] | None,
) -> sa.Select[Any]:  # fmt: skip
    """One page of what is chosen, in the order of the list."""
    alias = source.alias
    plain = [column.element for column in columns]
    chosen = chosen.where(*where)
    if after is not None:
        chosen = chosen.where(order.after_key(keys, plain, alias.c.id, after[:-1]))
    return (
        chosen.order_by(*order.ordering(keys, plain, alias.c.id))
        .limit(sa.bindparam("page_size", 0, type_=BigInteger()))
        .offset(sa.bindparam("page_offset", 0, type_=BigInteger()))
    )


def _conditions(
    inquiry: Inquiry, query: ListQuery, entity: Entity, sql: RecordSql, source: Source, conditions: Conditions
) -> list[Any]:
    where = [source.condition, *conditions.build(sql, source)]
    if query.q:
        where.append(finding.found(inquiry, sql, source, query.q))
    return [condition for condition in where if condition is not None]
