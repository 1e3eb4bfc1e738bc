"""The order of a list, and walking along it by key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from engine.change import InvalidQuery
from engine.columns import BigInteger
from engine.expression.sql import Source
from engine.expression.template import Correlated
from engine.messages import message
from engine.model import Entity, Field
from engine.runtime.filters import known_field
from engine.runtime.inquiry import Inquiry
from engine.runtime.listing import ListQuery
from engine.runtime.titles import sort_key
from engine.store.queries import RecordSql

Column = sa.ColumnElement[Any]
NEWEST = ("-updated_at",)
NEVER_EMPTY = frozenset({"id", "version", "created_at", "updated_at"})


@dataclass(frozen=True, slots=True)
class Key:
    """One field of an order."""

    field: Field
    down: bool

    @property
    def never_empty(self) -> bool:
        """Whether every record has a value there."""
        return self.field.name in NEVER_EMPTY

    def column(self, sql: RecordSql, source: Source) -> Column:
        """What is compared: for a choice its place among the choices, for a link the title of its record."""
        column = sql.column(source, self.field.entity, self.field.name)
        choices = getattr(self.field.kind, "choices", None)
        if choices and self.field.kind.expression_type().kind == "text":
            places = {name: place for place, name in enumerate(choices)}
            return sa.case(places, value=column, else_=sa.case((column.is_not(None), len(places))))
        target = self.field.kind.target()
        if target is not None and self.field.kind.expression_type().kind == "record":
            return _title_of(sql, target, column)
        return column

    def ordered(self, column: Column) -> Column:
        """The column in its direction, empty values last."""
        ordered = column.desc() if self.down else column.asc()
        return ordered if self.never_empty else ordered.nulls_last()


def _title_of(sql: RecordSql, target: str, link: Column) -> Column:
    source = sql.open(target)
    key = sort_key(sql, source)
    if key is None:
        return link
    statement = sa.select(key).select_from(source.alias).where(source.alias.c.id == Correlated(link))
    if source.condition is not None:
        statement = statement.where(source.condition)
    return statement.correlate(None).scalar_subquery()


def read_order(inquiry: Inquiry, query: ListQuery, entity: Entity) -> tuple[Key, ...]:
    """The keys of the order. A field that may not be read is dropped from the entity's own order, and
    refused in a question; raises InvalidQuery."""
    if query.sort is None:
        words = entity.list.sort or NEWEST
        return tuple(
            Key(inquiry.model.field(entity.name, word.removeprefix("-")), word.startswith("-"))
            for word in words
            if inquiry.vocabulary.knows(entity.name, word.removeprefix("-"))
        )
    return tuple(_key(inquiry, query, entity, word) for word in query.sort)


def _key(inquiry: Inquiry, query: ListQuery, entity: Entity, word: str) -> Key:
    known = known_field(inquiry, entity.name, word.removeprefix("-"))
    if not known.kind.sortable or not known.kind.expressible or known.kind.expression_type().kind == "list":
        label = known.label.text(inquiry.actor.locale)
        raise InvalidQuery(
            message("not_sortable", inquiry.actor.locale, field=label), field="sort", code="not_sortable"
        )
    return Key(known, word.startswith("-"))


def id_down(keys: Sequence[Key]) -> bool:
    """Whether the id, which ends every order, goes down: it follows the first key, as the indexes do."""
    return keys[0].down if keys else True


def after_key(keys: Sequence[Key], columns: Sequence[Column], id_column: Column, values: Sequence[Any]) -> Column:
    """The condition of standing after this place; its parameters are `after_0`, ..., `after_id`.

    Its text depends on which values are empty, not on the others.
    """
    past_id = sa.bindparam("after_id", None, type_=BigInteger())
    alternatives: list[Column] = []
    same: list[Column] = []
    for number, (key, column, value) in enumerate(zip(keys, columns, values, strict=True)):
        given = sa.bindparam(f"after_{number}", None, type_=column.type)
        if value is None:
            same.append(column.is_(None))
            continue
        beyond = column < given if key.down else column > given
        alternatives.append(sa.and_(*same, beyond if key.never_empty else sa.or_(beyond, column.is_(None))))
        same.append(column == given)
    alternatives.append(sa.and_(*same, id_column < past_id if id_down(keys) else id_column > past_id))
    condition = sa.or_(*alternatives)
    if keys and keys[0].never_empty:
        # Says the same once more in the form that an index can begin at.
        first = sa.bindparam("after_0", None, type_=columns[0].type)
        return sa.and_(columns[0] <= first if keys[0].down else columns[0] >= first, condition)
    return condition


# ---- values in cursors


def pack(values: Sequence[Any]) -> list[Any]:
    """Values as JSON that says of which type each is."""
    return [_pack(value) for value in values]


def unpack(values: Sequence[Any]) -> list[Any]:
    """The values again."""
    return [_UNPACK[value[0]](value[1]) if isinstance(value, list) else value for value in values]


def _pack(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    for letter, type_, write in _PACK:
        if isinstance(value, type_):
            return [letter, write(value)]
    raise AssertionError(f"no order goes by {type(value).__name__}")


_PACK: tuple[tuple[str, type, Any], ...] = (
    ("n", Decimal, lambda value: format(value, "f")),
    ("m", datetime, datetime.isoformat),
    ("d", date, date.isoformat),
    ("t", time, time.isoformat),
    ("s", timedelta, lambda value: [value.days, value.seconds, value.microseconds]),
)
_UNPACK: dict[str, Any] = {
    "n": Decimal,
    "m": datetime.fromisoformat,
    "d": date.fromisoformat,
    "t": time.fromisoformat,
    "s": lambda parts: timedelta(*parts),
}


def ordering(keys: Sequence[Key], columns: Sequence[Column], id_column: Column) -> Iterator[Column]:
    """What ORDER BY says; the id makes the order complete."""
    for key, column in zip(keys, columns, strict=True):
        yield key.ordered(column)
    if not any(key.field.name == "id" for key in keys):
        yield id_column.desc() if id_down(keys) else id_column.asc()
