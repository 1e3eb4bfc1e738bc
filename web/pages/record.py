"""The record page: head, stages, figures, facts, lines, related records and history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.model import Entity, Field
from engine.runtime.past import Event, FieldChange
from engine.runtime.record import Record
from web.pages.cells import NOTHING, Cell, Chip, Painter, cell_text, column_css
from web.pages.form import form_sections
from web.pages.moments import moment
from web.visit import Visit

FIGURES_MAX = 6
"""What the strip under the head has room for."""
RELATED_MAX = 5


@dataclass(frozen=True, slots=True)
class Fact:
    """One value with its name."""

    label: str
    cell: Cell
    explain: str = ""
    """Where it is told how a worked-out figure came about."""
    reveal: str = ""
    """Where a secret value is asked for, in clear."""
    hide: str = ""
    """Where it is masked again, when it stands in clear."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Values under a heading."""

    label: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the record's pipeline."""

    name: str
    label: str
    color: str
    current: bool
    allowed: bool
    action: str


@dataclass(frozen=True, slots=True)
class LineColumn:
    """One column of a table of lines."""

    label: str
    css: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line, and the lines below it."""

    cells: tuple[Cell, ...]
    blocks: tuple[LineBlock, ...]


@dataclass(frozen=True, slots=True)
class LineBlock:
    """The lines of one field."""

    id: str
    label: str
    count: int
    columns: tuple[LineColumn, ...]
    rows: tuple[LineRow, ...]


@dataclass(frozen=True, slots=True)
class RelatedItem:
    """One record that links here."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Related:
    """The records that link here by one field."""

    label: str
    count: str
    items: tuple[RelatedItem, ...]
    all_href: str
    new_href: str
    new_label: str


@dataclass(frozen=True, slots=True)
class ShownChange:
    """One value that changed, as words."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """One thing that happened, as words."""

    who: str
    what: str
    at: str
    at_iso: str
    changes: tuple[ShownChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """All that record.html may use."""

    title: str
    kind: str
    initials: str
    hue: int
    version: int
    stage: Chip | None = None
    stages: tuple[Step, ...] = ()
    stage_action: str = ""
    figures: tuple[Fact, ...] = ()
    sections: tuple[Facts, ...] = ()
    lines: tuple[LineBlock, ...] = ()
    related: tuple[Related, ...] = ()
    history: tuple[ShownEvent, ...] = ()
    edit_href: str = ""
    delete_href: str = ""
    copy_action: str = ""
    restore_action: str = ""
    deleted: str = ""
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordBinder:
    """Binds the parts of one record's page."""

    visit: Visit
    entity: Entity
    painter: Painter
    base: str
    """The record's own address."""
    revealable: frozenset[str]
    """Secret fields that this person may have shown."""
    revealed: Mapping[str, str]
    """Those that are shown on this very page."""

    def sections(self, record: Record) -> tuple[Facts, ...]:
        """The facts in the form's sections, then the worked-out ones that no section names."""
        found, above = [], frozenset(self.figure_names(record))
        for section in form_sections(self.entity, self.visit):
            facts = tuple(self.facts([name for name in section.fields if name not in above], record))
            if facts:
                found.append(Facts(section.label, facts))
        return tuple(found)

    def section(self, label: str, facts: tuple[Fact, ...]) -> Facts:
        """Facts under a heading of their own."""
        return Facts(label, facts)

    def facts(self, names: Iterable[str], record: Record) -> Iterable[Fact]:
        """The values that this person may read; a field that does not show on this record is left out."""
        for name in names:
            field = self.entity.fields[name]
            if name not in record.values or name == self.entity.stage or field.kind.key == "backlink":
                continue
            if name not in record.invisible:
                yield self.fact(field, record.values[name])

    def fact(self, field: Field, value: Any) -> Fact:
        """One value; a worked-out one can be explained."""
        label = field.label.text(self.visit.locale)
        if field.name in self.revealed:
            return Fact(label, Cell("text", self.revealed[field.name]), hide=self.base)
        cell = self.painter.cell(field, value, base=self.base)
        explain = f"{self.base}/explain/{field.name}" if field.computed is not None and field.stored else ""
        reveal = f"{self.base}/reveal/{field.name}" if field.name in self.revealable else ""
        return Fact(label, cell, explain, reveal)

    def figures(self, record: Record) -> tuple[Fact, ...]:
        """The worked-out figures of the record itself: what its page is opened for."""
        return tuple(self.fact(self.entity.fields[name], record.values[name]) for name in self.figure_names(record))

    def figure_names(self, record: Record) -> list[str]:
        """The fields that stand in the strip of figures."""
        names = [
            name for name, field in self.entity.fields.items()
            if field.computed is not None and field.kind.align == "end" and record.values.get(name) is not None
        ]  # fmt: skip
        return names[:FIGURES_MAX]

    def blocks(self, entity: Entity, record: Record, path: str = "l") -> tuple[LineBlock, ...]:
        """Tables of lines, one for each lines field that may be read."""
        found = []
        for field in entity.lines():
            if field.kind.key != "lines" or field.name not in record.lines:
                continue
            line = self.visit.site.model.line_entity(field)
            if not record.lines[field.name] and entity.owned_by is not None:
                continue  # a row with nothing below it needs no empty table
            found.append(self.block(field, line, record.lines[field.name], f"{path}-{field.name}"))
        return tuple(found)

    def block(self, field: Field, line: Entity, lines: Sequence[Record], id: str) -> LineBlock:
        """One table of lines: the columns that hold anything."""
        names = [name for name in line_columns(line) if any(one.values.get(name) is not None for one in lines)]
        fields = [line.fields[name] for name in names]
        rows = tuple(
            LineRow(
                tuple(self.line_cell(one, record) for one in fields),
                self.blocks(line, record, f"{id}-{index}"),
            )
            for index, record in enumerate(lines)
        )
        columns = tuple(LineColumn(one.label.text(self.visit.locale), column_css(one)) for one in fields)
        return LineBlock(id, field.label.text(self.visit.locale), len(rows), columns, rows)

    def line_cell(self, field: Field, record: Record) -> Cell:
        """One value of a line; a worked-out figure is the way to its explanation."""
        cell = self.painter.cell(field, record.values.get(field.name))
        if field.computed is None or not field.stored or cell.type != "text" or field.kind.align != "end":
            return cell
        return Cell("figure", cell.text, f"/{record.entity.name}/{record.id}/explain/{field.name}")

    def steps(self, record: Record) -> tuple[Step, ...]:
        """The stages of the pipeline, with those that the record may be moved to."""
        pipeline = self.visit.site.model.pipelines.get(record.pipeline or "")
        if pipeline is None or self.entity.stage is None or self.entity.stage not in record.values:
            return ()
        stage, moves = record.values[self.entity.stage], frozenset(record.moves)
        return tuple(
            Step(
                one.name, (label := one.label.text(self.visit.locale)),
                self.painter.stage_color(self.entity.name, one.name), one.name == stage,
                one.name in moves, self.visit.say("move_to", stage=label),
            )
            for one in pipeline.stages.values()
        )  # fmt: skip

    def events(self, events: Iterable[Event]) -> tuple[ShownEvent, ...]:
        """History as words: what one save did to a record and its lines is one event."""
        saves: dict[tuple[Any, Any], list[Event]] = {}
        for event in events:
            saves.setdefault((event.at, event.user), []).append(event)
        return tuple(self.event(together) for together in saves.values())

    def event(self, together: list[Event]) -> ShownEvent:
        """One save as words. A new record needs no list of all that was empty before."""
        say, first = self.visit.say, together[0]
        own = next((event.action for event in together if event.own), "")
        what = say(f"event.{own}") if own in EVENTS else own or say("event.line")
        changes = () if own == "created" else tuple(
            self.change(event, change) for event in reversed(together) for change in event.changes
            if event.action == "updated"
        )  # fmt: skip
        who = first.who if first.user is not None else say("by_system")
        return ShownEvent(who, what, moment(self.visit, first.at), first.at.isoformat(), changes)

    def change(self, event: Event, change: FieldChange) -> ShownChange:
        """One value that changed, as words; of a line with the line's word before."""
        label = change.field.label.text(self.visit.locale)
        if not event.own:
            label = f"{event.entity.label.text(self.visit.locale)} · {label}"
        return ShownChange(label, self.words(change.field, change.old), self.words(change.field, change.new))

    def words(self, field: Field, value: Any) -> str:
        """A value of history as words."""
        cell = self.painter.cell(field, value) if not isinstance(value, str) else self._told(field, value)
        return cell_text(cell) if cell is not NOTHING else self.visit.say("empty")

    def _told(self, field: Field, value: str) -> Cell:
        """A text of history; one that its field reads no longer is shown as it stands."""
        return self.painter.cell(field, value) if field.kind.expression_type().kind == "text" else Cell("text", value)


EVENTS = frozenset({"created", "updated", "deleted", "restored", "exported", "imported"})


def line_columns(line: Entity) -> tuple[str, ...]:
    """The fields of a line that stand in its table."""
    parent = line.owned_by[0] if line.owned_by else ""
    return tuple(
        name for name, field in line.fields.items()
        if not field.system and name != parent and field.kind.key not in ("lines", "links", "backlink")
    )  # fmt: skip
