"""One JSON Schema (2020-12) for every config file, made from the kinds: what editors complete and `check` verifies.

The same parts serve twice: a file may hold a piece of a thing (a layer that relabels a field), remove with null and
change lists; the merged config must be whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.catalog import Catalog
from engine.compiler import parts, stories
from engine.compiler.parts import Schema
from engine.kinds import FieldType

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PARTS: Mapping[str, Schema] = {
    "app": parts.APP,
    "pack": parts.PACK,
    "term": parts.TERM,
    "number": {"title": "a number", "type": "number"},
    "entity": parts.ENTITY,
    "pipeline": parts.PIPELINE,
    "role": parts.ROLE,
    "rule": stories.RULE_PART,
    "test": stories.TEST_PART,
}
"""The named parts of the schema; fields are made from the kinds."""


@dataclass(frozen=True, slots=True)
class KindKeys:
    """What a field of one kind may hold."""

    properties: Mapping[str, Schema]
    required: tuple[str, ...]


def kind_keys(kind: type[FieldType]) -> KindKeys:
    """The keys of a field of this kind: those of all fields that make sense for it, and its own options."""
    options = kind.options().values()
    common = parts.common_keys(kind.key, stored=kind.stored, expressible=kind.expressible, searchable=kind.searchable)
    own: dict[str, Any] = {option.name: dict(option.schema) for option in options}
    if kind.key in parts.NESTED_FIELDS:
        own[parts.NESTED_FIELDS[kind.key]] = {"type": "object", "title": "fields by id"}
    properties = {"type": parts.TYPE, **common, **own}
    return KindKeys(properties, tuple(option.name for option in options if option.required))


def known_keys(catalog: Catalog) -> Mapping[str, frozenset[str]]:
    """By kind: the keys that its fields know."""
    return {key: frozenset(kind_keys(kind).properties) for key, kind in catalog.field_types.items()}


def field_schema(kind: type[FieldType]) -> Schema:
    """A whole field of one kind."""
    keys = kind_keys(kind)
    return _object(f"a {kind.key} field", keys.properties, required=("type", *keys.required))


def described_schema(kind: type[FieldType]) -> Schema:
    """The same with what the kind says of its options, for editors and for whoever made a mistake."""
    schema = field_schema(kind)
    helped = {**schema["properties"], **kind.option_schema()["properties"]}
    own = parts.NESTED_FIELDS.get(kind.key)
    return {**schema, "properties": {**helped, own: schema["properties"][own]} if own else helped}


def build_schema(catalog: Catalog) -> dict[str, Any]:
    """The schema of a config file, for editors: one root, every section anywhere."""
    definitions: dict[str, Any] = {"field": _field_of_any_kind(catalog)}
    for key, kind in sorted(catalog.field_types.items()):
        definitions[f"field_{key}"] = _fragment(_nest(described_schema(kind), kind.key))
    for name, schema in PARTS.items():
        definitions[name] = _fragment(schema)
    definitions["entity"]["properties"]["fields"] = _map_of("field", "Its fields, by id")
    sections: dict[str, Any] = {
        name: {**schema, "$ref": f"#/$defs/{name}"} for name, schema in parts.SECTION_DESCRIPTIONS.items()
    }
    for name, of in parts.MAP_SECTIONS.items():
        sections[name] = _map_of(of, parts.SECTION_DESCRIPTIONS[name]["description"])
    return {
        "$schema": DIALECT,
        "$id": "forme.schema.json",
        "title": "A Forme config file",
        "description": "Any file of a config folder; each may hold any of the sections.",
        "type": "object",
        "additionalProperties": False,
        "properties": sections,
        "$defs": definitions,
    }


def _field_of_any_kind(catalog: Catalog) -> Schema:
    """Only the keys of the chosen type are offered; a layer that only changes a field needs no type."""
    kinds = sorted(catalog.field_types)
    known: dict[str, Schema] = {name: {} for key in kinds for name in kind_keys(catalog.field_types[key]).properties}
    choose = [
        {
            "if": {"properties": {"type": {"const": key}}, "required": ["type"]},
            "then": {"$ref": f"#/$defs/field_{key}"},
        }
        for key in kinds
    ]
    described = [catalog.field_types[key].words.text("en") for key in kinds]
    return {
        "title": "A field",
        "type": ["object", "null"],
        "properties": {
            **dict(sorted(known.items())),
            "type": {**parts.TYPE, "enum": kinds, "enumDescriptions": described},
        },
        "allOf": [{"if": {"required": ["type"]}, "else": {"additionalProperties": True}}, *choose],
    }


def _nest(schema: Schema, kind: str) -> Schema:
    key = parts.NESTED_FIELDS.get(kind)
    if key is None:
        return schema
    return {**schema, "properties": {**schema["properties"], key: _map_of("field", "Fields kept on each link, by id")}}


def _map_of(definition: str, description: str) -> Schema:
    return {
        "description": description,
        "type": ["object", "null"],
        "propertyNames": {"pattern": parts.ID_PATTERN},
        "additionalProperties": {"$ref": f"#/$defs/{definition}"},
    }


def _fragment(schema: Schema) -> dict[str, Any]:
    """A part of a thing as a layer may write it: nothing is required, null removes, lists may be changed."""
    found: dict[str, Any] = {key: value for key, value in schema.items() if key not in ("required", "minProperties")}
    if schema.get("properties"):
        found["properties"] = {key: dict(_removable(value)) for key, value in schema["properties"].items()}
    return _removable(found)


def _removable(schema: Schema) -> dict[str, Any]:
    kinds = schema.get("type")
    if kinds is None or not isinstance(schema, Mapping):
        return dict(schema)
    listed = [kinds] if isinstance(kinds, str) else list(kinds)
    found = dict(schema)
    if "array" in listed and "object" not in listed:
        listed.append("object")
        found["properties"] = {"add": {"type": "array"}, "remove": {"type": "array"}}
        found["additionalProperties"] = False
    found["type"] = [*listed, "null"] if "null" not in listed else listed
    for key in ("properties",):
        if key in found and "array" not in listed:
            found[key] = {name: _removable(value) for name, value in found[key].items()}
    if isinstance(found.get("additionalProperties"), Mapping):
        found["additionalProperties"] = _fragment(found["additionalProperties"])
    if "object" in listed:
        found.pop("required", None)
    if "enum" in found:
        found["enum"] = [*found["enum"], None]
    return found


def _object(title: str, properties: Mapping[str, Schema], *, required: tuple[str, ...] = ()) -> Schema:
    return {
        "title": title,
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
