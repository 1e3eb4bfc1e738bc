"""Reading one record with its lines, and what the asker may do with it: a query for each entity of the tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.change import Actor, NotFound
from engine.columns import BigInteger
from engine.model import Entity, Field, Stage
from engine.runtime.cells import Cells, plan_cells, with_titles
from engine.runtime.inquiry import Inquiry, inquire, known_entity
from engine.runtime.rights import WriteClause
from engine.runtime.site import Site
from engine.store.prepared import Prepared, Row
from engine.store.sight import Clause, Clauses, always


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record (or line) as one asker may see it."""

    entity: Entity = field(repr=False)
    id: int
    version: int
    title: str
    values: Mapping[str, Any]
    """By field: what may be read. A link is a Linked, a masked value a Masked; a hidden field is not there."""
    invisible: frozenset[str] = frozenset()
    """Fields that do not show on this record because of their `visible_when`: empty for everybody."""
    editable: frozenset[str] = frozenset()
    """Fields that the asker may change as the record stands; the rules on what it would become are the save's."""
    typed: frozenset[str] = frozenset()
    """Computed fields that a person has typed over."""
    may: frozenset[str] = frozenset()
    """Of update, delete, restore and export: what is granted on this record as it stands."""
    lines: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    """By lines field that may be read: its records in order."""
    pipeline: str | None = None
    """The pipeline that the record follows."""
    moves: tuple[str, ...] = ()
    """Stages that it may be moved to, as far as the pipeline and the roles say."""
    deleted_at: datetime | None = None
    """Of a record in the recycle bin."""


def read_record(site: Site, actor: Actor, entity: str, id: int, *, deleted: bool = False) -> Record:
    """The record as the actor may see it; from the recycle bin when `deleted`.

    Raises NotFound: there is none, or the actor may not know of it, or it is (not) deleted.
    """
    with inquire(site, actor) as inquiry:
        return read_record_in(inquiry, entity, id, deleted=deleted)


def read_record_in(inquiry: Inquiry, entity: str, id: int, *, deleted: bool = False) -> Record:
    """As `read_record`, within a reading that is open already."""
    known = known_entity(inquiry, entity)
    plan = _plan(inquiry, known, deleted=deleted)
    found = plan.read(inquiry, id)
    if not found:
        raise NotFound(entity)
    record = found[0][1]
    return record if deleted else _with_lines(inquiry, record)


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """How the records of one entity are read under one set of rights."""

    entity: Entity
    statement: Prepared
    cells: Cells
    parent_at: int
    """Where the parent's id stands; deleted_at, the pipeline and what is typed over follow."""
    typed: tuple[str, ...]
    flags: Flags

    def read(self, inquiry: Inquiry, id: int) -> list[tuple[int, Record]]:
        """The records of this id (of lines: all below the root with this id), each with its parent's id."""
        rows = self.statement.rows(inquiry.connection, {**inquiry.values, "sought": id})
        shown = with_titles(inquiry, self.cells.rows(rows, inquiry), self.cells)
        return [
            (row[self.parent_at], self.record(inquiry, row, values)) for row, values in zip(rows, shown, strict=True)
        ]

    def record(self, inquiry: Inquiry, row: Row, values: Row) -> Record:
        """One record from its row."""
        names = [column.name for column in self.cells.columns]
        hidden = {name for name, at in self.flags.shown.items() if not row[at]}
        held = {name: value for name, value in zip(names, values[2:], strict=True) if name not in hidden}
        pipeline = row[self.parent_at + 2]
        may = frozenset(verb for verb, at in self.flags.may.items() if row[at])
        editable = frozenset(name for name, at in self.flags.editable.items() if row[at])
        return Record(
            entity=self.entity,
            id=row[0],
            version=row[1],
            title=self.cells.title(row, inquiry.shower),
            values=held,
            invisible=frozenset(name for name, at in self.flags.visible.items() if name in held and not row[at]),
            editable=editable,
            typed=frozenset(
                name for at, name in enumerate(self.typed, start=self.parent_at + 3) if row[at] and name in held
            ),
            may=may,
            pipeline=pipeline,
            moves=_moves(inquiry, self.entity, pipeline, held) if self.entity.stage in editable else (),
            deleted_at=row[self.parent_at + 1],
        )


@dataclass(slots=True)
class Flags:
    """Yes or no of each row: what may be read, changed and done, where it depends on the row."""

    selected: list[Any] = field(default_factory=list)
    places: dict[Any, int] = field(default_factory=dict)
    shown: dict[str, int] = field(default_factory=dict)
    visible: dict[str, int] = field(default_factory=dict)
    editable: dict[str, int] = field(default_factory=dict)
    may: dict[str, int] = field(default_factory=dict)

    def add(self, key: Any, condition: Any, start: int) -> int:
        """Where this condition stands in the row; the same condition stands there once."""
        if key not in self.places:
            self.places[key] = start + len(self.selected)
            flag = sa.case((condition, sa.literal(1, sa.Integer())), else_=sa.literal(0, sa.Integer()))
            self.selected.append(flag.label(f"flag_{len(self.selected)}"))
        return self.places[key]


def _plan(inquiry: Inquiry, entity: Entity, *, deleted: bool = False) -> RecordPlan:
    key = ("record", entity.name, deleted, inquiry.access.key)
    return inquiry.site.kept.get(key, lambda: _make_plan(inquiry, entity, deleted=deleted))


def _make_plan(inquiry: Inquiry, entity: Entity, *, deleted: bool) -> RecordPlan:
    sql = inquiry.sql
    cells = plan_cells(sql, entity, shown_fields(inquiry, entity), titles=True)
    alias = cells.source.alias
    parent = alias.c[entity.owned_by[0]] if entity.owned_by else alias.c.id
    pipeline = alias.c[f"{entity.stage}__pipeline"] if entity.stage else sa.null()
    typed = tuple(name for name, known in entity.fields.items() if known.override and f"{name}__typed" in alias.c)
    extra = [parent, alias.c.deleted_at, pipeline, *(alias.c[f"{name}__typed"].is_not(None) for name in typed)]
    start = len(cells.select())
    flags = _flags(inquiry, entity, cells, start + len(extra))
    base = sql.opened(entity.name, "restore" if deleted else "read", deleted=deleted)
    chosen = sa.select(base.alias.c.id).where(_sought(inquiry, entity, base.alias))
    if base.condition is not None:
        chosen = chosen.where(base.condition)
    labelled = [column.label(f"extra_{number}") for number, column in enumerate(extra)]
    order = [alias.c.line__position, alias.c.id] if entity.owned_by else [alias.c.id]
    statement = (
        sa.select(*cells.select(), *labelled, *flags.selected)
        .select_from(cells.join(chosen.subquery("page")))
        .order_by(*order)
    )
    return RecordPlan(entity, Prepared(statement, inquiry.connection.dialect, steady=True), cells, start, typed, flags)


def shown_fields(inquiry: Inquiry, entity: Entity) -> tuple[str, ...]:
    """The fields with a value of their own of which the asker may see anything."""
    return tuple(
        name
        for name, known in entity.fields.items()
        if (known.stored or known.computed is not None) and not inquiry.access.reading(entity.name, name).hidden
    )


def _sought(inquiry: Inquiry, entity: Entity, alias: sa.FromClause) -> sa.ColumnElement[bool]:
    """The record itself; of lines all that stand below the root record."""
    sought = sa.bindparam("sought", None, type_=BigInteger())
    if entity.owned_by is None:
        return alias.c.id == sought
    column, above = alias.c[entity.owned_by[0]], inquiry.model.entities[entity.owned_by[0]]
    if above.owned_by is None:
        return column == sought
    table = inquiry.site.tables.entities[above.name].alias()
    middle = sa.select(table.c.id).where(table.c[above.owned_by[0]] == sought)
    return column.in_(middle.correlate_except(table))


def _flags(inquiry: Inquiry, entity: Entity, cells: Cells, start: int) -> Flags:
    """Every condition that decides something about a row."""
    flags, rights, sql, source = Flags(), inquiry.access.rights, inquiry.sql, cells.source
    for column in cells.columns:
        reading = inquiry.access.reading(entity.name, column.name)
        somewhere = (*reading.open, *reading.masked)
        if not reading.everywhere and not always(somewhere):
            flags.shown[column.name] = flags.add(somewhere, sql.holds(source, somewhere), start)
        if column.field.visible_when is not None:
            visible = sql.shows(source, column.field)
            flags.visible[column.name] = flags.add(("visible", column.name), visible, start)
    for name in entity.fields:
        clauses = _before(rights.writes(entity.name, name))
        if entity.fields[name].writable and clauses and inquiry.access.reading(entity.name, name).open:
            flags.editable[name] = flags.add(clauses, sql.holds(source, clauses), start)
    verbs: Mapping[str, Clauses] = {
        "update": _before(rights.writes(entity.name)),
        "delete": rights.rows("delete", entity.name),
        "restore": rights.rows("restore", entity.name),
        "export": rights.rows("export", entity.name),
    }
    for verb, clauses in verbs.items():
        flags.may[verb] = flags.add(clauses, sql.holds(source, clauses), start)
    return flags


def _before(clauses: Sequence[WriteClause]) -> Clauses:
    return tuple(Clause(clause.role, clause.before) for clause in clauses)


def _with_lines(inquiry: Inquiry, record: Record) -> Record:
    """The record with the lines below it that the asker may see, two levels down."""
    return _nested(inquiry, record.entity, [record], record.id)[0]


def _nested(inquiry: Inquiry, entity: Entity, records: list[Record], root: int) -> list[Record]:
    """The records with their lines: for each lines field one query, for all of them at once."""
    lines: list[dict[str, tuple[Record, ...]]] = [{} for _ in records]
    for holder in entity.lines():
        if inquiry.access.reading(entity.name, holder.name).hidden or not records:
            continue
        line = inquiry.model.line_entity(holder)
        found = _plan(inquiry, line).read(inquiry, root)
        below = _nested(inquiry, line, [record for _, record in found], root)
        by_parent: dict[int, list[Record]] = {record.id: [] for record in records}
        for (parent, _), each in zip(found, below, strict=True):
            if parent in by_parent:
                by_parent[parent].append(each)
        for index, record in enumerate(records):
            lines[index][holder.name] = tuple(by_parent[record.id])
    return [replace(record, lines=below) for record, below in zip(records, lines, strict=True)]


def _moves(inquiry: Inquiry, entity: Entity, pipeline: str | None, held: Mapping[str, Any]) -> tuple[str, ...]:
    known = inquiry.model.pipelines.get(pipeline or "")
    if known is None or entity.stage is None:
        return ()
    here = known.stages.get(held.get(entity.stage) or "")
    names = known.stages if here is None or here.moves is None else here.moves
    others = (known.stages[name] for name in names if name in known.stages and known.stages[name] is not here)
    return tuple(stage.name for stage in others if _may_enter(inquiry.actor, stage))


def _may_enter(actor: Actor, stage: Stage) -> bool:
    return actor.system or stage.roles is None or bool(stage.roles & actor.roles)


def related(inquiry: Inquiry, record: Record) -> tuple[tuple[Field, str, str], ...]:
    """The backlinks of a record whose lists the asker may ask for: (field, entity, the link that points here)."""
    found = []
    for name, known in record.entity.fields.items():
        if known.kind.key != "backlink" or inquiry.access.reading(record.entity.name, name).hidden:
            continue
        entity, _, link = str(getattr(known.kind, "of", "")).partition(".")
        if inquiry.vocabulary.knows(entity, link):
            found.append((known, entity, link))
    return tuple(found)
