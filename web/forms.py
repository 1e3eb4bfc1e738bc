"""What a record's form holds: texts by field, lines within lines; read from a post, made into a Draft.

Names: `name`, `parts.0.pages`, `parts.0.processes.1.finishing`. A line's `id` is sent as `parts.0.id`. A lines field
sends its own name empty, so that a form without rows differs from a form that does not show the field; checkboxes and
multiple choices send an empty value before the chosen ones for the same reason. Names that begin with `_` are ours.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.change import Draft
from engine.limits import LINES_MAX
from engine.model import Entity, Field, Model
from web.posted import Posted, Upload

NAME = re.compile(r"([a-z][a-z0-9_]{0,39})(?:\.(\d{1,4})\.(.+))?\Z")


def sends_many(field: Field) -> bool:
    """Whether a control sends several values under one name."""
    return field.kind.widget == "multiselect" or field.kind.key in ("links", "files")


@dataclass(slots=True)
class FormRecord:
    """The texts of one record or line, as they stand in the form."""

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By field: what its control holds; one text, or several for a multiple choice."""
    id: int | None = None
    """Of a line that is stored already."""
    lines: dict[str, list[FormRecord]] = field(default_factory=dict)
    uploads: dict[str, list[Upload]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The one text of a control."""
        found = self.texts.get(name, ())
        return found[-1] if found else ""

    @property
    def blank(self) -> bool:
        """Whether nothing at all was entered."""
        return (
            self.id is None
            and not any(text for texts in self.texts.values() for text in texts if text != "false")
            and not any(self.uploads.values())
            and all(line.blank for lines in self.lines.values() for line in lines)
        )


def read_form(posted: Posted, entity: Entity, model: Model) -> FormRecord:
    """The form as it was typed; names that fit no control are kept, for the save to refuse."""
    return _gather([(name, value) for name, value in posted.pairs if not name.startswith("_")],
                   list(posted.uploads), entity, model)  # fmt: skip


def _gather(
    pairs: list[tuple[str, str]], uploads: list[tuple[str, Upload]], entity: Entity, model: Model
) -> FormRecord:
    record = FormRecord()
    below: dict[str, dict[int, tuple[list[tuple[str, str]], list[tuple[str, Upload]]]]] = {}
    for name, value in pairs:
        head, index, rest = split(name)
        if rest:
            below.setdefault(head, {}).setdefault(index, ([], []))[0].append((rest, value))
        elif _holds_lines(entity, head):
            below.setdefault(head, {})
        elif head == "id":
            record.id = int(value) if value.isascii() and value.isdigit() else None
        else:
            record.texts[head] = (*record.texts.get(head, ()), value)
    for name, upload in uploads:
        head, index, rest = split(name)
        if rest:
            below.setdefault(head, {}).setdefault(index, ([], []))[1].append((rest, upload))
        elif upload.name:
            record.uploads.setdefault(head, []).append(upload)
    for head, rows in below.items():
        if not _holds_lines(entity, head):
            record.texts[f"{head}.0"] = ("?",)  # rows for a field that has none: the save refuses the name
            continue
        line = model.line_entity(entity.fields[head])
        record.lines[head] = [_gather(*rows[index], line, model) for index in sorted(rows)[:LINES_MAX]]
    return record


def _holds_lines(entity: Entity, name: str) -> bool:
    found = entity.fields.get(name)
    return found is not None and found.kind.widget == "lines"


def split(name: str) -> tuple[str, int, str]:
    """`parts.0.pages` as ("parts", 0, "pages"); a plain name as (name, 0, "")."""
    found = NAME.match(name)
    if found is None or found[2] is None:
        return name, 0, ""
    return found[1], int(found[2]), found[3]


def make_draft(
    record: FormRecord, entity: Entity, model: Model, *,
    id: int | None = None, version: int | None = None, confirmed: frozenset[str] = frozenset(),
) -> Draft:  # fmt: skip
    """The Draft that this form asks for."""
    values = raw_values(record, entity, model)
    return Draft(entity.name, values, id=id, version=version, source="form", confirmed=confirmed)


def raw_values(record: FormRecord, entity: Entity, model: Model) -> dict[str, Any]:
    """The raw values of one record or line."""
    values: dict[str, Any] = {}
    for name, texts in record.texts.items():
        found = entity.fields.get(name)
        if found is not None and found.kind.widget == "password" and not any(texts):
            continue  # a secret is never shown, so an empty control leaves it as it is
        values[name] = raw_value(found, texts) if found else (texts[-1] if texts else None)
    for name, lines in record.lines.items():
        line = model.line_entity(entity.fields[name])
        values[name] = [_raw_line(below, line, model) for below in lines]
    return values


def _raw_line(record: FormRecord, entity: Entity, model: Model) -> dict[str, Any]:
    values = raw_values(record, entity, model)
    return {"id": record.id, **values} if record.id is not None else values


def raw_value(field: Field, texts: tuple[str, ...]) -> object:
    """What a control's texts ask for: None for empty, a list for a multiple choice."""
    if sends_many(field):
        return [text for text in texts if text] or None
    text = texts[-1] if texts else ""
    if field.kind.widget == "checkbox":
        return text or "false"
    return text if text.strip() else None


Action = Literal["save", "add", "remove", "refresh", "find"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which button of the form was pressed, and on which row or control."""

    action: Action
    path: str = ""


def asked(posted: Posted) -> Asked:
    """The button that sent the form; Enter in a text box saves."""
    for action in ("add", "remove", "refresh", "find"):
        path = posted.get(f"_{action}")
        if path:
            return Asked(action, path)
    return Asked("save")


def add_row(record: FormRecord, path: str, row: FormRecord) -> bool:
    """Put a new row at the end of the lines at this path (`parts`, `parts.0.processes`)."""
    holder, name = _holder(record, path)
    if holder is None or name not in holder.lines or len(holder.lines[name]) >= LINES_MAX:
        return False
    holder.lines[name].append(row)
    return True


def remove_row(record: FormRecord, path: str) -> bool:
    """Take away the row at this path (`parts.0`, `parts.0.processes.1`)."""
    head, _, index = path.rpartition(".")
    holder, name = _holder(record, head)
    if holder is None or name not in holder.lines or not index.isdecimal() or int(index) >= len(holder.lines[name]):
        return False
    del holder.lines[name][int(index)]
    return True


def _holder(record: FormRecord, path: str) -> tuple[FormRecord | None, str]:
    parts = path.split(".")
    for name, index in zip(parts[:-1:2], parts[1::2], strict=False):
        rows = record.lines.get(name, [])
        if not index.isdecimal() or int(index) >= len(rows):
            return None, ""
        record = rows[int(index)]
    return record, parts[-1]


def holder_entity(entity: Entity, path: str, model: Model) -> Entity | None:
    """The line entity whose rows stand at this path, or None when the path leads nowhere."""
    for name in path.split(".")[::2]:
        found = entity.fields.get(name)
        if found is None or found.kind.widget != "lines":
            return None
        entity = model.line_entity(found)
    return entity


def walk_texts(record: FormRecord, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every (name, text) that the form holds, as it would be sent again."""
    if record.id is not None and prefix:
        yield f"{prefix}id", str(record.id)
    for name, texts in record.texts.items():
        for text in texts:
            yield f"{prefix}{name}", text
    for name, lines in record.lines.items():
        yield f"{prefix}{name}", ""
        for index, line in enumerate(lines):
            yield from walk_texts(line, f"{prefix}{name}.{index}.")


def drop_blank(record: FormRecord) -> None:
    """Forget rows in which nothing was entered, so that rows and the save's messages count alike."""
    for name, lines in record.lines.items():
        for line in lines:
            drop_blank(line)
        record.lines[name] = [line for line in lines if not line.blank]


def packed(record: FormRecord) -> str:
    """All texts of a form as one text, to tell later what a person changed."""
    return json.dumps(list(walk_texts(record)), ensure_ascii=False, separators=(",", ":"))


def unpacked(text: str, entity: Entity, model: Model) -> FormRecord | None:
    """The form that was packed; None for what cannot be read."""
    try:
        pairs = [(str(name), str(value)) for name, value in json.loads(text)]
    except (ValueError, TypeError, RecursionError):
        return None
    return read_form(Posted(tuple(pairs)), entity, model)
