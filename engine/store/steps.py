"""One step of a plan, and the questions that planning asks of the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa

from engine.problems import NOWHERE, Mark
from engine.store.snapshot import type_of

Risk = Literal["safe", "converts", "keeps_aside"]
SAMPLES_MAX: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that applying a config does."""

    kind: str
    """create_table, add_field, remove_field, remove_entity, widen_scale, fill_keys, fill_stage, reindex, keep_rows,
    drop_rows, backfill, create_index, drop_index, and the ones that touch no table: change_words, change_field,
    change_entity, change_access, change_..."""
    entity: str = ""
    field: str = ""
    risk: Risk = "safe"
    rows: int = 0
    """How many records it concerns."""
    samples: tuple[Any, ...] = ()
    """Some of the values that it concerns."""
    message: str = ""
    """In words, for whoever applies."""
    mark: Mark = NOWHERE
    name: str = ""
    """Of an index, a role: what is made, dropped or changed."""
    columns: tuple[str, ...] = ()
    """Columns that it makes or fills."""
    scale: tuple[int, int] = (0, 0)
    """Of widen_scale: places before and after."""


class Data:
    """What is stored now, under the old snapshot. Without a connection nothing is, and every count is 0."""

    def __init__(self, connection: sa.Connection | None, old: Mapping[str, Any] | None) -> None:
        self._connection, self._old = connection, old
        self._tables: dict[str, sa.TableClause] = {}

    def table(self, entity: str) -> sa.TableClause:
        """The entity's table with the columns that it has now."""
        if entity in self._tables:
            return self._tables[entity]
        assert self._old is not None
        known = self._old["entities"].get(entity) or self._old["kept"][entity]
        self._tables[entity] = sa.table(
            known["table"], *(sa.column(name, type_of(word)) for name, word in known["columns"].items())
        )
        return self._tables[entity]

    def count(self, entity: str, *where: sa.ColumnElement[bool]) -> int:
        """How many live records meet the conditions."""
        if self._connection is None:
            return 0
        table = self.table(entity)
        statement = sa.select(sa.func.count()).select_from(table).where(table.c.deleted_at.is_(None), *where)
        return int(self._connection.execute(statement).scalar_one())

    def filled(self, entity: str, column: str) -> int:
        """How many live records hold a value in a column."""
        return self.count(entity, self.table(entity).c[column].is_not(None))

    def samples(self, entity: str, column: str, *where: sa.ColumnElement[bool]) -> tuple[Any, ...]:
        """Some of the values in a column."""
        if self._connection is None:
            return ()
        table = self.table(entity)
        statement = sa.select(table.c[column]).where(table.c[column].is_not(None), table.c.deleted_at.is_(None), *where)
        return tuple(self._connection.execute(statement.distinct().limit(SAMPLES_MAX)).scalars())

    def rows(self, entity: str, columns: tuple[str, ...]) -> list[tuple[Any, ...]]:
        """The live records' values in these columns, where none of them is empty."""
        if self._connection is None:
            return []
        table = self.table(entity)
        filled = [table.c[name].is_not(None) for name in columns]
        statement = sa.select(*(table.c[name] for name in columns)).where(table.c.deleted_at.is_(None), *filled)
        return [tuple(row) for row in self._connection.execute(statement)]

    def links(self, entity: str, columns: Sequence[str], *where: sa.ColumnElement[bool]) -> list[tuple[Any, ...]]:
        """The id of each live record that meets the conditions, and its values in these columns."""
        if self._connection is None:
            return []
        table = self.table(entity)
        statement = sa.select(table.c.id, *(table.c[name] for name in columns))
        statement = statement.where(table.c.deleted_at.is_(None), *where).order_by(table.c.id)
        return [tuple(row) for row in self._connection.execute(statement)]

    def largest(self, entity: str, column: str) -> Any:
        """The largest magnitude in a column, deleted records included; None where all is empty."""
        if self._connection is None:
            return None
        table = self.table(entity)
        largest = sa.func.max(sa.func.abs(table.c[column]), type_=table.c[column].type)
        return self._connection.execute(sa.select(largest)).scalar()

    def tables(self) -> frozenset[str]:
        """The names of all tables that are there."""
        return (
            frozenset(sa.inspect(self._connection).get_table_names()) if self._connection is not None else frozenset()
        )
