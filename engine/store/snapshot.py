"""What a revision remembers of its model, as plain data: the planner compares this, never the tables themselves."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from engine import columns
from engine.columns import ExactDecimal
from engine.model import Entity, Field, Model, SourceText
from engine.store.tables import Tables, build_tables, field_columns

FORMAT: Final = 1
"""The snapshot's own layout. One with a higher number was written by a later release."""

Snapshot = Mapping[str, Any]


def take(model: Model, tables: Tables | None = None, *, before: Snapshot | None = None) -> dict[str, Any]:
    """The snapshot of a model.

    Columns and tables that `before` has and the model no longer names are still in the database: they are
    remembered as kept.
    """
    tables = tables or build_tables(model)
    entities = {name: _entity(entity, tables) for name, entity in model.entities.items()}
    known = before["entities"] if before else {}
    for name, entity in entities.items():
        entity["columns"] = {**known.get(name, {}).get("columns", {}), **entity["columns"]}
    kept = dict(before["kept"]) if before else {}
    for name, old in known.items():
        if name not in entities:
            kept[name] = {**old, "fields": {}}
    return {
        "format": FORMAT,
        "entities": entities,
        "kept": {name: old for name, old in kept.items() if name not in entities},
        "pipelines": {name: list(pipeline.stages) for name, pipeline in model.pipelines.items()},
        "merged": plain(model.merged),
        "sources": digest_of(model.sources),
    }


def laid_out_otherwise(model: Model, snapshot: Snapshot) -> list[tuple[Field, str, str]]:
    """Fields whose columns this release would read otherwise than the snapshot's database holds them: the field, the
    type that is stored, the type that is expected. Their values would silently mean something else."""
    found = []
    for entity in model.entities.values():
        known = snapshot["entities"].get(entity.name, {}).get("columns", {})
        for field in entity.stored:
            for column in field_columns(entity, field):
                stored, expected = known.get(column.name), signature(column.type)
                if stored not in (None, expected):
                    found.append((field, stored, expected))
    return found


def digest_of(sources: Iterable[SourceText]) -> str:
    """One digest over all source texts: the same for the same files."""
    texts = sorted([source.layer, source.path, source.text] for source in sources)
    return hashlib.sha256(json.dumps(texts, ensure_ascii=False).encode()).hexdigest()


def plain(value: Any) -> Any:
    """The same as JSON would give it back, whatever the config's values are."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in items]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in dataclasses.fields(value)}
    return str(value)


def signature(type_: sa.types.TypeEngine[Any]) -> str:
    """A column's type in a word."""
    return f"{type(type_).__name__}({type_.scale})" if isinstance(type_, ExactDecimal) else type(type_).__name__


def type_of(word: str) -> sa.types.TypeEngine[Any]:
    """The column type that a signature names."""
    name, _, scale = word.removesuffix(")").partition("(")
    made: sa.types.TypeEngine[Any] = getattr(columns, name)(*([int(scale)] if scale else []))
    return made


def _entity(entity: Entity, tables: Tables) -> dict[str, Any]:
    table = tables.entities[entity.name]
    return {
        "table": table.name,
        "owned_by": list(entity.owned_by) if entity.owned_by else None,
        "stage": entity.stage,
        "columns": {column.name: signature(column.type) for column in table.columns},
        "indexes": {str(index.name): _index(index) for index in table.indexes if _plain_index(index)},
        "search": list(tables.searched.get(entity.name, ())),
        "fields": {field.name: _field(entity, field) for field in entity.fields.values() if not field.system},
    }


def _field(entity: Entity, field: Field) -> dict[str, Any]:
    return {
        "kind": field.kind.key,
        "target": field.kind.target(),
        "stored": field.stored,
        "columns": [column.name for column in field_columns(entity, field)],
        "choices": list(getattr(field.kind, "choices", {}) or {}),
        "formula": field.computed.text if field.computed else None,
        "meaning": fingerprint(field.computed.node) if field.computed else None,
        "override": field.override,
        "required": field.required,
    }


def fingerprint(node: object) -> str:
    """A digest of an expression's tree: other spaces or brackets give the same."""
    return hashlib.sha256(repr(node).encode()).hexdigest()[:16]


def _plain_index(index: sa.Index) -> bool:
    # An index may be laid out once for each kind of database; the model's snapshot is the same on both.
    return bool(index.info.get("dialect", "sqlite") == "sqlite")


def _index(index: sa.Index) -> dict[str, Any]:
    where = index.dialect_options["sqlite"]["where"]
    return {
        "columns": [str(expression) for expression in index.expressions],
        "unique": bool(index.unique),
        "where": str(where) if where is not None else "",
    }
