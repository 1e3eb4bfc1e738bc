"""Text search as a condition of a query: only in fields that the asker may read, and only on rows where that is so."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.expression.sql import Source
from engine.runtime.inquiry import Inquiry
from engine.store import search
from engine.store.queries import RecordSql


def found(inquiry: Inquiry, sql: RecordSql, source: Source, text: str) -> sa.ColumnElement[Any]:
    """The condition that every word of the text stands in one of the row's fields, as the asker may see them."""
    tables, entity = inquiry.site.tables, source.entity
    names = searched(inquiry, entity)
    seen = {name: sql.column(source, entity, name) for name in names}
    common = search.is_common(inquiry.connection, tables, entity, names, text)
    return search.matches(tables, entity, names, text, source.alias.c.id, text=seen, common=common)


def searched(inquiry: Inquiry, entity: str) -> tuple[str, ...]:
    """The searched fields that the asker may read somewhere."""
    wanted = inquiry.site.tables.searched.get(entity, ())
    return tuple(name for name in wanted if inquiry.vocabulary.knows(entity, name))
