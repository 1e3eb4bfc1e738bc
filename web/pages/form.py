"""The form page: sections of controls, lines within lines, errors beside the fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.change import FieldError
from engine.model import Entity, Field, Model
from engine.runtime.preview import Look, Preview
from web.forms import FormRecord
from web.pages.conflict import ClashRow
from web.pages.controls import Control, Desk, control
from web.visit import Visit


@dataclass(frozen=True, slots=True)
class Section:
    """Controls under a heading."""

    label: str
    controls: tuple[Control, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line in the form."""

    path: str
    id: str
    record: int | None
    title: str
    controls: tuple[Control, ...]
    lines: tuple[Block, ...]
    errors: str
    remove_label: str
    """Empty where the row may not be taken away."""


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one lines field."""

    path: str
    id: str
    label: str
    rows: tuple[Row, ...]
    count: int
    errors: str
    add_label: str
    """Empty where no row may be added."""


@dataclass(frozen=True, slots=True)
class ErrorLink:
    """One line of the summary above the form."""

    href: str
    label: str
    message: str


@dataclass(frozen=True, slots=True)
class FormPage:
    """All that form.html may use."""

    title: str
    action: str
    cancel: str
    version: int | None
    sections: tuple[Section, ...]
    lines: tuple[Block, ...]
    errors: tuple[ErrorLink, ...]
    errors_title: str
    warnings: tuple[FieldError, ...]
    waiting: tuple[str, ...]
    """Fields left empty because their default hangs on what is typed elsewhere."""
    multipart: bool
    original: str = ""
    """The texts that the form began with, packed: what tells a conflict from a change that does not matter."""
    conflict: bool = False
    clashes: tuple[ClashRow, ...] = ()
    effects: bool = False
    """Whether some answers change which others are asked for."""


@dataclass(slots=True)
class FormBuilder:
    """Binds one form: what is typed, how each field stands, and what is wrong."""

    visit: Visit
    desk: Desk
    preview: Preview
    errors: Mapping[str, tuple[str, ...]]
    waiting: list[str]

    def sections(self, entity: Entity, record: FormRecord) -> tuple[Section, ...]:
        """The form's sections with the controls that show."""
        found = []
        for section in form_sections(entity, self.visit):
            controls = self.controls(entity, section.fields, record, "")
            if controls:
                found.append(Section(section.label, controls))
        return tuple(found)

    def controls(self, entity: Entity, names: Iterable[str], record: FormRecord, prefix: str) -> tuple[Control, ...]:
        """The controls of one record or line."""
        found = []
        for name in names:
            field, look = entity.fields[name], self.preview.look(f"{prefix}{name}")
            if not offered(field, look):
                continue
            path = f"{prefix}{name}"
            made = control(self.desk, field, look, path, record, self.errors.get(path, ()))
            if (
                made.widget != "shown"
                and not prefix
                and field.default is not None
                and not record.text(name)
                and made.widget != "checkbox"
            ):
                self.waiting.append(path)
            found.append(made)
        return tuple(found)

    def blocks(self, entity: Entity, record: FormRecord, prefix: str = "") -> tuple[Block, ...]:
        """The lines of one record or line."""
        return tuple(
            self.block(field, record, f"{prefix}{field.name}")
            for field in entity.fields.values()
            if field.kind.widget == "lines" and self.open(field, record, f"{prefix}{field.name}")
        )

    def open(self, field: Field, record: FormRecord, path: str) -> bool:
        """Whether there is anything to do in these lines: a row to add, or a field to write in one that stands."""
        line = self.visit.site.model.line_entity(field)
        if not self.preview.look(path).writable:
            return False
        if line.each is None and not self.preview.look(path).fixed:
            return True
        rows = record.lines.get(field.name, [])
        return any(self.writes(line, row, f"{path}.{index}.") for index, row in enumerate(rows))

    def writes(self, entity: Entity, record: FormRecord, prefix: str) -> bool:
        """Whether any field of a row, or of the rows below it, may be written."""
        if any(self.preview.look(f"{prefix}{name}").writable for name in line_fields(entity)):
            return True
        return any(self.open(field, record, f"{prefix}{field.name}") for field in entity.fields.values()
                   if field.kind.widget == "lines")  # fmt: skip

    def block(self, field: Field, record: FormRecord, path: str) -> Block:
        """The rows of one lines field."""
        model, say = self.visit.site.model, self.visit.say
        line = model.line_entity(field)
        label = line.label.text(self.visit.locale)
        kept = line.each is not None or self.preview.look(path).fixed
        lines = record.lines.get(field.name, [])
        rows = tuple(self.row(line, one, f"{path}.{index}", index, kept=kept) for index, one in enumerate(lines))
        return Block(
            path=path, id=html_id(path), label=field.label.text(self.visit.locale), rows=rows, count=len(rows),
            errors=" ".join(self.errors.get(path, ())), add_label="" if kept else say("line_add", name=label),
        )  # fmt: skip

    def row(self, line: Entity, record: FormRecord, path: str, index: int, *, kept: bool) -> Row:
        """One line."""
        say = self.visit.say
        title = f"{line.label.text(self.visit.locale)} {index + 1}"
        return Row(
            path=path, id=html_id(path), record=record.id, title=title,
            controls=self.controls(line, line_fields(line), record, f"{path}."),
            lines=self.blocks(line, record, f"{path}."),
            errors=" ".join(self.errors.get(path, ())),
            remove_label="" if kept else say("line_remove", number=index + 1, name=line.label.text(self.visit.locale)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class NamedSection:
    """A section's heading and fields, in the person's language."""

    label: str
    fields: tuple[str, ...]


def form_sections(entity: Entity, visit: Visit) -> tuple[NamedSection, ...]:
    """The sections that the config names; fields it leaves out come in a last one; lines stand apart."""
    alone = line_fields(entity)
    named = [
        NamedSection(
            section.label.text(visit.locale) or visit.say("details"),
            tuple(name for name in section.fields if name in alone),
        )
        for section in entity.form.sections
    ]
    placed = {name for section in named for name in section.fields}
    rest = tuple(name for name in alone if name not in placed)
    if rest:
        named.append(NamedSection(visit.say("details") if not named else visit.say("more_fields"), rest))
    return tuple(named)


def line_fields(entity: Entity) -> tuple[str, ...]:
    """The fields of a record or line that are not lines themselves."""
    return tuple(
        name
        for name, field in entity.fields.items()
        if (not field.system or name == entity.stage) and field.kind.widget != "lines"
    )


def offered(field: Field, look: Look) -> bool:
    """Whether the field stands on the form: to be written, or to be read where others may write it."""
    if not look.visible or not look.readable:
        return False
    return look.writable or (field.writable and look.value is not None)


def html_id(path: str) -> str:
    """The id of a control or row in the page."""
    return "f-" + path.replace(".", "-")


def error_links(errors: Iterable[FieldError], visit: Visit, shown: Mapping[str, str]) -> tuple[ErrorLink, ...]:
    """The summary: each error with a link to its control, where there is one. `shown`: path -> label."""
    found = []
    for error in errors:
        label = shown.get(error.field, "")
        colon = visit.say("colon")
        href = f"#{html_id(error.field)}" if label else ""
        found.append(ErrorLink(href, label + colon if label else "", error.message))
    return tuple(found)


def effects_of(model: Model, entity: Entity) -> frozenset[tuple[str, str]]:
    """The (entity, field) pairs that a condition or default of the form reads: a change of theirs changes the form."""
    found: set[tuple[str, str]] = set()
    for field in entity.fields.values():
        default = field.default.expression if field.default else None
        own = (field.visible_when, field.required_when, field.readonly_when, default)
        for condition in (*own, *field.choices_when.values()):
            if condition is not None:
                found |= {(step.entity, step.field) for path in condition.paths() for step in path.steps}
        if field.kind.widget == "lines":
            found |= effects_of(model, model.line_entity(field))
    for choice in entity.pipelines:
        if choice.when is not None:
            found |= {(step.entity, step.field) for path in choice.when.paths() for step in path.steps}
    return frozenset(found)


def by_path(errors: Iterable[FieldError]) -> dict[str, tuple[str, ...]]:
    """The messages of each place."""
    found: dict[str, tuple[str, ...]] = {}
    for error in errors:
        found[error.field] = (*found.get(error.field, ()), error.message)
    return found


def labels_of(sections: Iterable[Section], blocks: Iterable[Block]) -> dict[str, str]:
    """The label of every control and row on the form, by path."""
    found = {control.name: control.label for section in sections for control in section.controls}
    for block in blocks:
        found |= _block_labels(block)
    return found


def _block_labels(block: Block) -> dict[str, str]:
    found = {block.path: block.label}
    for row in block.rows:
        found[row.path] = row.title
        found |= {control.name: f"{row.title} {control.label}" for control in row.controls}
        for below in row.lines:
            found |= _block_labels(below)
    return found
