"""Import and export: files in and out through the same save and browse as everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from engine.change import Actor, Draft, FieldError, Forbidden, InvalidRecord, NotFound, Refused
from engine.kinds import BadValue, Reader, Shower
from engine.messages import message
from engine.model import Entity
from engine.runtime.access import Access
from engine.runtime.browse import Column as PageColumn
from engine.runtime.browse import ListQuery, browse
from engine.runtime.cells import Masked
from engine.runtime.figures import Figures
from engine.runtime.headings import Column, fits_a_cell, key_column, left_out, match_columns
from engine.runtime.inquiry import Inquiry
from engine.runtime.names import ids_by_name, name_of_link
from engine.runtime.permission import rows_of
from engine.runtime.save import save_in
from engine.runtime.session import Session
from engine.runtime.sheets import Row, Sheet, Writer
from engine.runtime.site import Site
from engine.runtime.titles import Linked
from engine.runtime.transaction import StaleSite, in_transaction
from engine.runtime.tree import load_tree
from engine.store import chaos, records, scratch
from engine.store.errors import StoreError
from engine.store.savepoint import Savepoint

CHUNK: Final = 200
"""Rows stored in one transaction: large enough for speed, small enough that others may write between."""
PAGE: Final = 500
NAMED_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that was not stored, and why."""

    line: int
    reason: str
    cells: tuple[str, ...]


@dataclass(slots=True)
class Summary:
    """What became of every row: read = created + updated + skipped + failed."""

    created: int = 0
    updated: int = 0
    skipped: int = 0
    """Rows without any value, and rows that change nothing."""
    failures: list[Failure] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    """Columns that were not imported."""

    def add(self, later: Summary) -> None:
        """Count the rows that came after, too."""
        self.created += later.created
        self.updated += later.updated
        self.skipped += later.skipped
        self.failures += later.failures

    @property
    def failed(self) -> int:
        """How many rows were not stored."""
        return len(self.failures)

    @property
    def read(self) -> int:
        """How many rows the file held."""
        return self.created + self.updated + self.skipped + self.failed


class Stopped(StoreError):
    """An import could not go on half-way: what was stored before stays, and is told."""

    def __init__(self, summary: Summary, cause: str) -> None:
        self.summary = summary
        """Of the rows before."""
        super().__init__(f"{cause} Stopped after {summary.read} rows; nothing of the later ones is stored.")


class _DryRun(Exception):
    """Ends a transaction so that nothing of it stays."""


def import_rows(
    site: Site, actor: Actor, entity: str, sheet: Sheet, *, map: Mapping[str, str] | None = None,
    key: str | None = None, dry_run: bool = False, tell: Callable[[Summary], None] = lambda _: None,
) -> Summary:  # fmt: skip
    """Store every row of a sheet, or say why not.

    Whoever imports needs the grant `import`, of the record as it stands and as it becomes, besides those that a save
    asks for; a row that lacks one of them fails like any other. Without any such grant nothing is read: Forbidden, or
    NotFound where the actor may not know of the entity. Raises Stopped when it cannot go on half-way.

    `map` names the field of a heading (empty leaves the column out); `key` is the field by which standing records
    are found and updated. A dry run stores nothing and tells the same. Raises BadSheet before the first row when
    the columns do not fit.
    """
    access = Access(site, actor)
    known = importable(access, entity)
    columns = match_columns(access, known, sheet.headings, map or {})
    filling = tuple(column for column in columns if column.field.writable)
    importer = _Importer(access, known, filling, key_column(known, columns, key), len(sheet.headings))
    summary = Summary(ignored=left_out(sheet.headings, columns))
    rows = iter(sheet.rows)
    if dry_run:
        with _scratch(site) as there:
            _try(there, actor, lambda session: importer.take(session, rows, summary), summary)
        return summary
    while chunk := list(islice(rows, CHUNK)):

        def store(session: Session, chunk: list[Row] = chunk) -> Summary:
            # The transaction may be tried again: what it counts counts once it has ended.
            stored = Summary()
            importer.take(session, chunk, stored)
            chaos.point("import")
            return stored

        try:
            summary.add(in_transaction(site, actor, store))
        except (StoreError, StaleSite) as error:
            cause = "A newer config was applied meanwhile." if isinstance(error, StaleSite) else str(error)
            raise Stopped(summary, cause) from error
        chaos.point("import")
        tell(summary)
    return summary


@contextmanager
def _scratch(site: Site) -> Iterator[Site]:
    """Where a dry run may write for as long as it takes. SQLite has one writer, whom nobody should wait for that long:
    there it is a copy. On PostgreSQL only what the rows touch is held."""
    path = site.database.path
    if path is None:
        yield site
        return
    with scratch.copied(path) as database:
        yield replace(site, database=database)


def _try(site: Site, actor: Actor, work: Callable[[Session], None], summary: Summary) -> None:
    begun = False

    def carried_out(session: Session) -> None:
        nonlocal begun
        if begun:  # and part of the file is read: it cannot be tried again from here
            raise Stopped(summary, "The database was busy.")
        begun = True
        work(session)
        raise _DryRun

    try:
        in_transaction(site, actor, carried_out)
    except _DryRun:
        return


def importable(access: Access, name: str) -> Entity:
    """The entity, for an actor who may bring records of it in; raises Forbidden, or NotFound where the actor may not
    know of it."""
    model, locale = access.rights.model, access.actor.locale
    entity = model.entities.get(name)
    if entity is None or entity.links_table or not any(access.ever(verb, name) for verb in ("read", "create")):
        raise NotFound(name)
    if not entity.root:
        raise Forbidden(message("lines_with_parent", locale))
    if not access.ever("import", name):
        raise Forbidden(message("may_not_import", locale, entity=entity.label.text(locale)))
    return entity


@dataclass(frozen=True, slots=True)
class _Importer:
    access: Access
    entity: Entity
    filling: tuple[Column, ...]
    """The columns that fill a field."""
    key: Column | None
    width: int
    """How many cells a row may hold: one for each name of the first row."""
    named: dict[tuple[str, str], int] = field(default_factory=dict)
    """Linked records by what the file calls them: many rows name the same few."""

    def take(self, session: Session, rows: Iterable[Row], summary: Summary) -> None:
        """Store rows one by one, each whole or not at all."""
        before = Savepoint(session.connection)
        for row in rows:
            before.move()
            try:
                self.take_row(session, row, summary)
            except Refused as refusal:
                before.go_back()
                session.forget()
                summary.failures.append(Failure(row.line, reason(refusal, self.entity, session.locale), row.cells))

    def take_row(self, session: Session, row: Row, summary: Summary) -> None:
        """Store one row."""
        if not any(cell.strip() for cell in row.cells):
            summary.skipped += 1
            return
        if len(row.cells) > self.width and any(cell.strip() for cell in row.cells[self.width :]):
            raise _refuse("", "too_many_cells", "The row has more cells than the first row has names.")
        values = {column.field.name: self.value(session, column, row) for column in self.filling}
        id, version = self.standing(session, row)
        if id is not None:
            values = {name: value for name, value in values.items() if self.key is None or name != self.key.field.name}
        granted = id is None or self.granted(session, id)
        change = save_in(session, Draft(self.entity.name, values, id=id, version=version, source="csv"))
        # Asked after the save, which says of a record that the actor may not see that there is none.
        if not granted or not self.granted(session, change.id):
            label = self.entity.label.text(session.locale)
            raise Forbidden(session.say("may_not_import", entity=label))
        action = change.action
        if action == "unchanged":
            summary.skipped += 1
        elif action == "created":
            summary.created += 1
        else:
            summary.updated += 1

    def granted(self, session: Session, id: int) -> bool:
        """Whether the actor may import this record, as it is stored now."""
        if any(not clause.rules for clause in self.access.rights.rows("import", self.entity.name)):
            return True
        tree = load_tree(session, self.entity, id, lock=False)
        return tree is None or bool(
            self.access.decide("import", self.entity.name, rows_of(Figures(session, tree), tree.root))
        )

    def value(self, session: Session, column: Column, row: Row) -> Any:
        """The raw value of a cell; a link's is found by what people call the record."""
        cell = row.cells[column.index].strip() if column.index < len(row.cells) else ""
        if not cell or column.target is None:
            return cell or None
        known = self.named.get((column.target, cell))
        return known if known is not None else self.linked(session, column.field.name, column.target, cell)

    def linked(self, session: Session, name: str, target: str, cell: str) -> int:
        """The id of the record that a cell names. That it is still there, and may be seen, is the save's question."""
        found = ids_by_name(Inquiry.on(session.site, session.actor, session.connection), target, cell)
        if len(found) == 1:
            if target != self.entity.name:  # of these the import itself makes more
                if len(self.named) >= NAMED_MAX:
                    self.named.clear()
                self.named[target, cell] = found[0]
            return found[0]
        problem = "There is no such record" if not found else f"{len(found)} records are called so; write #ID"
        raise _refuse(name, "no_such_record", f"{problem}: {cell}")

    def standing(self, session: Session, row: Row) -> tuple[int | None, int | None]:
        """Id and version of the record that the row's key names; (None, None) makes a new one."""
        if self.key is None:
            return None, None
        cell = row.cells[self.key.index].strip() if self.key.index < len(row.cells) else ""
        if not cell:
            raise _refuse(self.key.field.name, "required", "The key is empty.")
        if self.key.field.name == "id":
            found = [int(cell)] if cell.isascii() and cell.isdigit() and len(cell) < 19 else []
        else:
            found = self.holding(session, cell)
        if len(found) > 1:
            raise _refuse(self.key.field.name, "ambiguous", f"{len(found)} records have this key: {cell}")
        rows = records.read(session.connection, session.tables, self.entity.name, found) if found else []
        if not rows or rows[0]["deleted_at"] is not None:
            if self.key.field.name == "id":
                raise NotFound
            return None, None
        return found[0], int(rows[0]["version"])

    def holding(self, session: Session, cell: str) -> list[int]:
        """The records whose key is what the cell says."""
        assert self.key is not None
        field = self.key.field
        try:
            value = field.kind.parse(cell, Reader("csv", session.locale, session.actor.timezone))
        except BadValue as bad:
            label = field.label.text(session.locale)
            raise InvalidRecord((session.error(field.name, bad.code, field=label, **bad.details),)) from bad
        return records.holding(session.connection, session.tables, self.entity.name, {field.name: value})


def _refuse(name: str, code: str, message: str) -> InvalidRecord:
    return InvalidRecord((FieldError(name, code, message),))


def reason(refusal: Refused, entity: Entity, locale: str) -> str:
    """Why a row was not stored, in one line."""
    if isinstance(refusal, NotFound):
        return "There is no such record."
    if not isinstance(refusal, InvalidRecord):
        return str(refusal)
    parts = []
    for error in refusal.errors:
        target = entity.fields.get(error.field)
        name = target.label.text(locale) if target else error.field
        parts.append(f"{name}: {error.message}" if name else error.message)
    return "; ".join(parts)


# ---- export


def export_rows(
    site: Site, actor: Actor, entity: str, *, fields: Sequence[str] = (), where: str = ""
) -> Iterator[tuple[Any, ...]]:
    """A heading row of field ids, then every record that the actor may export, each value as an import reads it.

    Links are their titles; amounts have no thousands separators; dates are ISO.
    """
    known = site.model.entities[entity]
    names = tuple(fields) or exportable(site, actor, known)
    yield ("id", *names)
    query = ListQuery(
        entity=entity, fields=names, where=where, sort=("id",), size=PAGE, total="no", verb="export", source="json"
    )
    while True:
        page = browse(site, actor, query)
        for row in page.rows:
            yield (row[0], *(_cell(site, column, value) for column, value in zip(page.columns, row[2:], strict=True)))
        if page.next is None:
            return
        query = replace(query, after=page.next)


def exportable(site: Site, actor: Actor, entity: Entity) -> tuple[str, ...]:
    """The fields of an entity that fit into cells and that the actor may read."""
    access = Access(site, actor)
    return tuple(
        name
        for name, field in entity.fields.items()
        if name != "id"
        and (field.stored or field.computed is not None)
        and fits_a_cell(field)
        and access.reading(entity.name, name).open
    )


def _cell(site: Site, column: PageColumn, value: Any) -> Any:
    if value is None or isinstance(value, Masked):
        return value
    if isinstance(value, Linked):
        return name_of_link(site.model.entities[value.entity], value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(" ", "seconds")
    return column.field.kind.edit(value, Shower("en", "UTC", ""))


def write_all(rows: Iterable[Sequence[Any]], writer: Writer) -> int:
    """Write a heading row and records; says how many records."""
    count = -1
    for row in rows:
        writer.write(row)
        count += 1
    writer.close()
    return count
