"""Writes what is generated: the JSON Schema, docs/reference/problems.md and docs/reference/yaml.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.catalog import Catalog
from engine.compiler.codes import CODES
from engine.compiler.parts import MAP_SECTIONS, SECTION_DESCRIPTIONS
from engine.compiler.schema import PARTS, build_schema, kind_keys


def schema_text(catalog: Catalog) -> str:
    """schemas/forme.schema.json."""
    return json.dumps(build_schema(catalog), ensure_ascii=False, indent=2) + "\n"


def problems_page() -> str:
    """docs/reference/problems.md: every code with what it means."""
    lines = [
        "# Problems",
        "",
        "What `forme check` may say. Every problem names its place as `path:line:column`, and its code in brackets.",
        "",
    ]
    for code, meaning in sorted(CODES.items()):
        lines += [f"## {code}", "", meaning, ""]
    return "\n".join(lines)


def yaml_page(catalog: Catalog) -> str:
    """docs/reference/yaml.md: every section and key of a config."""
    lines = [
        "# The config files, key by key",
        "",
        "Every file of a config folder may hold any of these sections. Things are keyed by id:",
        "`[a-z][a-z0-9_]*`, 40 characters at most.",
        "",
    ]
    for section, described in SECTION_DESCRIPTIONS.items():
        lines += [f"## {section}", "", str(described["description"]), ""]
        lines += _table(PARTS[MAP_SECTIONS.get(section, section)])
    lines += ["## Fields", "", "Under `fields` of an entity. What a field may hold depends on its `type`.", ""]
    for key, kind in sorted(catalog.field_types.items()):
        keys = kind_keys(kind)
        own = kind.option_schema()["properties"]
        lines += [f"### {key}", "", " ".join((kind.__doc__ or "").split()), ""]
        lines += _table({"properties": own, "required": keys.required})
    lines += ["### Every field", "", "Those of these keys that make sense for its kind:", ""]
    common = [kind_keys(kind).properties for kind in catalog.field_types.values()]
    options = {name for kind in catalog.field_types.values() for name in kind.options()}
    shared = {name: schema for found in common for name, schema in found.items() if name not in options}
    return "\n".join([*lines, *_table({"properties": dict(sorted(shared.items()))})]).rstrip() + "\n"


def _table(schema: Mapping[str, Any], *, above: str = "") -> list[str]:
    rows = list(_rows(schema, above))
    return ["| key | value | meaning |", "|---|---|---|", *rows, ""] if rows else []


def _rows(schema: Mapping[str, Any], above: str) -> Iterator[str]:
    required = schema.get("required", ())
    for name, below in schema.get("properties", {}).items():
        shown = f"{above}{name}"
        mark = " (required)" if name in required else ""
        yield f"| `{shown}`{mark} | {_value(below)} | {_cell(str(below.get('description', '')))} |"
        yield from _rows(below, f"{shown}.")
        inner = below.get("additionalProperties")
        if isinstance(inner, Mapping):
            yield from _rows(inner, f"{shown}.*.")
        items = below.get("items")
        if isinstance(items, Mapping):
            yield from _rows(items, f"{shown}[].")


def _value(schema: Mapping[str, Any]) -> str:
    if schema.get("title"):
        return _cell(str(schema["title"]))
    if schema.get("enum"):
        return _cell(" or ".join(f"`{item}`" for item in schema["enum"]))
    words = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
    words |= {"array": "a list", "object": "a map"}
    kinds = schema.get("type", [item.get("type") for item in schema.get("anyOf", [])])
    listed = [kinds] if isinstance(kinds, str) else kinds
    return _cell(" or ".join(dict.fromkeys(words.get(str(kind), str(kind)) for kind in listed))) or "a value"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def write_all(root: Path, catalog: Catalog) -> tuple[Path, ...]:
    """Write every generated file below a checkout; says which."""
    texts = {
        root / "schemas" / "forme.schema.json": schema_text(catalog),
        root / "docs" / "reference" / "problems.md": problems_page(),
        root / "docs" / "reference" / "yaml.md": yaml_page(catalog),
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tuple(texts)
