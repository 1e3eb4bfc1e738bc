"""Whether everything has the shape that the language gives it: each mistake at its exact place, with the nearest word.

The only user of jsonschema. The merged config is validated piece by piece, each field against its own kind's keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry

from engine.catalog import Catalog
from engine.compiler import parts
from engine.compiler.layers import Config
from engine.compiler.parts import Schema
from engine.compiler.schema import PARTS, described_schema, field_schema
from engine.compiler.tree import KeyPath, Places
from engine.kinds import FieldType
from engine.problems import Problem, did_you_mean, nearest

_NOTHING_REMOTE: Registry[Any] = Registry()
"""No reference leads anywhere: a schema never makes the compiler read a file or an address."""
_SAYS_BOOLEAN = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def check_shapes(config: Config, catalog: Catalog) -> Iterator[Problem]:
    """Every key is known, every value is of the right kind, and nothing needed is missing."""
    yield from _Shapes(config, catalog).check()


class _Shapes:
    def __init__(self, config: Config, catalog: Catalog) -> None:
        self.data, self.places, self.catalog = config.data, config.places, catalog
        self.validators: dict[object, Draft202012Validator] = {}

    def check(self) -> Iterator[Problem]:
        for section in self.data:
            if section not in parts.SECTION_DESCRIPTIONS:
                yield self.unknown_section(section)
        if "app" not in self.data:
            hint = "Write `app: {name: ..., locale: zh-CN}` in app.yaml."
            yield Problem("config.no-app", "The section 'app' is missing.", self.places.key(()), hint)
        else:
            yield from self.piece("app", self.data["app"], ("app",))
        for section, part in parts.MAP_SECTIONS.items():
            yield from self.section(section, part)

    def unknown_section(self, section: str) -> Problem:
        mark = self.places.key((section,))
        if section in parts.LATER_SECTIONS:
            message = f"The section '{section}' is not available in this release."
            return Problem("section.later", message, mark, "Leave it out for now.")
        hint = did_you_mean(section, parts.SECTION_DESCRIPTIONS)
        if section in ("packs", "plugins"):
            hint = f"Write `{section}` under `app`."
        return Problem("key.unknown", f"'{section}' is not a section.", mark, hint)

    def section(self, section: str, part: str) -> Iterator[Problem]:
        found = self.data.get(section, {})
        if not isinstance(found, dict):
            hint = f"Write each under its id: `{section}:` and below it `some_id: ...`."
            yield Problem(
                "value.type", f"'{section}' must be a map of things by id.", self.places.value((section,)), hint
            )
            return
        for name, value in found.items():
            if part == "entity":
                yield from self.entity(value, (section, name))
            else:
                yield from self.piece(part, value, (section, name))

    def entity(self, value: Any, path: KeyPath) -> Iterator[Problem]:
        yield from self.piece("entity", value, path)
        fields = value.get("fields") if isinstance(value, dict) else None
        yield from self.fields(fields, (*path, "fields"))

    def fields(self, fields: Any, path: KeyPath) -> Iterator[Problem]:
        for name, value in fields.items() if isinstance(fields, dict) else ():
            yield from self.field(value, (*path, name))

    def field(self, value: Any, path: KeyPath) -> Iterator[Problem]:
        kinds = self.catalog.field_types
        if not isinstance(value, dict):
            hint = f"Write `{path[-1]}: {{type: text}}`."
            yield Problem(
                "value.type", f"The field '{path[-1]}' must be a map of settings.", self.places.value(path), hint
            )
            return
        kind = value.get("type")
        if kind is None:
            yield self.field_without_type(value, path)
        elif not isinstance(kind, str) or kind not in kinds:
            hint = did_you_mean(str(kind), kinds)
            yield Problem(
                "field.type", f"There is no kind of field '{kind}'.", self.places.value((*path, "type")), hint
            )
        else:
            yield from self.piece(f"field:{kind}", value, path)
            if kind in parts.NESTED_FIELDS:
                yield from self.fields(value.get(parts.NESTED_FIELDS[kind]), (*path, parts.NESTED_FIELDS[kind]))

    def field_without_type(self, value: Mapping[str, Any], path: KeyPath) -> Problem:
        for key, written in value.items():
            if (
                isinstance(written, str)
                and written in self.catalog.field_types
                and did_you_mean(key, ["type"]).startswith("Did")
            ):
                message = f"'{key}' is not a key of a field."
                return Problem("key.unknown", message, self.places.key((*path, key)), "Did you mean 'type'?")
        hint = "Write `type: text`, or correct the field's id if a lower layer has it."
        return Problem("key.missing", f"The field '{path[-1]}' has no 'type'.", self.places.key(path), hint)

    def piece(self, name: str, value: Any, path: KeyPath) -> Iterator[Problem]:
        if self.validator(name).is_valid(value):
            return
        seen = set()
        for error in self.validator(name, described_schema).iter_errors(value):
            for found in explain_error(error, path, self.places):
                problem = self.of_other_kind(found, name) if found.code == "key.unknown" else found
                if problem not in seen:
                    seen.add(problem)
                    yield problem

    def validator(
        self, name: str, of_kind: Callable[[type[FieldType]], Schema] = field_schema
    ) -> Draft202012Validator:  # fmt: skip
        """What a part of a config is held to. Help on options is read from their source: for mistakes only."""
        key = (name, of_kind)
        if key not in self.validators:
            schema = of_kind(self.catalog.field_types[name[6:]]) if name.startswith("field:") else PARTS[name]
            self.validators[key] = Draft202012Validator(schema, registry=_NOTHING_REMOTE)
        return self.validators[key]

    def of_other_kind(self, problem: Problem, name: str) -> Problem:
        """When an unknown key of a field is an option of other kinds, say which."""
        key = problem.message.split("'")[1]
        kinds = [kind for kind, found in self.catalog.field_types.items() if key in found.options()]
        if not name.startswith("field:") or not kinds:
            return problem
        return replace(problem, hint=f"Only these kinds have it: {', '.join(kinds)}.")


def explain_error(error: ValidationError, base: KeyPath, places: Places) -> Iterator[Problem]:
    """What jsonschema found, in words for the author of the config."""
    path: KeyPath = (*base, *error.absolute_path)
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    if error.validator == "additionalProperties":
        yield from _unknown_keys(error.instance, schema, path, places)
    elif error.validator == "required":
        for key in _strings(error.validator_value):
            if key not in _map_of(error.instance):
                yield _missing_key(key, _map_of(error.instance), schema, path, places)
    elif error.validator == "anyOf" and (inner := _closest_branch(error)):
        for deeper in inner:
            yield from explain_error(deeper, base, places)
    else:
        code, message, hint = _wrong_value(error, schema, path)
        yield Problem(code, message, places.value(path), hint)


def _closest_branch(error: ValidationError) -> list[ValidationError]:
    """Of several shapes that are allowed, the errors of the one whose kind of value was written."""
    branches: dict[object, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    fitting = [f for f in branches.values() if not any(e.validator == "type" and not e.path for e in f)]
    if not fitting:
        return []
    closest = min(fitting, key=lambda found: (len(found), sum(inner.validator == "type" for inner in found)))
    return [_from_root(inner, error) for inner in closest]


def _from_root(inner: ValidationError, outer: ValidationError) -> ValidationError:
    inner.parent = outer
    return inner


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _map_of(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _missing_key(
    key: str, instance: Mapping[str, Any], schema: Mapping[str, Any], path: KeyPath, places: Places
) -> Problem:
    """What is missing; when it is there but misspelt, at that key."""
    unknown = [name for name in instance if name not in schema.get("properties", {})]
    near = nearest(key, unknown)
    if near is not None:
        message = f"'{near}' is not a key of {schema.get('title', 'this')}."
        return Problem("key.unknown", message, places.key((*path, near)), f"Did you mean '{key}'?")
    described = schema.get("properties", {}).get(key, {})
    hint = described.get("description") or f"Add `{key}: ...`."
    return Problem("key.missing", f"{_name(path)} has no '{key}'.", places.key(path), hint)


def _unknown_keys(instance: Any, schema: Mapping[str, Any], path: KeyPath, places: Places) -> Iterator[Problem]:
    known = schema.get("properties", {})
    for key in instance:
        if key in known:
            continue
        mark = places.key((*path, key))
        if key in parts.LATER_KEYS:
            yield Problem("key.later", f"'{key}' is not available in this release.", mark, "Leave it out for now.")
            continue
        title = schema.get("title", "this")
        hint = did_you_mean(key, known) or "Known here: " + ", ".join(sorted(known)) + "."
        yield Problem("key.unknown", f"'{key}' is not a key of {title}.", mark, hint)


def _wrong_value(error: ValidationError, schema: Mapping[str, Any], path: KeyPath) -> tuple[str, str, str]:
    name, value, expected = _name(path), error.instance, error.validator_value
    title = schema.get("title") or _expected(schema)
    if error.validator in ("type", "anyOf", "oneOf"):
        return "value.type", f"{name} must be {title}, not {_shown(value)}.", _type_hint(value, schema)
    if error.validator in ("enum", "const"):
        known = [str(item) for item in expected] if isinstance(expected, list) else [str(expected)]
        return "value.unknown", f"{name} cannot be {_shown(value)}.", did_you_mean(str(value), known)
    if error.validator in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
        least = "at least" if "inimum" in str(error.validator) else "at most"
        return "value.range", f"{name} must be {least} {expected}.", ""
    if error.validator == "uniqueItems":
        return "value.repeated", f"{name} names something twice.", "Keep one of them."
    if error.validator in ("minItems", "minProperties", "minLength"):
        return "value.empty", f"{name} must not be empty.", ""
    if error.validator == "maxProperties":
        return "value.too-many", f"{name} may do one thing only.", "Begin a new item with `-` for each step."
    return "value.type", f"{name} must be {title}.", ""


def _expected(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", "something else")
    words = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
    words |= {"object": "a map", "array": "a list"}
    listed = [kinds] if isinstance(kinds, str) else list(kinds)
    if "anyOf" in schema:
        listed = [item.get("type", "") for item in schema["anyOf"] if isinstance(item.get("type"), str)]
    if schema.get("enum"):
        return "one of " + ", ".join(str(item) for item in schema["enum"])
    return " or ".join(words.get(kind, str(kind)) for kind in listed)


def _type_hint(value: Any, schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", ())
    listed = [kinds] if isinstance(kinds, str) else list(kinds)
    if "boolean" in listed and isinstance(value, str):
        return f"Write `{_SAYS_BOOLEAN.get(value.lower(), 'true')}` without quotes."
    if "string" in listed and isinstance(value, int | Decimal):
        return f'Put it in quotes: "{_shown(value)}".'
    if isinstance(value, str) and ("integer" in listed or "number" in listed):
        return "Write digits only, such as 1250 or 12.50."
    if listed == ["object"] and isinstance(value, list):
        return "Things are keyed by id: write `some_id: ...` in place of `- ...`."
    if "array" in listed and not isinstance(value, list):
        return "Write a list: [first, second]."
    return str(schema.get("description", ""))


def _name(path: KeyPath) -> str:
    shown = [str(part) if isinstance(part, str) else f"[{part + 1}]" for part in path[-2:]]
    return f"'{'.'.join(shown).replace('.[', '[')}'"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    text = str(value)
    return f"'{text[:60]}'" if isinstance(value, str) else text
