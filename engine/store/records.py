"""Rows of the firm's records: ids, inserts, changes, and reading them whole.

Nothing here asks for permission or keeps history; engine.runtime does, and calls this.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from engine.store import driver
from engine.store.prepared import Prepared, alteration, insertion
from engine.store.tables import Tables

Row = dict[str, Any]


def allocate(connection: sa.Connection, tables: Tables, entity: str, count: int) -> list[int]:
    """New ids, known before the rows are; never given twice, also not after a deletion."""
    assert count >= 0
    if count == 0:
        return []
    name = tables.entities[entity].name
    if connection.dialect.name == "postgresql":
        return [int(id) for (id,) in driver.run(connection, _NEXT_IDS, (name, count), prepare=True)]
    counted = driver.run(connection, _COUNT_IDS, (count, name))
    if not counted:
        driver.run(connection, _FIRST_IDS, (name, count))
    last = counted[0][0] if counted else count
    return list(range(last - count + 1, last + 1))


_NEXT_IDS = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
_COUNT_IDS = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ? RETURNING seq"
_FIRST_IDS = "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)"


def insert(connection: sa.Connection, tables: Tables, entity: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new rows under the ids that `allocate` gave. Columns that a row does not name stay empty.

    Raises Duplicate (at the edge of the transaction) when a live record holds a unique value already.
    """
    if not rows:
        return
    table, keys = tables.entities[entity], tables.keys[entity]
    empty = dict.fromkeys(table.columns.keys())
    complete = [{**empty, **row, **_keys_of(row, keys)} for row in rows]
    assert all(len(row) == len(empty) for row in complete), f"{entity} has not all of these columns: {rows}"
    insertion(connection.dialect, tables.statements, table, empty).run(connection, complete)


def update(connection: sa.Connection, tables: Tables, entity: str, id: int, values: Mapping[str, Any]) -> None:
    """Change columns of one row, which is there."""
    if not values:
        return
    changed = {**values, **_keys_of(values, tables.keys[entity])}
    written = alteration(connection.dialect, tables.statements, tables.entities[entity], sorted(changed))
    written.run(connection, [{**changed, "row__id": id}])


def read(
    connection: sa.Connection,
    tables: Tables,
    entity: str,
    ids: Collection[int],
    *,
    lock: bool = False,
    alone: bool = False,
) -> list[Row]:
    """The rows with these ids, in order of id, deleted ones included. `lock` holds them until the transaction ends;
    `alone` also against links that others are adding: what is to be deleted."""
    if not ids:
        return []
    table = tables.entities[entity]
    if len(ids) == 1 and not (lock or alone):
        return _read_one(connection, tables, entity, next(iter(ids)))
    if len(ids) == 1:
        purpose = "alone" if alone else "lock"
        return _read_one(connection, tables, entity, next(iter(ids)), purpose, lambda one: _locked(one, alone=alone))
    statement = sa.select(table).where(table.c.id.in_(sorted(ids))).order_by(table.c.id)
    return _rows(connection, _locked(statement, alone=alone) if lock or alone else statement)


def hold(connection: sa.Connection, tables: Tables, entity: str, id: int) -> Row | None:
    """A row that stays as it is until this transaction ends, as far as deleting it goes; None when there is none."""
    rows = _read_one(connection, tables, entity, id, "hold", lambda one: one.with_for_update(read=True, key_share=True))
    return rows[0] if rows else None


def living(connection: sa.Connection, tables: Tables, entity: str) -> list[int]:
    """Ids of all live records, in order."""
    table = tables.entities[entity]
    return list(
        connection.execute(sa.select(table.c.id).where(table.c.deleted_at.is_(None)).order_by(table.c.id)).scalars()
    )


def read_lines(connection: sa.Connection, tables: Tables, entity: str, parent_ids: Collection[int]) -> list[Row]:
    """The live lines of these parents, in their order, parent by parent."""
    if not parent_ids:
        return []
    table = tables.entities[entity]
    parent = table.c[table.info["parent"]]
    statement = (
        sa.select(table)
        .where(parent.in_(sorted(parent_ids)), table.c.deleted_at.is_(None))
        .order_by(parent, table.c.line__position, table.c.id)
    )
    return _rows(connection, statement)


def read_deleted(connection: sa.Connection, tables: Tables, deleted_with: str) -> list[tuple[str, Row]]:
    """All rows that were deleted together, as (entity, row)."""
    found = []
    for entity, table in tables.entities.items():
        together = sa.select(table).where(table.c.deleted__with == deleted_with, table.c.deleted_at.is_not(None))
        found += [(entity, row) for row in _rows(connection, together.order_by(table.c.id))]
    return found


def linking(connection: sa.Connection, tables: Tables, entity: str, field: str, value: Any) -> list[int]:
    """Ids of the live records whose link field holds this value."""
    table = tables.entities[entity]
    statement = sa.select(table.c.id).where(table.c[field] == value, table.c.deleted_at.is_(None))
    return [int(id) for (id,) in connection.execute(statement.order_by(table.c.id))]


def taken(
    connection: sa.Connection, tables: Tables, entity: str, values: Mapping[str, Any], id: int | None = None
) -> bool:
    """Whether another live record than `id` holds these unique values, texts compared without case and width."""
    return any(other != id for other in holding(connection, tables, entity, values))


def holding(connection: sa.Connection, tables: Tables, entity: str, values: Mapping[str, Any]) -> list[int]:
    """Ids of the live records that hold these values of fields that are unique (alone or together)."""
    table, keys = tables.entities[entity], tables.keys[entity]
    sought = {
        keys[name] if name in keys and value is not None else name: value if name not in keys else _key(value)
        for name, value in values.items()
    }

    def build() -> sa.Select[Any]:
        given = (
            table.c[name].is_(None)
            if value is None
            else table.c[name] == sa.bindparam(f"v_{name}", None, table.c[name].type)
            for name, value in sought.items()
        )
        return sa.select(table.c.id).where(*given, table.c.deleted_at.is_(None))

    shape = ("holding", entity, tuple((name, value is None) for name, value in sought.items()))
    found = _prepared(connection, tables, shape, build).rows(connection, {f"v_{name}": v for name, v in sought.items()})
    return [int(other) for (other,) in found]


def _key(value: Any) -> str | None:
    return None if value is None else unique_key(value)


def unique_key(text: str) -> str:
    """The form in which texts are compared for uniqueness: NFKC, without case, trimmed."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def _keys_of(values: Mapping[str, Any], keys: Mapping[str, str]) -> Row:
    return {
        column: None if values[field] is None else unique_key(values[field])
        for field, column in keys.items()
        if field in values
    }


def _read_one(
    connection: sa.Connection,
    tables: Tables,
    entity: str,
    id: int,
    purpose: str = "read",
    locked: Callable[[sa.Select[Any]], sa.Select[Any]] = lambda statement: statement,
) -> list[Row]:
    """As `read`, for what is asked most: one row."""
    table = tables.entities[entity]

    def build() -> sa.Select[Any]:
        return locked(sa.select(table).where(table.c.id == sa.bindparam("sought", None, type_=table.c.id.type)))

    prepared = _prepared(connection, tables, (purpose, "one", entity), build)
    names = table.columns.keys()
    return [dict(zip(names, row, strict=True)) for row in prepared.rows(connection, {"sought": id})]


def _prepared(
    connection: sa.Connection, tables: Tables, shape: tuple[Any, ...], build: Callable[[], sa.Select[Any]]
) -> Prepared:
    key = (*shape, connection.dialect.name)
    return tables.statements.get(key, lambda: Prepared(build(), connection.dialect, steady=True))


def _rows(connection: sa.Connection, statement: sa.Select[Any]) -> list[Row]:
    result = connection.execute(statement)
    names = tuple(result.keys())
    return [dict(zip(names, row, strict=True)) for row in _tuples(result)]


def _locked(statement: sa.Select[Any], *, alone: bool) -> sa.Select[Any]:
    # NO KEY UPDATE: foreign keys that others are adding to this row need not wait, and so cannot deadlock.
    return statement.with_for_update(key_share=not alone)


def _tuples(result: sa.CursorResult[Any]) -> Iterable[tuple[Any, ...]]:
    return (tuple(row) for row in result)
