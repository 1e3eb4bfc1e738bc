"""How the stored fields of one entity change, and what that does to the records that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from engine.columns import Json
from engine.limits import INTEGER_MAX
from engine.model import Entity, Field
from engine.problems import Problem
from engine.store.records import unique_key
from engine.store.snapshot import signature
from engine.store.steps import SAMPLES_MAX, Data, Step
from engine.store.tables import field_columns

WIDENED: Final = frozenset({("text", "long_text")})
"""Changes of kind that leave every stored value valid."""
MEANWHILE: Final = "Meanwhile add a field with another id, and bring the values over by export and import."


def changes(entity: Entity, before: Mapping[str, Any], now: Mapping[str, Any], data: Data) -> Iterator[Step | Problem]:
    """The steps for one entity's fields. `before` and `now` are its parts of the snapshots."""
    for name, new in now["fields"].items():
        field, old = entity.fields[name], before["fields"].get(name)
        if old is None:
            yield from _added(entity, field, new, before, data)
        else:
            yield from _changed(entity, field, old, new, before, data)
    for name, old in before["fields"].items():
        if name not in now["fields"]:
            yield _removed(entity, name, old, data)
    yield from _keys(entity, before, now, data)


def _added(
    entity: Entity, field: Field, new: Mapping[str, Any], before: Mapping[str, Any], data: Data
) -> Iterator[Step | Problem]:
    if not new["columns"]:
        return
    missing, problem = _missing(entity, field, new, before)
    if problem:
        yield problem
        return
    rows = data.count(entity.name)
    back = " is back, with the values it held" if not missing else ""
    message = f"{entity.name}.{field.name}{back}  ({new['kind']})"
    if field.required and rows and missing:
        message += f"; {rows:,} records have no value yet, and must get one when they are next saved"
    yield Step(
        kind="add_field", entity=entity.name, field=field.name, rows=rows, message=message, mark=field.mark,
        columns=missing,
    )  # fmt: skip
    if field.computed is not None:
        yield _backfill(entity, field, rows, "worked out for every record that is not frozen")
    if entity.stage == field.name:
        yield from _first_stage(entity, field, rows)


def _missing(
    entity: Entity, field: Field, new: Mapping[str, Any], before: Mapping[str, Any]
) -> tuple[tuple[str, ...], Problem | None]:
    """The columns that are not there yet. One that is there from an earlier config must be of the same type."""
    there, types = before["columns"], {column.name: column for column in _columns(entity, field)}
    missing = []
    for column in new["columns"]:
        if column not in there:
            missing.append(column)
        elif there[column] != types[column].type_name:
            message = (
                f"{entity.name}.{field.name} would be kept as {types[column].type_name}, but values kept aside "
                f"from an earlier field of that id are {there[column]}."
            )
            return (), Problem("plan.unsupported", message, field.mark, "Give the new field another id.")
    if entity.stage == field.name and "stage_since" not in there:
        missing.append("stage_since")
    return tuple(missing), None


def _first_stage(entity: Entity, field: Field, rows: int) -> Iterator[Step]:
    if rows and len(entity.pipelines) == 1 and entity.pipelines[0].when is None:
        message = f"{entity.name}.{field.name}  records that are there start in the first stage"
        yield Step(kind="fill_stage", entity=entity.name, field=field.name, rows=rows, message=message, mark=field.mark)


def _changed(
    entity: Entity, field: Field, old: Mapping[str, Any], new: Mapping[str, Any], before: Mapping[str, Any], data: Data
) -> Iterator[Step | Problem]:
    if old["stored"] and new["stored"]:
        yield from _kept_column(entity, field, old, new, before, data)
    elif new["stored"]:
        yield from _added(entity, field, new, before, data)
    elif old["stored"]:
        yield _removed(entity, field.name, old, data)
    elif (old["kind"], old["target"]) != (new["kind"], new["target"]) and "lines" in (old["kind"], new["kind"]):
        yield _unsupported(entity, field, f"changes from {old['kind']} to {new['kind']}")


def _kept_column(
    entity: Entity, field: Field, old: Mapping[str, Any], new: Mapping[str, Any], before: Mapping[str, Any], data: Data
) -> Iterator[Step | Problem]:
    what = ""
    if old["target"] != new["target"]:
        what = f"links to {new['target']} instead of {old['target']}"
    elif old["kind"] != new["kind"] and (old["kind"], new["kind"]) not in WIDENED:
        what = f"changes from {old['kind']} to {new['kind']}"
    elif new["formula"] and not old["formula"] and data.filled(entity.name, field.name):
        what = "becomes a formula, which would overwrite what was typed"
    if what:
        yield _unsupported(entity, field, what, data.filled(entity.name, field.name))
        return
    yield from _scale(entity, field, before, data)
    yield from _choices(entity, field, old, new, data)
    yield from _around(entity, field, old, new, before, data)


def _around(
    entity: Entity, field: Field, old: Mapping[str, Any], new: Mapping[str, Any], before: Mapping[str, Any], data: Data
) -> Iterator[Step | Problem]:
    """What stands beside the column: columns for what is typed over, formulas, required."""
    name = field.name
    missing = tuple(column for column in new["columns"] if column not in before["columns"])
    if missing:
        message = f"{entity.name}.{name}  {'may be typed over' if field.override else 'keeps more beside it'}"
        yield Step(kind="add_field", entity=entity.name, field=name, message=message, mark=field.mark, columns=missing)
    if old["override"] and not new["override"]:
        typed = data.filled(entity.name, f"{name}__typed")
        if typed:
            message = f"{entity.name}.{name}  may no longer be typed over; what was typed is kept aside"
            yield Step(
                kind="remove_field", entity=entity.name, field=name, risk="keeps_aside", rows=typed, message=message,
                mark=field.mark,
            )  # fmt: skip
    if new["formula"] and old["meaning"] != new["meaning"]:
        yield _backfill(entity, field, data.count(entity.name), "a new formula: worked out anew where not frozen")
    if new["required"] and not old["required"]:
        empty = data.count(entity.name, data.table(entity.name).c[name].is_(None))
        message = f"{entity.name}.{name}  is required; {empty:,} records are empty and must be filled when next saved"
        yield Step(kind="change_field", entity=entity.name, field=name, rows=empty, message=message, mark=field.mark)


def _scale(entity: Entity, field: Field, before: Mapping[str, Any], data: Data) -> Iterator[Step | Problem]:
    old, new = before["columns"][field.name], _columns(entity, field)[0].type_name
    if old == new:
        return
    few, many = _places(old), _places(new)
    if few is None or many is None:
        yield _unsupported(entity, field, f"would be kept as {new} instead of {old}")
        return
    if many < few:
        yield _unsupported(entity, field, f"keeps {many} places instead of {few}")
        return
    if abs(data.largest(entity.name, field.name) or 0) * 10**many > INTEGER_MAX:
        yield _unsupported(entity, field, f"holds values too large for {many} places")
        return
    columns = tuple(column.name for column in _columns(entity, field) if column.name in before["columns"])
    yield Step(
        kind="widen_scale", entity=entity.name, field=field.name, risk="converts", rows=data.count(entity.name),
        message=f"{entity.name}.{field.name}  {few} -> {many} places, every value stays the same", mark=field.mark,
        columns=columns, scale=(few, many),
    )  # fmt: skip


def _choices(
    entity: Entity, field: Field, old: Mapping[str, Any], new: Mapping[str, Any], data: Data
) -> Iterator[Problem]:
    gone = [choice for choice in old["choices"] if choice not in new["choices"]]
    column = data.table(entity.name).c[field.name]
    many = isinstance(field.kind.column(), Json)
    for choice in gone:
        holds = sa.cast(column, sa.Text).contains(f'"{choice}"', autoescape=True) if many else column == choice
        rows = data.count(entity.name, holds)
        if rows:
            yield Problem(
                "plan.unsupported",
                f"{entity.name}.{field.name}: '{choice}' is gone, but {rows:,} records hold it.",
                field.mark,
                "Leave it in until those records are changed"
                + ("." if field.kind.key == "stage" else ", or leave it in with `replaced_by`."),
            )


def _removed(entity: Entity, name: str, old: Mapping[str, Any], data: Data) -> Step:
    if not old["stored"] or not old["columns"]:
        return Step(
            kind="change_entity", entity=entity.name, field=name, message=f"{entity.name}.{name}  removed",
            mark=entity.mark,
        )  # fmt: skip
    rows = 0 if old["formula"] and not old["override"] else data.filled(entity.name, name)
    return Step(
        kind="remove_field", entity=entity.name, field=name, risk="keeps_aside" if rows else "safe", rows=rows,
        samples=data.samples(entity.name, name) if rows else (), mark=entity.mark,
        message=f"{entity.name}.{name}  removed; what it holds is kept aside, and comes back when it is named again",
    )  # fmt: skip


def _keys(entity: Entity, before: Mapping[str, Any], now: Mapping[str, Any], data: Data) -> Iterator[Step]:
    """Columns of normalised text that unique fields newly need, filled for the records that are there."""
    old = {column for index in before["indexes"].values() for column in index["columns"]}
    new = {column for index in now["indexes"].values() for column in index["columns"]}
    for column in sorted(new - old):
        name = column.rpartition(".")[2]
        field = name.removesuffix("__key")
        if name.endswith("__key") and field in entity.fields:
            yield Step(
                kind="fill_keys", entity=entity.name, field=field, rows=data.count(entity.name),
                message=f"{entity.name}.{field}  compared without case and width", mark=entity.fields[field].mark,
                columns=(name,),
            )  # fmt: skip


def duplicates(entity: Entity, index: Mapping[str, Any], before: Mapping[str, Any], data: Data) -> Iterator[Problem]:
    """A unique index can be made only where no two live records hold the same."""
    names = tuple(column.rpartition(".")[2] for column in index["columns"])
    fields = tuple(name.removesuffix("__key") for name in names)
    if any(field not in before["columns"] for field in fields):
        return
    folds = tuple(name.endswith("__key") for name in names)
    seen = Counter(
        tuple(unique_key(value) if fold else value for value, fold in zip(row, folds, strict=True))
        for row in data.rows(entity.name, fields)
    )
    twice = [key for key, count in seen.items() if count > 1]
    if twice:
        shown = ", ".join(" / ".join(str(part) for part in key) for key in twice[:SAMPLES_MAX])
        mark = entity.fields[fields[0]].mark if len(fields) == 1 else entity.mark
        yield Problem(
            "plan.duplicates",
            f"{entity.name}: {' and '.join(fields)} cannot be unique, {len(twice):,} values stand more than once "
            f"({shown}).",
            mark,
            "Change or merge those records first.",
        )


def _backfill(entity: Entity, field: Field, rows: int, why: str) -> Step:
    return Step(
        kind="backfill", entity=entity.name, field=field.name, risk="converts", rows=rows,
        message=f"{entity.name}.{field.name}  {why}", mark=field.mark,
    )  # fmt: skip


def _unsupported(entity: Entity, field: Field, what: str, rows: int = 0) -> Problem:
    holds = f" {rows:,} records hold a value." if rows else ""
    return Problem(
        "plan.unsupported",
        f"{entity.name}.{field.name} {what}, which cannot be done yet.{holds}",
        field.mark,
        MEANWHILE,
    )


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type_name: str


def _columns(entity: Entity, field: Field) -> list[_Column]:
    return [_Column(column.name, signature(column.type)) for column in field_columns(entity, field)]


def _places(type_name: str) -> int | None:
    """The places of a decimal column; None for any other type."""
    return int(type_name[13:-1]) if type_name.startswith("ExactDecimal(") else None
