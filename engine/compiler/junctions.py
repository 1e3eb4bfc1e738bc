"""A `links` field, many to many, becomes a line entity: one row for each link, with the link's attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from engine.compiler.layers import Config
from engine.compiler.names import links_entity
from engine.compiler.tree import KeyPath, Places
from engine.problems import Mark

TARGET = "target"
"""The field of such a row that links to the other record."""


def expand_links(config: Config) -> Config:
    """The config with an entity for every `links` field, its places those of the field."""
    entities: dict[str, Any] = dict(config.data.get("entities", {}))
    keys, values = dict(config.places.keys), dict(config.places.values)
    for entity, said in config.data.get("entities", {}).items():
        for name, field in said["fields"].items():
            if field.get("type") != "links":
                continue
            made = links_entity(entity, name)
            entities[made] = _rows(entity, name, field)
            origin: KeyPath = ("entities", entity, "fields", name)
            _repeat(keys, origin, made)
            _repeat(values, origin, made)
    if len(entities) == len(config.data.get("entities", {})):
        return config
    return replace(config, data={**config.data, "entities": entities}, places=Places(keys, values))


def _rows(entity: str, name: str, field: Mapping[str, Any]) -> dict[str, Any]:
    target = {"type": "link", "to": field.get("to"), "required": True, "on_delete": "cascade"}
    attributes = field.get("fields") or {}
    return {
        "owned_by": f"{entity}.{name}",
        "title": f"{{{TARGET}}}",
        "fields": {TARGET: target, **attributes},
    }


def _repeat(marks: dict[KeyPath, Mark], origin: KeyPath, made: str) -> None:
    """The places of the field's parts, under the paths of the entity that is made of it."""
    target: KeyPath = ("entities", made, "fields", TARGET)
    for path, mark in tuple(marks.items()):
        if path[:4] != origin:
            continue
        rest = path[4:]
        if not rest:
            marks["entities", made] = marks[target] = mark
        elif rest[0] == "fields":
            marks[("entities", made, *rest)] = mark
        elif rest == ("to",):
            marks[(*target, "to")] = mark
