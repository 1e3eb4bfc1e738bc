"""The columns of a list or a record in SQL, and what their values mean: links with titles, masks, secrets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.expression.nodes import TEXT, Path, Step
from engine.expression.sql import Source, to_sql
from engine.kinds import Shower
from engine.model import Entity, Field
from engine.runtime.inquiry import Inquiry
from engine.runtime.titles import Linked, TitlePlan, companion_path, plan_title, titles
from engine.store.prepared import Row
from engine.store.queries import RecordSql
from engine.store.sight import Reading, covers

JOINS_MAX = 40
"""SQLite joins at most 64 tables, and rules may bring some of their own."""
HIDDEN = "•••"
"""What stands for a value whose field says no mask."""


class Masked(str):
    """The mask of a value that this asker may not see."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a page."""

    name: str
    field: Field
    masked: bool = False
    """Whether it may hold masks: it can then not be filtered or sorted by."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a column's value stands in the raw row; the plainest kind is just that."""

    column: Column
    index: int

    def value(self, row: Row, shower: Shower) -> Any:
        """The value as a reader of the page gets it."""
        return row[self.index]


@dataclass(frozen=True, slots=True)
class MaskedCell(Cell):
    """A value that is masked on some rows or on all."""

    flag: int | None = None
    """Where it stands whether this row's value is masked; None masks all."""

    def value(self, row: Row, shower: Shower) -> Any:
        """The value, or its mask."""
        value = row[self.index]
        if value is None or (self.flag is not None and not row[self.flag]):
            return value
        return Masked(mask(self.column.field, value, shower))


@dataclass(frozen=True, slots=True)
class CompanionCell(Cell):
    """A value that is told together with another one: an amount in its record's currency."""

    inner: Cell
    companion: int | None
    """Where that stands; None where the asker may not see it."""

    def value(self, row: Row, shower: Shower) -> Any:
        """Both together; a mask stays one."""
        value = self.inner.value(row, shower)
        if value is None or isinstance(value, Masked):
            return value
        return self.column.field.kind.beside(value, "" if self.companion is None else row[self.companion])


@dataclass(frozen=True, slots=True)
class LinkCell(Cell):
    """A link to a record of one entity."""

    target: str = ""
    seen: int = 0
    """Where the linked record's id stands if the asker may see that record."""
    plan: TitlePlan | None = None
    start: int = 0
    """Where the values of its title begin."""
    found: int | None = None
    """Where the title stands that a computed link has kept."""

    def value(self, row: Row, shower: Shower) -> Linked | None:
        """The id, with the title if it may be known."""
        id = row[self.index]
        if id is None:
            return None
        assert self.plan is not None
        if row[self.seen] is None:
            return Linked(self.target, id, None)
        if self.found is not None and row[self.found]:
            return Linked(self.target, id, row[self.found])
        return Linked(self.target, id, self.plan.text(id, row, shower, self.start))


@dataclass(frozen=True, slots=True)
class LateCell(Cell):
    """A link whose title is asked for afterwards: to one of several entities, kept as `entity:id`, or one past
    the number of tables that a query may join."""

    target: str = ""

    def value(self, row: Row, shower: Shower) -> Linked | None:
        """The entity and id."""
        value = row[self.index]
        if value is None:
            return None
        if self.target:
            return Linked(self.target, value, None)
        entity, _, id = str(value).partition(":")
        return Linked(entity, int(id), None)


@dataclass(slots=True)
class Cells:
    """The columns of some fields of one entity, on top of a subquery that has chosen the ids."""

    entity: Entity
    sql: RecordSql
    source: Source
    selected: list[Any] = field(default_factory=list)
    joins: list[tuple[Any, Any]] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    titles: tuple[TitlePlan, int] | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns in order."""
        return tuple(cell.column for cell in self.cells)

    @property
    def plain(self) -> bool:
        """Whether raw rows are what readers get, but for what stands behind their columns."""
        return all(type(cell) is Cell for cell in self.cells)

    def select(self) -> list[Any]:
        """What to select: id, version, then whatever the columns need."""
        return self.selected

    def join(self, page: sa.FromClause) -> sa.FromClause:
        """The chosen ids with their rows and the records that these link to."""
        alias = self.source.alias
        return self._with_links(page.join(alias, alias.c.id == page.c.id))

    def direct(self) -> sa.FromClause:
        """The rows themselves, with the records that these link to."""
        return self._with_links(self.source.alias)

    def _with_links(self, joined: sa.FromClause) -> sa.FromClause:
        for target, condition in self.joins:
            joined = joined.outerjoin(target, condition)
        return joined

    def rows(self, rows: Iterable[Row], inquiry: Inquiry) -> tuple[Row, ...]:
        """(id, version, value of each column) for each raw row."""
        width = 2 + len(self.cells)
        if self.plain:
            return tuple(row[:width] for row in rows)
        shower = inquiry.shower
        # Values stand in order behind id and version: only those that are more than their value are touched.
        others = [(place, cell.value) for place, cell in enumerate(self.cells, start=2) if type(cell) is not Cell]
        found = []
        for row in rows:
            values = list(row[:width])
            for place, value in others:
                values[place] = value(row, shower)
            found.append(tuple(values))
        return tuple(found)

    def title(self, row: Row, shower: Shower) -> str:
        """What the row's record is called."""
        assert self.titles is not None
        plan, start = self.titles
        return plan.text(row[0], row, shower, start)

    def _add(self, column: Any) -> int:
        self.selected.append(column.label(f"c{len(self.selected)}"))
        return len(self.selected) - 1


def plan_cells(
    sql: RecordSql, entity: Entity, names: Sequence[str], *, titles: bool = False, alias: sa.FromClause | None = None
) -> Cells:
    """The columns of these fields, each as the asker may see it; of the rows of `alias`, where that is given."""
    source = Source(entity.name, sql.tables.entities[entity.name].alias() if alias is None else alias, None)
    cells = Cells(entity, sql, source)
    cells.selected = [source.alias.c.id.label("c0"), source.alias.c.version.label("c1")]
    # Values first, in order: where no column needs more than its value, a row is a slice.
    values = [(name, cells._add(_value(sql, source, entity.fields[name]))) for name in names]
    for name, index in values:
        cells.cells.append(_cell(cells, entity.fields[name], index))
    if titles:
        plan = plan_title(sql, source)
        start = len(cells.selected)
        for column in plan.columns:
            cells._add(column)
        cells.titles = (plan, start)
    return cells


def _value(sql: RecordSql, source: Source, known: Field) -> Any:
    """The value wherever it, or its mask, may be shown; of a secret only whether there is one."""
    reading = sql.reading(known.entity, known.name)
    if not reading.masked and not known.kind.secret:
        return sql.column(source, known.entity, known.name)
    value = sql.value(source, known)
    shown = sql.condition(source, (*reading.open, *reading.masked))
    if known.kind.secret:
        value = sa.case((value.is_not(None), sa.literal(1, sa.Integer())))
    return value if shown is None else sa.case((shown, value))


def _cell(cells: Cells, known: Field, index: int) -> Cell:
    cell = _own_cell(cells, known, index)
    if known.kind.companion() is None:
        return cell
    beside = companion_of(cells.sql, cells.source, known)
    return CompanionCell(cell.column, index, cell, None if beside is None else cells._add(beside))


def companion_of(sql: RecordSql, source: Source, known: Field) -> sa.ColumnElement[Any] | None:
    """What a field's values are told together with, as a column; None where the asker may not see it.

    A lookup shows another record's value, which stands there beside its own companion.
    """
    name = known.kind.companion()
    at = known.computed.node if known.declared == "lookup" and known.computed is not None else None
    entity = at.steps[-1].entity if isinstance(at, Path) else known.entity
    if name is None or not sql.reading(entity, name).everywhere:
        return None
    if isinstance(at, Path):
        return to_sql(Path(at.root, (*at.steps[:-1], Step(entity, name)), TEXT), sql, source)
    return sql.column(source, entity, name)


def _own_cell(cells: Cells, known: Field, index: int) -> Cell:
    reading = cells.sql.reading(known.entity, known.name)
    if known.kind.secret:
        return MaskedCell(Column(known.name, known, masked=True), index)
    if reading.masked:
        return _masked(cells, known, index, reading)
    column = Column(known.name, known)
    if known.kind.key == "any_link":
        return LateCell(column, index)
    type_ = known.kind.expression_type()
    if type_.kind == "record" and type_.entity is not None:
        if len(cells.joins) == JOINS_MAX:
            return LateCell(column, index, type_.entity)
        return _link(cells, column, index, type_.entity)
    return Cell(column, index)


def _masked(cells: Cells, known: Field, index: int, reading: Reading) -> Cell:
    column = Column(known.name, known, masked=True)
    if not reading.open:
        return MaskedCell(column, index)
    opened = cells.sql.holds(cells.source, reading.open)
    flag = cells._add(sa.case((opened, sa.literal(0, sa.Integer())), else_=sa.literal(1, sa.Integer())))
    return MaskedCell(column, index, flag)


def _link(cells: Cells, column: Column, index: int, target: str) -> LinkCell:
    sql, known = cells.sql, column.field
    computed = known.computed is not None and known.stored
    there = sql.readable_or_deleted(target) if computed else sql.open(target)
    link = sql.column(cells.source, known.entity, known.name)
    matches = there.alias.c.id == link
    cells.joins.append((there.alias, matches if there.condition is None else sa.and_(matches, there.condition)))
    seen = cells._add(there.alias.c.id)
    plan = plan_title(sql, there)
    start = len(cells.selected)
    for part in plan.columns:
        cells._add(part)
    kept = cells.source.alias.c.get(f"{known.name}__title")
    found = cells._add(kept) if computed and kept is not None and title_is_open(sql, target) else None
    return LinkCell(column, index, target, seen, plan, start, found)


def title_is_open(sql: RecordSql, entity: str) -> bool:
    """Whether every part of the title may be read wherever the record may: then a kept title shows nothing more."""
    if sql.sight is None:
        return True
    known = sql.model.entities[entity]
    named = [path for part in known.title if not isinstance(part, str) for path in part.paths()]
    paths = [*named, *filter(None, (companion_path(sql.model, path) for path in named))]
    rows = sql.sight.rows("read", entity)
    return all(
        len(path.steps) == 1 and covers(sql.sight.reads(entity, path.steps[0].field).open, rows) for path in paths
    )


def mask(known: Field, value: Any, shower: Shower) -> str:
    """The mask of a value: `*` hides a character and `#` shows it, laid on from the end.

    The mask is as long as its pattern, so that it does not tell how long the value is; a value so short that the
    pattern would show all of it is hidden whole.
    """
    pattern = known.mask
    if known.kind.secret or not pattern or not isinstance(value, str):
        return HIDDEN
    shown = sum(character == "#" for character in pattern)
    if len(value) <= shown:
        return "".join("*" if character == "#" else character for character in pattern)
    padded = value.rjust(len(pattern), "*")[-len(pattern) :]
    return "".join(own if character == "#" else character for character, own in zip(pattern, padded, strict=True))


def with_titles(inquiry: Inquiry, rows: tuple[Row, ...], cells: Cells) -> tuple[Row, ...]:
    """The rows with the titles that were not joined: one query for each entity that they name."""
    places = {place for place, cell in enumerate(cells.cells, start=2) if isinstance(cell, LateCell)}
    links = [row[place] for row in rows for place in places if row[place] is not None]
    if not links:
        return rows
    entities = sorted({link.entity for link in links if link.entity in inquiry.model.entities})
    found = {name: titles(inquiry, name, (link.id for link in links if link.entity == name)) for name in entities}

    def named(place: int, value: Any) -> Any:
        if place not in places or value is None:
            return value
        return value._replace(title=found.get(value.entity, {}).get(value.id))

    return tuple(tuple(named(place, value) for place, value in enumerate(row)) for row in rows)
