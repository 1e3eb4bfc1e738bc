"""Performing a plan: schema, data and the stored revision in one transaction that happened or did not.

The only user of alembic: its operations render the schema changes of both databases.
"""

from __future__ import annotations

import importlib.metadata
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from engine.model import Model
from engine.store import chaos, data_steps, engine_tables, revisions, search, snapshot, sqlite
from engine.store.database import Database
from engine.store.errors import StoreError, Unavailable
from engine.store.plan import plan
from engine.store.revisions import Revision
from engine.store.steps import Step
from engine.store.tables import Tables, build_tables, fits

Backfill = Callable[[sa.Connection, Sequence[Step]], None]
"""Makes the rows and works the formulas out that these steps name, for the records that are there. Called once, inside
the transaction, when all tables stand. Raises ConfigError for a figure that cannot be kept."""
FILLED: Final = ("keep_rows", "drop_rows", "backfill")
"""Steps that need the meaning of a config: the caller's `backfill` performs them."""
TRIES_MAX: Final = 5
"""Each waits three seconds at most for a lock, so that nobody else waits longer behind us."""
BACKUPS_KEPT: Final = 5


class BaseMoved(StoreError):
    """Another config was applied since this plan was made: plan again."""

    def __init__(self, number: int | None) -> None:
        self.number = number
        """The revision that is applied now."""
        super().__init__(f"Revision {number} was applied meanwhile. Look at the plan again, then apply.")


def apply(
    database: Database,
    model: Model,
    *,
    base: int | None,
    by: int | None,
    at: datetime | None = None,
    backfill: Backfill | None = None,
) -> Revision:
    """Turn the database into this model's and store its texts as the newest revision.

    `base` is the revision that the plan was made on, None for none. A config that is applied already is left as it
    is, whoever applied it. A SQLite file with an earlier revision is copied first, to the folder `backups` beside it.

    Raises BaseMoved, ConfigError for changes that cannot be made, and Unavailable when others hold the tables too long.
    """
    _back_up(database, model)
    for attempt in range(1, TRIES_MAX + 1):
        try:
            return _apply_once(database, model, base, by, at or datetime.now(UTC), backfill)
        except Unavailable as error:
            if not error.retry or attempt == TRIES_MAX:
                raise
            time.sleep(random.uniform(0.05, 0.2) * attempt)  # noqa: S311 - so that two do not meet again
    raise AssertionError("the loop returns or raises")


def _apply_once(
    database: Database, model: Model, base: int | None, by: int | None, at: datetime, backfill: Backfill | None
) -> Revision:
    tables = build_tables(model)
    with database.changing_schema() as connection:
        chaos.point("apply")
        revisions.hold(connection, alone=True)
        current = revisions.current(connection)
        if (
            current is not None
            and current.snapshot["sources"] == snapshot.digest_of(model.sources)
            and not plan(current.snapshot, model, connection)
        ):
            return current
        if (current.number if current else None) != base:
            raise BaseMoved(current.number if current else None)
        steps = plan(current.snapshot if current else None, model, connection)
        _create_engine_tables(connection, tables)
        chaos.point("apply")
        _Builder(connection, tables, model, at, backfill).perform(steps)
        revision = Revision(
            number=(current.number if current else 0) + 1,
            at=at,
            by=by,
            sources=model.sources,
            snapshot=snapshot.take(model, tables, before=current.snapshot if current else None),
            versions=_versions(model),
        )
        revisions.add(connection, revision)
        chaos.point("apply")
    chaos.point("apply")
    return revision


def _create_engine_tables(connection: sa.Connection, tables: Tables) -> None:
    own = [table for table in tables.metadata.tables.values() if table.name in _engine_names(tables)]
    there = set(sa.inspect(connection).get_table_names())
    for table in own:
        if table.name not in there and fits(table, connection.dialect.name):
            connection.execute(sa.schema.CreateTable(table))
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                connection.execute(sa.schema.CreateIndex(index))
    if tables.store.name not in there:
        connection.execute(sa.insert(tables.store).values(id=1, format=engine_tables.FORMAT))


def _engine_names(tables: Tables) -> set[str]:
    return {table.name for table in tables.metadata.tables.values()} - {t.name for t in tables.entities.values()}


class _Builder:
    """Performs steps on one connection."""

    def __init__(
        self, connection: sa.Connection, tables: Tables, model: Model, at: datetime, backfill: Backfill | None
    ) -> None:
        self.connection, self.tables, self.model, self.at, self.backfill = connection, tables, model, at, backfill
        self.dialect = connection.dialect.name
        # Loaded only where something is applied: checks and servers start a tenth of a second earlier without.
        from alembic.operations import Operations
        from alembic.runtime.migration import MigrationContext

        self.operations = Operations(MigrationContext.configure(connection))

    def perform(self, steps: list[Step]) -> None:
        """All steps, in their order; keys between tables once all tables stand."""
        perform = {
            "create_table": self._create_table,
            "add_field": self._add_field,
            "create_index": self._create_index,
            "drop_index": self._drop_index,
        }
        for step in steps:
            if step.kind in perform:
                perform[step.kind](step)
            elif step.kind in data_steps.PERFORM:
                self._add_missing(step)
                data_steps.PERFORM[step.kind](self.connection, self.tables, self.model, step, self.at)
            chaos.point("apply")
        touched = [step for step in steps if step.kind in ("create_table", "add_field")]
        if self.dialect == "postgresql":
            # Before any row is made: PostgreSQL alters no table on which checks are still to be made.
            for step in touched:
                self._add_keys(step)
        self._fill([step for step in steps if step.kind in FILLED])
        if self.dialect == "sqlite":
            self._check_keys({self.tables.entities[step.entity].name for step in touched})

    def _create_table(self, step: Step) -> None:
        table = self.tables.entities[step.entity]
        # SQLite lets a key name a table that comes later; PostgreSQL gets them when all tables stand.
        keys: list[sa.ForeignKeyConstraint] | None = None if self.dialect == "sqlite" else []
        self.operations.execute(sa.schema.CreateTable(table, include_foreign_key_constraints=keys))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            self._make(index)
        search.create(self.connection, self.tables, step.entity)

    def _add_field(self, step: Step) -> None:
        table = self.tables.entities[step.entity]
        for name in step.columns:
            column = sa.Column(name, table.c[name].type, nullable=table.c[name].nullable)
            key = next((key for key in table.foreign_key_constraints if name in key.column_keys), None)
            if key is not None and self.dialect == "sqlite":
                target = f"{key.referred_table.name}.id"
                column.append_foreign_key(sa.ForeignKey(target, name=key.name, deferrable=True, initially="DEFERRED"))
            self.operations.add_column(table.name, column, inline_references=bool(column.foreign_keys))

    def _add_missing(self, step: Step) -> None:
        """Columns of normalised text are no fields of their own: they come with what fills them."""
        table = self.tables.entities[step.entity]
        if step.kind == "fill_keys" and step.columns[0] not in self._columns(table.name):
            self.operations.add_column(table.name, sa.Column(step.columns[0], table.c[step.columns[0]].type))

    def _columns(self, table: str) -> set[str]:
        return {column["name"] for column in sa.inspect(self.connection).get_columns(table)}

    def _add_keys(self, step: Step) -> None:
        table = self.tables.entities[step.entity]
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name)):
            if step.kind == "add_field" and key.column_keys[0] not in step.columns:
                continue
            self.operations.create_foreign_key(
                str(key.name), table.name, key.referred_table.name, list(key.column_keys), ["id"],
                deferrable=True, initially="DEFERRED",
            )  # fmt: skip

    def _create_index(self, step: Step) -> None:
        for index in self.tables.entities[step.entity].indexes:
            if index.name == step.name:
                self._make(index)

    def _drop_index(self, step: Step) -> None:
        self.operations.drop_index(step.name, self.tables.entities[step.entity].name, if_exists=True)

    def _make(self, index: sa.Index) -> None:
        if fits(index, self.dialect):
            self.operations.execute(sa.schema.CreateIndex(index))

    def _fill(self, steps: list[Step]) -> None:
        if any(step.rows for step in steps):
            assert self.backfill is not None, "nobody was named who works the formulas out"
            self.backfill(self.connection, steps)
            chaos.point("apply")

    def _check_keys(self, tables: set[str]) -> None:
        """Foreign keys rested while the tables changed: nothing may hang in the air now."""
        for table in sorted(tables):
            broken = self.connection.exec_driver_sql(f"PRAGMA foreign_key_check({table})").fetchall()
            assert not broken, f"{table}: {len(broken)} rows link to nothing"


def _versions(model: Model) -> dict[str, object]:
    try:
        engine = importlib.metadata.version("forme-crm")
    except importlib.metadata.PackageNotFoundError:
        engine = "unknown"
    return {
        "forme": engine,
        "snapshot": snapshot.FORMAT,
        "packs": list(model.app.packs),
        "plugins": list(model.app.plugins),
    }


def _back_up(database: Database, model: Model) -> None:
    """Copy a SQLite file that holds a revision other than this one; keep the last few copies."""
    if database.path is None:
        return
    with database.reading() as connection:
        number = revisions.current_number(connection)
        current = revisions.current(connection) if number else None
    if current is None or current.snapshot["sources"] == snapshot.digest_of(model.sources):
        return
    folder = Path(database.path).parent / "backups"
    name = f"revision-{current.number:06}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.db"
    sqlite.backup(database.path, folder / name)
    for old in sorted(folder.glob("revision-*.db"))[:-BACKUPS_KEPT]:
        old.unlink()
