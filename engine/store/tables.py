"""The tables of a model: real columns for every stored field, on both databases alike."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from engine.columns import BigInteger, Moment, PlainText
from engine.kinds import FieldType
from engine.model import Entity, Field, Model
from engine.store import engine_tables
from engine.store.kept import Kept

NAME_MAX: Final = 63
"""PostgreSQL cuts longer names off, silently."""
FILTERS_INDEXED_MAX: Final = 3
"""Quick filters that one index serves together; every index costs each save a little."""
RECORD: Final = frozenset(
    {"id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "stage_since"}
)
"""Columns that the engine keeps for records of every entity."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables(engine_tables.EngineTables):
    """All tables of one model, in a MetaData of their own."""

    metadata: sa.MetaData
    entities: Mapping[str, sa.Table]
    """By entity; `user` and `team` are in forme_user and forme_team."""
    keys: Mapping[str, Mapping[str, str]]
    """By entity: the text fields that are unique (alone or together) -> their column of normalised text."""
    searched: Mapping[str, tuple[str, ...]]
    """By entity: the fields with `search: true`, where there are any."""
    verbatim: Mapping[str, frozenset[str]]
    """Of these, the fields that are found by just the text that is stored (a choice is found by its words)."""
    statements: Kept = dataclasses.field(default_factory=Kept, init=False)
    """Statements built once and used again."""


def build_tables(model: Model) -> Tables:
    """Lay out the tables of a model. Nothing is created; see plan and apply."""
    metadata = sa.MetaData()
    keys = {name: _key_columns(entity) for name, entity in model.entities.items()}
    entities = {name: _table(model, entity, keys[name], metadata) for name, entity in model.entities.items()}
    return Tables(
        metadata=metadata,
        entities=entities,
        keys=keys,
        searched={name: found for name, entity in model.entities.items() if (found := _searched(entity))},
        verbatim={name: _verbatim(entity) for name, entity in model.entities.items()},
        **engine_tables.define(metadata),
    )


def table_name(entity: Entity) -> str:
    """The name of an entity's table."""
    return entity.table or entity.name


def linked(field: Field) -> str | None:
    """The entity whose records a stored link field points at, where that is one entity."""
    type_ = field.kind.expression_type()
    return type_.entity if field.stored and type_.kind == "record" else None


def field_columns(entity: Entity, field: Field) -> Iterator[sa.Column[Any]]:
    """The columns that keep one declared field: itself, and what stands beside it."""
    if not field.stored or field.name in RECORD or _is_parent(entity, field):
        return
    yield sa.Column(field.name, field.kind.column())
    if field.override:
        yield sa.Column(f"{field.name}__typed", field.kind.column())
    if field.computed is not None and field.kind.expression_type().kind == "record":
        yield sa.Column(f"{field.name}__title", PlainText())
    if entity.stage == field.name:
        yield sa.Column(f"{field.name}__pipeline", PlainText())


def _table(model: Model, entity: Entity, keys: Mapping[str, str], metadata: sa.MetaData) -> sa.Table:
    name = table_name(entity)
    columns = list(_record_columns(entity))
    for field in entity.fields.values():
        columns.extend(field_columns(entity, field))
    columns.extend(sa.Column(column, PlainText()) for column in keys.values())
    table = sa.Table(
        name, metadata, *columns, *_foreign_keys(model, entity), sqlite_strict=True, sqlite_autoincrement=True
    )
    if entity.owned_by:
        table.info["parent"] = entity.owned_by[0]
    for _ in _indexes(entity, table, keys):
        pass  # an index belongs to its table as soon as it is made
    return table


def _record_columns(entity: Entity) -> Iterator[sa.Column[Any]]:
    yield sa.Column("id", BigInteger(), sa.Identity(always=False), primary_key=True)
    yield sa.Column("version", BigInteger(), nullable=False)
    yield sa.Column("created_at", Moment(), nullable=False)
    yield sa.Column("created_by", BigInteger())
    yield sa.Column("updated_at", Moment(), nullable=False)
    yield sa.Column("updated_by", BigInteger())
    yield sa.Column("deleted_at", Moment())
    yield sa.Column("deleted__with", PlainText())
    if entity.stage:
        yield sa.Column("stage_since", Moment())
    if entity.owned_by:
        yield sa.Column(entity.owned_by[0], BigInteger(), nullable=False)
        yield sa.Column("line__position", BigInteger(), nullable=False)


def _foreign_keys(model: Model, entity: Entity) -> Iterator[sa.ForeignKeyConstraint]:
    """Deletion is soft, so keys are a guard only, looked at when the transaction ends."""
    links = [(entity.owned_by[0], entity.owned_by[0])] if entity.owned_by else []
    own = {column.name for field in entity.fields.values() for column in field_columns(entity, field)}
    for field in entity.fields.values():
        target = linked(field)
        # A computed link keeps the id that it found, whatever becomes of that record.
        if target in model.entities and field.computed is None and field.name in own:
            links.append((field.name, str(target)))
    for column, target in links:
        yield sa.ForeignKeyConstraint(
            [column],
            [f"{table_name(model.entities[target])}.id"],
            name=short_name("fk", table_name(entity), column),
            deferrable=True,
            initially="DEFERRED",
        )


def _indexes(entity: Entity, table: sa.Table, keys: Mapping[str, str]) -> Iterator[sa.Index]:
    """Every index of an entity's table. Making one attaches it to its table."""
    live = table.c.deleted_at.is_(None)
    newest = (table.c.updated_at.desc(), table.c.id.desc())
    yield _index("list", table, newest, where=live)
    yield _index("deleted", table, (table.c.deleted_at,), where=table.c.deleted_at.is_not(None))
    yield _index("deleted_with", table, (table.c.deleted__with,), where=table.c.deleted_at.is_not(None))
    if entity.owned_by:
        yield _index("lines", table, (table.c[entity.owned_by[0]], table.c.line__position))
    if entity.stage:
        yield _index(entity.stage, table, (table.c[entity.stage], *newest), where=live)
    for field in entity.fields.values():
        if field.name not in table.c or field.name in RECORD or _is_parent(entity, field):
            continue
        if field.kind.expression_type().kind == "record":
            # Row rules name the owner and lists are newest first: such a page is one walk along this index.
            of_person = linked(field) in ("user", "team")
            yield _index(field.name, table, (table.c[field.name], *(newest if of_person else ())), where=live)
    for fields in entity.unique_sets:
        columns = tuple(table.c[keys.get(name, name)] for name in fields)
        yield sa.Index(
            short_name("uq", table.name, *fields), *columns, unique=True, sqlite_where=live, postgresql_where=live
        )
    yield from _list_indexes(entity, table)


def _index(suffix: str, table: sa.Table, columns: tuple[sa.ColumnElement[Any], ...], *, where: Any = None) -> sa.Index:
    return sa.Index(short_name("ix", table.name, suffix), *columns, sqlite_where=where, postgresql_where=where)


def _list_indexes(entity: Entity, table: sa.Table) -> Iterator[sa.Index]:
    """The order of the entity's list, alone and behind each of its quick filters, and behind them together."""
    sort = entity.list.sort or ("-updated_at",)
    if any(name.removeprefix("-") not in table.c for name in sort):
        return
    filters = tuple(name for name in entity.list.filters if name in table.c)
    # Row rules name a person: whoever sees only their own records gets them in the list's order by one walk.
    people = [f.name for f in entity.fields.values() if f.name in table.c and linked(f) in ("user", "team")]
    leads: dict[tuple[str, ...], None] = {(name,): None for name in (*filters, *people) if name not in RECORD}
    if len(filters) > 1:
        leads[filters[:FILTERS_INDEXED_MAX]] = None
    leads[()] = None
    if sort == ("-updated_at",):
        # The newest first: alone, by person and by stage there are indexes already.
        for name in (*people, *([entity.stage] if entity.stage else [])):
            leads.pop((name,), None)
        leads.pop(())
    for lead in leads:
        yield from _ordered_index(table, lead, sort)


def _ordered_index(table: sa.Table, lead: tuple[str, ...], sort: tuple[str, ...]) -> Iterator[sa.Index]:
    down = [item.startswith("-") for item in sort]
    keys = [*((table.c[item.removeprefix("-")], falls) for item, falls in zip(sort, down, strict=True))]
    keys.append((table.c.id, down[0]))
    live = table.c.deleted_at.is_(None)
    name = short_name("ix", table.name, "sort", *lead)
    for dialect in ("sqlite", "postgresql"):
        order = [in_order(column, down=falls, dialect=dialect) for column, falls in keys]
        index = sa.Index(name, *(table.c[f] for f in lead), *order, sqlite_where=live, postgresql_where=live)
        index.info["dialect"] = dialect
        yield index


def in_order(column: sa.ColumnElement[Any], *, down: bool, dialect: str) -> sa.ColumnElement[Any]:
    """The order of lists, empty values last. SQLite reads its plain indexes so, and refuses to be told in one.

    PostgreSQL walks along an index only where the list says the very same, and does not of what is never empty.
    """
    ordered = column.desc() if down else column.asc()
    return ordered if dialect == "sqlite" or not column.nullable else ordered.nulls_last()


def fits(thing: sa.Table | sa.Index, dialect: str) -> bool:
    """Whether a table or index is made on this kind of database."""
    return bool(thing.info.get("dialect", dialect) == dialect)


def _key_columns(entity: Entity) -> dict[str, str]:
    names = {name for fields in entity.unique_sets for name in fields}
    return {
        name: f"{name}__key"
        for name, field in entity.fields.items()
        if name in names and field.stored and not field.system and field.kind.expression_type().kind == "text"
    }


def _searched(entity: Entity) -> tuple[str, ...]:
    return tuple(field.name for field in entity.fields.values() if field.search and field.stored)


def _verbatim(entity: Entity) -> frozenset[str]:
    return frozenset(
        name
        for name in _searched(entity)
        if isinstance(entity.fields[name].kind.column(), PlainText)
        and type(entity.fields[name].kind).search_text is FieldType.search_text
    )


def _is_parent(entity: Entity, field: Field) -> bool:
    return entity.owned_by is not None and field.name == entity.owned_by[0]


def short_name(*parts: str) -> str:
    """A name for an index or key: the same for the same parts, different for different ones, never too long."""
    name = "__".join(parts)
    if len(name) <= NAME_MAX:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:10]
    return f"{name[: NAME_MAX - 12]}__{digest}"
