"""What would turn the applied config into another: typed steps, with what they do to the data. Touches nothing.

Identity is the id, never a guess from the tables. Additions, changes of words and of rules are steps; what is removed
stays in the database and comes back when it is named again. What would change stored values in another way is refused
with a Problem that says what to do meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from engine.model import Entity, Model
from engine.problems import ConfigError, Problem
from engine.store import plan_fields, plan_meaning, plan_rows, snapshot
from engine.store.snapshot import Snapshot
from engine.store.steps import Data, Step
from engine.store.tables import Tables, build_tables

__all__ = ["Snapshot", "Step", "plan"]

ORDER = (
    "create_table", "add_field", "widen_scale", "fill_keys", "fill_stage", "drop_index", "create_index", "reindex",
    "keep_rows", "drop_rows", "backfill",
)  # fmt: skip
"""Tables come before columns, columns before what fills them, rows before formulas, which come last of all."""


def plan(old: Snapshot | None, new: Model, connection: sa.Connection | None) -> list[Step]:
    """The steps from the applied revision's snapshot to a model, in the order in which apply performs them.

    An empty list means that nothing changes. Raises ConfigError with a Problem for every change that cannot be made.
    """
    tables = build_tables(new)
    steps: list[Step] = []
    problems: list[Problem] = []
    found = _first(new, Data(connection, None)) if old is None else _changes(old, new, tables, Data(connection, old))
    for item in found:
        problems.append(item) if isinstance(item, Problem) else steps.append(item)
    if problems:
        raise ConfigError(problems)
    return sorted(steps, key=lambda step: ORDER.index(step.kind) if step.kind in ORDER else len(ORDER))


def _first(new: Model, data: Data) -> Iterator[Step | Problem]:
    there = data.tables()
    for entity in new.entities.values():
        if (entity.table or entity.name) in there:
            message = f"The database has a table '{entity.table or entity.name}' that is not Forme's."
            hint = "Name an empty database, or move that table to another schema."
            yield Problem("plan.table-exists", message, entity.mark, hint)
        yield _create(entity)


def _changes(old: Snapshot, new: Model, tables: Tables, data: Data) -> Iterator[Step | Problem]:
    now = snapshot.take(new, tables, before=old)
    stored = list(_stored_changes(old, new, now, data))
    yield from stored
    told = {(step.entity, step.field) for step in stored if isinstance(step, Step)}
    for step in plan_meaning.changes(old, new, now, data):
        if step.kind != "change_field" or (step.entity, step.field) not in told:
            yield step


def _stored_changes(old: Snapshot, new: Model, now: Snapshot, data: Data) -> Iterator[Step | Problem]:
    for name, entity in new.entities.items():
        before = old["entities"].get(name)
        if before is None:
            yield from _added(old, entity, now["entities"][name], data)
        else:
            yield from _changed(entity, before, now["entities"][name], data)
            yield from plan_fields.changes(entity, before, now["entities"][name], data)
    for name, before in old["entities"].items():
        if name not in new.entities:
            yield _removed(name, before, data)
    yield from plan_rows.changes(old, new, now, data)


def _added(old: Snapshot, entity: Entity, now: Mapping[str, Any], data: Data) -> Iterator[Step | Problem]:
    """A new entity; one that was removed earlier gets its table back, with what it held."""
    kept = old["kept"].get(entity.name)
    if kept is None:
        yield _create(entity)
        return
    message = f"{entity.name}  is back, with its {data.count(entity.name):,} records"
    yield Step(kind="change_entity", entity=entity.name, message=message, mark=entity.mark)
    yield from _changed(entity, kept, now, data)
    yield from plan_fields.changes(entity, kept, now, data)


def _create(entity: Entity) -> Step:
    count = sum(not field.system for field in entity.fields.values())
    message = f"{entity.name}  new, {count} field{'' if count == 1 else 's'}"
    return Step(kind="create_table", entity=entity.name, message=message, mark=entity.mark)


def _removed(name: str, before: Mapping[str, Any], data: Data) -> Step:
    rows = data.count(name)
    message = f"{name}  removed; its records are kept aside and come back when it is named again"
    return Step(kind="remove_entity", entity=name, risk="keeps_aside", rows=rows, message=message)


def _changed(entity: Entity, before: Mapping[str, Any], now: Mapping[str, Any], data: Data) -> Iterator[Step | Problem]:
    if before["owned_by"] != now["owned_by"] or before["table"] != now["table"]:
        yield Problem(
            "plan.unsupported",
            f"{entity.name} belongs to {_owner(before)} in the database, here to {_owner(now)}.",
            entity.mark,
            "Records cannot move between owners yet: give the new entity another id, and bring the records over "
            "by export and import.",
        )
        return
    yield from _indexes(entity, before, now, data)
    if sorted(before["search"]) != sorted(now["search"]):
        rows = data.count(entity.name)
        message = f"{entity.name}  is found by {', '.join(now['search']) or 'nothing'}"
        yield Step(kind="reindex", entity=entity.name, rows=rows, message=message, mark=entity.mark)


def _owner(snapshot_: Mapping[str, Any]) -> str:
    return ".".join(snapshot_["owned_by"]) if snapshot_["owned_by"] else "nothing"


def _indexes(entity: Entity, before: Mapping[str, Any], now: Mapping[str, Any], data: Data) -> Iterator[Step | Problem]:
    for name in sorted(before["indexes"]):
        if now["indexes"].get(name) != before["indexes"][name]:
            yield _index_step("drop_index", entity, name, before["indexes"][name])
    for name in sorted(now["indexes"]):
        index = now["indexes"][name]
        if before["indexes"].get(name) == index:
            continue
        yield _index_step("create_index", entity, name, index)
        if index["unique"]:
            yield from plan_fields.duplicates(entity, index, before, data)


def _index_step(kind: str, entity: Entity, name: str, index: Mapping[str, Any]) -> Step:
    what = "unique: " if index["unique"] else "index: "
    columns = ", ".join(column.rpartition(".")[2].removesuffix("__key") for column in index["columns"])
    sign = "" if kind == "create_index" else "no longer "
    return Step(
        kind=kind, entity=entity.name, name=name, message=f"{entity.name}  {sign}{what}{columns}", mark=entity.mark
    )
