"""Reading many records: the one way that lists, boards, pickers, exports, searches and the API take.

Row rules and filters become one SELECT; every field in it comes from engine.store.queries, which shows no more than
the asker may see. A page's ids are chosen first and its columns and titles joined to those few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import sqlalchemy as sa

from engine.change import Actor, InvalidQuery
from engine.columns import BigInteger
from engine.expression.sql import Source
from engine.limits import COUNT_MAX
from engine.messages import message
from engine.model import Entity
from engine.runtime import finding, order
from engine.runtime.cells import Cells, Column, Masked, plan_cells, with_titles
from engine.runtime.filters import Conditions, known_field, read_filters
from engine.runtime.inquiry import Inquiry, inquire, known_entity
from engine.runtime.listing import Filter, ListQuery, read_cursor, write_cursor
from engine.runtime.order import Key
from engine.runtime.record import Record, read_record
from engine.runtime.site import Site
from engine.runtime.titles import Linked, title_order
from engine.store.prepared import Prepared, Row
from engine.store.queries import RecordSql

__all__ = [
    "Column",
    "Filter",
    "Linked",
    "ListQuery",
    "Masked",
    "Page",
    "Record",
    "browse",
    "browse_in",
    "pick",
    "read_record",
]


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of one entity, as one asker may see them."""

    entity: Entity = field(repr=False)
    columns: tuple[Column, ...] = field(repr=False)
    rows: tuple[Row, ...]
    """(id, version, then a value for each column): a link is a Linked (or None), a masked value a Masked."""
    titles: tuple[str, ...]
    """What each row's record is called, where the question asked for it."""
    page: int
    size: int
    total: int | None
    """How many there are; None where nobody counted."""
    total_is: Literal["exact", "at_least", "unknown"]
    next: str | None
    """The cursor of the page after; None on the last."""


def browse(site: Site, actor: Actor, query: ListQuery) -> Page:
    """The page that the question asks for.

    Raises NotFound for an entity that the actor may not know of, InvalidQuery for a field that does not exist or
    may not be read (one answer for both), and for values that cannot be read.
    """
    with inquire(site, actor) as inquiry:
        return browse_in(inquiry, query)


def browse_in(inquiry: Inquiry, query: ListQuery) -> Page:
    """As `browse`, within a reading that is open already."""
    query = replace(query, locale=inquiry.actor.locale).clamped()
    entity = known_entity(inquiry, query.entity)
    question = Question.read(inquiry, query, entity)
    rows = question.rows()
    shown = rows[: query.size]
    more = len(rows) > query.size
    total, total_is = question.count(shown, more=more)
    cells = question.plan.cells
    return Page(
        entity=entity,
        columns=cells.columns,
        rows=with_titles(inquiry, cells.rows(shown, inquiry), cells),
        titles=tuple(cells.title(row, inquiry.shower) for row in shown) if query.titles else (),
        page=query.page,
        size=query.size,
        total=total,
        total_is=total_is,
        next=question.cursor(shown[-1]) if more else None,
    )


def pick(site: Site, actor: Actor, entity: str, text: str = "", limit: int = 20) -> tuple[Linked, ...]:
    """Records to choose from whose searched fields hold the text: those that the actor may see, by title."""
    with inquire(site, actor) as inquiry:
        known = known_entity(inquiry, entity)
        sort = title_order(inquiry, known)
        query = ListQuery(entity=entity, q=text, sort=sort, fields=(), size=limit, total="no", titles=True)
        page = browse_in(inquiry, query)
        return tuple(Linked(entity, row[0], title) for row, title in zip(page.rows, page.titles, strict=True))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is kept of a question's shape: its statements, and what their columns mean."""

    page: Prepared
    count: Prepared
    cells: Cells
    keys_at: int
    """Where the order's values begin in a row of the page."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question, read and authorised."""

    inquiry: Inquiry
    query: ListQuery
    entity: Entity
    fields: tuple[str, ...]
    keys: tuple[Key, ...]
    conditions: Conditions
    after: tuple[Any, ...] | None
    plan: Plan

    @classmethod
    def read(cls, inquiry: Inquiry, query: ListQuery, entity: Entity) -> Question:
        """Check every name in the question, and find or make its statements."""
        conditions = read_filters(inquiry, query)
        keys = order.read_order(inquiry, query, entity)
        fields = _fields(inquiry, query, entity)
        after = _after(inquiry, query, keys)
        shape = (
            "browse", entity.name, fields, tuple((key.field.name, key.down) for key in keys), tuple(conditions.shape),
            None if after is None else tuple(value is None for value in after), query.deleted, query.verb,
            query.titles, query.q,
        )  # fmt: skip

        def build() -> Plan:
            return _plan(inquiry, query, entity, fields, keys, conditions, after)

        if query.q:
            # The text itself decides what the search index is asked: such statements are not worth keeping.
            return cls(inquiry, query, entity, fields, keys, conditions, after, build())
        plan = inquiry.site.kept.get((*shape, inquiry.access.key), build)
        return cls(inquiry, query, entity, fields, keys, conditions, after, plan)

    def rows(self) -> list[Row]:
        """The rows of the page and, if there is one, the first after it."""
        values = {**self.inquiry.values, **self.conditions.values, "page_size": self.query.size + 1}
        values["page_offset"] = 0 if self.after is not None else (self.query.page - 1) * self.query.size
        if self.after is not None:
            values |= {f"after_{number}": value for number, value in enumerate(self.after[:-1])}
            values["after_id"] = self.after[-1]
        return self.plan.page.rows(self.inquiry.connection, values)

    def count(self, shown: Sequence[Row], *, more: bool) -> tuple[int | None, Literal["exact", "at_least", "unknown"]]:
        """How many records the question finds, page aside."""
        if self.query.total == "no":
            return None, "unknown"
        if self.after is None and self.query.page == 1 and not more:
            return len(shown), "exact"
        limit = COUNT_MAX + 1 if self.query.total == "capped" else 2**62
        values = {**self.inquiry.values, **self.conditions.values, "count_limit": limit}
        found = int(self.plan.count.rows(self.inquiry.connection, values)[0][0])
        return (found, "exact") if found < limit else (COUNT_MAX, "at_least")

    def cursor(self, row: Row) -> str:
        """The place of a row, for the page after it."""
        start = self.plan.keys_at
        place = [*order.pack(row[start : start + len(self.keys)]), row[0]]
        return write_cursor(self.inquiry.site.key, _purpose(self.inquiry, self.query, self.keys), place)


def _after(inquiry: Inquiry, query: ListQuery, keys: Sequence[Key]) -> tuple[Any, ...] | None:
    if query.after is None:
        return None
    place = order.unpack(
        read_cursor(inquiry.site.key, _purpose(inquiry, query, keys), query.after, inquiry.actor.locale)
    )
    return tuple(place)


def _purpose(inquiry: Inquiry, query: ListQuery, keys: Sequence[Key]) -> str:
    """What a cursor is good for: this person's same question."""
    same = replace(query, after=None, page=1, size=1, total="no", fields=None, titles=False, locale="")
    return repr((inquiry.actor.user, inquiry.site.revision, [(key.field.name, key.down) for key in keys], same))


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
    return Plan(Prepared(statement, dialect), Prepared(count, dialect), cells, len(cells.select()))


def _choose(
    source: Source, keys: Sequence[Key], columns: Sequence[Any], where: Sequence[Any], after: Sequence[Any] | None
) -> sa.Select[Any]:
    """The ids of the page, with what they are ordered by."""
    alias = source.alias
    plain = [column.element for column in columns]
    chosen = sa.select(alias.c.id, *columns).where(*where)
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
