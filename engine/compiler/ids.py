"""Ids: how they are written, and which words are taken."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from typing import Any

from engine.compiler.layers import Config
from engine.compiler.parts import ID_PATTERN
from engine.compiler.tree import KeyPath
from engine.problems import Mark, Problem

LANGUAGE_WORDS = frozenset({"me", "old", "outer", "record", "key", "explain"})
SYSTEM_FIELDS = (
    "id", "version", "created_at", "created_by", "updated_at", "updated_by", "deleted_at", "stage_since",
)  # fmt: skip
"""Fields that the engine keeps for every record; stage_since only where there is a stage."""
PAGE_WORDS = frozenset({"api", "static", "login", "logout", "files", "healthz", "readyz", "new", "edit", "board"})
_ID = re.compile(ID_PATTERN)


def check_ids(config: Config) -> Iterator[Problem]:
    """Every id is written as ids are, and none is a word that means something else."""
    data = config.data
    for section in ("entities", "pipelines", "roles", "rules", "tests", "terms", "constants"):
        for name in data.get(section, {}):
            yield from _check_id(name, config.places.key((section, name)))
    for path, name in _inner_ids(data):
        yield from _check_id(name, config.places.key(path))
    for name in data.get("constants", {}):
        yield from _reserved_name(name, "constant", config.places.key(("constants", name)))
    for entity in data.get("entities", {}):
        yield from _reserved_entity(entity, config.places.key(("entities", entity)))
    for path, fields, owned_by in _field_maps(data):
        for field in fields:
            yield from _reserved_field(field, owned_by, config.places.key((*path, field)))


def _field_maps(data: dict[str, Any]) -> Iterator[tuple[KeyPath, dict[str, Any], object]]:
    """Every map of fields with its path and its owner: those of entities, and those kept on links."""
    for entity, said in data.get("entities", {}).items():
        path: KeyPath = ("entities", entity, "fields")
        yield path, said["fields"], said.get("owned_by")
        for name, field in said["fields"].items():
            if isinstance(field.get("fields"), dict):
                yield (*path, name, "fields"), field["fields"], f"{entity}.{name}"


def _inner_ids(data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    for path, fields, _ in _field_maps(data):
        for field, value in fields.items():
            yield (*path, field), field
            choices = value.get("choices")
            if isinstance(choices, dict):
                yield from (((*path, field, "choices", choice), choice) for choice in choices)
    for entity, said in data.get("entities", {}).items():
        base: KeyPath = ("entities", entity)
        yield from (((*base, "checks", check), check) for check in said.get("checks", {}))
        yield from (((*base, "form", "sections", s), s) for s in said.get("form", {}).get("sections", {}))
    for pipeline, said in data.get("pipelines", {}).items():
        yield from ((("pipelines", pipeline, "stages", stage), stage) for stage in said["stages"])


def _check_id(name: str, mark: Mark) -> Iterator[Problem]:
    if not _ID.match(name):
        hint = f"Write '{_suggest(name)}'; what people read goes into `label`."
        message = f"'{name[:60]}' cannot be an id: ids are small letters a-z, digits and _, 40 at most, a letter first."
        yield Problem("id.pattern", message, mark, hint)


def _suggest(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()).strip("_")
    return plain[:40] if _ID.match(plain) else f"x_{plain}"[:40].strip("_") if plain else "some_id"


def _reserved_name(name: str, thing: str, mark: Mark) -> Iterator[Problem]:
    reason = ""
    if keyword.iskeyword(name):
        reason = "it is a word of the expression language"
    elif name in LANGUAGE_WORDS:
        reason = "expressions, requests or addresses give it a meaning of their own"
    elif "__" in name:
        reason = "two underlines are kept for the engine's own columns"
    if reason:
        yield Problem(
            "id.reserved", f"{_an(thing)} cannot be called '{name}': {reason}.", mark, f"Try '{_other(name)}'."
        )


def _an(thing: str) -> str:
    return f"An {thing}" if thing[0] in "aeiou" else f"A {thing}"


def _other(name: str) -> str:
    return re.sub("__+", "_", name) if "__" in name else f"{name}_"[:39] + "1" if len(name) > 30 else f"the_{name}"


def _reserved_entity(name: str, mark: Mark) -> Iterator[Problem]:
    if name in PAGE_WORDS:
        message = f"An entity cannot be called '{name}': it is a page of every site."
        yield Problem("id.reserved", message, mark, f"Try '{_other(name)}'.")
    elif name.startswith(("forme_", "sqlite_")):
        message = f"An entity cannot be called '{name}': tables that begin so belong to the engine."
        yield Problem("id.reserved", message, mark, f"Try '{name.split('_', 1)[1] or 'other'}'.")
    else:
        yield from _reserved_name(name, "entity", mark)


def _reserved_field(name: str, owned_by: object, mark: Mark) -> Iterator[Problem]:
    parent = owned_by.split(".")[0] if isinstance(owned_by, str) else None
    if name in SYSTEM_FIELDS:
        message = f"A field cannot be called '{name}': the engine keeps that for every record."
        yield Problem("id.reserved", message, mark, "Use the engine's, or choose another id.")
    elif name == parent:
        message = f"A field of a line cannot be called '{name}': that names the record that holds the line."
        yield Problem("id.reserved", message, mark, f"Choose another id; paths such as `{name}.id` work already.")
    else:
        yield from _reserved_name(name, "field", mark)
