"""The first row of a sheet: which field each column fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.model import Entity, Field
from engine.problems import did_you_mean
from engine.runtime.access import Access
from engine.runtime.sheets import BadSheet

IGNORED: Final = ("version", "created_at", "created_by", "updated_at", "updated_by", "stage_since")
"""What an export holds for people and an import never sets: told in the summary, not an error."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file and the field that it fills."""

    index: int
    field: Field
    target: str | None = None
    """The entity of the records that it names."""


def match_columns(
    access: Access, entity: Entity, headings: Sequence[str], wanted: Mapping[str, str]
) -> tuple[Column, ...]:
    """The field of each heading, by id or by its label in any language; raises BadSheet with all that do not fit.

    A field that the actor may not know of is as if it did not exist.
    """
    known = {name: field for name, field in entity.fields.items() if _knows(access, field)}
    names = _names(known)
    strange = [heading for heading in wanted if heading not in headings]
    problems = [f"There is no column '{heading}'. {did_you_mean(heading, headings)}" for heading in strange]
    found: list[Column] = []
    for index, heading in enumerate(headings):
        name = wanted.get(heading, names.get(heading.casefold(), heading))
        if not name or not heading or name in IGNORED:
            continue
        target = known.get(name)
        if target is None:
            hint = did_you_mean(heading, list(names)) or "Leave it out with --map, or name its field."
            problems.append(f"Column '{heading}' is no field of {entity.name}. {hint}")
        elif name != "id" and not (target.writable and fits_a_cell(target)):
            problems.append(f"Column '{heading}' cannot be imported: {name} is not a field that people fill in.")
        else:
            found.append(Column(index, target, target.kind.target()))
    twice = {column.field.name for column in found if [c.field.name for c in found].count(column.field.name) > 1}
    problems += [f"Two columns fill the field {name}." for name in sorted(twice)]
    if not any(column.field.writable for column in found) and not problems:
        problems.append(f"No column is a field of {entity.name}.")
    if problems:
        raise BadSheet("\n".join(problems))
    return tuple(found)


def _knows(access: Access, field: Field) -> bool:
    place = (field.entity, field.name)
    return not access.reading(*place).hidden or access.ever_settable(*place) or access.ever_updatable(*place)


def _names(fields: Mapping[str, Field]) -> dict[str, str]:
    """Field ids by everything that a heading may say."""
    names: dict[str, str] = {}
    for name, target in fields.items():
        for text in target.label.by_locale.values():
            names.setdefault(text.casefold(), name)
    return names | {name: name for name in fields}


def fits_a_cell(target: Field) -> bool:
    """Whether a field's value can stand in one cell."""
    return target.kind.key not in ("lines", "links", "file", "files", "image", "secret", "any_link")


def left_out(headings: Sequence[str], columns: Sequence[Column]) -> tuple[str, ...]:
    """The headings that are not imported."""
    used = {column.index for column in columns}
    return tuple(heading for index, heading in enumerate(headings) if index not in used and heading)


def key_column(entity: Entity, columns: Sequence[Column], key: str | None) -> Column | None:
    """The column by which standing records are found; raises BadSheet for one that finds none, or several."""
    if key is None:
        return None
    column = next((column for column in columns if column.field.name == key), None)
    if column is None:
        raise BadSheet(f"The key '{key}' is not among the columns.")
    if key != "id" and not column.field.unique:
        raise BadSheet(f"'{key}' cannot be the key: it is not unique.")
    return column
