"""A form's texts from what the engine knows: the stored record, the defaults of a new one, another person's save."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.kinds import Shower
from engine.model import Entity, Field, Model
from engine.runtime.preview import Look, Preview
from web.forms import FormRecord, sends_many


def fill(record: FormRecord, entity: Entity, model: Model, looks: Preview, shower: Shower, prefix: str = "") -> None:
    """Give every control that nothing was typed into yet the text of its stored value or default."""
    for name, field in entity.fields.items():
        path = f"{prefix}{name}"
        look = looks.look(path)
        if not look.writable:
            continue
        if field.kind.widget == "lines":
            lines = record.lines.setdefault(name, standing_rows(looks, path))
            for index, line in enumerate(lines):
                fill(line, model.line_entity(field), model, looks, shower, f"{path}.{index}.")
        elif name not in record.texts:
            record.texts[name] = texts_of(field, look, shower)


def standing_rows(looks: Preview, path: str) -> list[FormRecord]:
    """A row for each line that is stored."""
    rows: list[FormRecord] = []
    while (id := looks.lines.get(f"{path}.{len(rows)}")) is not None:
        rows.append(FormRecord(id=id))
    return rows


def texts_of(field: Field, look: Look, shower: Shower) -> tuple[str, ...]:
    """What a control holds for a value; a formula that nobody typed over leaves it empty."""
    value = look.value
    if value is None or (field.computed is not None and not look.typed):
        return ("",)
    if field.kind.widget == "password":
        return ("",)
    if sends_many(field) and isinstance(value, list | tuple):
        return tuple(str(one) for one in value)
    return (field.kind.edit(value, shower),)


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that two people changed, with the three values as texts."""

    field: Field
    original: Any
    now: Any
    mine: Any


def merge(mine: FormRecord, was: FormRecord, now: FormRecord, entity: Entity) -> tuple[Clash, ...]:
    """Take what only the others changed into my form; what both changed comes back to be decided."""
    clashes = []
    for name, texts in now.texts.items():
        before, typed = was.texts.get(name, ("",)), mine.texts.get(name)
        if texts == before or typed is None or typed == texts:
            continue
        if typed == before:
            mine.texts[name] = texts
        else:
            clashes.append(Clash(entity.fields[name], before, texts, typed))
    for name, lines in now.lines.items():
        before_lines, typed_lines = was.lines.get(name, []), mine.lines.get(name)
        if lines == before_lines or typed_lines is None or typed_lines == lines:
            continue
        if typed_lines == before_lines:
            mine.lines[name] = lines
        else:
            clashes.append(Clash(entity.fields[name], before_lines, lines, typed_lines))
    return tuple(clashes)


def take(mine: FormRecord, now: FormRecord, names: frozenset[str]) -> None:
    """Put the present values of these fields into my form."""
    for name in names:
        if name in now.texts:
            mine.texts[name] = now.texts[name]
        if name in now.lines:
            mine.lines[name] = now.lines[name]
