"""Whether every name outside the fields leads to something: in forms, lists, pipelines, roles, rules and tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.compiler.links import Finder
from engine.compiler.names import Names, pipelines_of
from engine.compiler.tree import KeyPath
from engine.problems import Problem, did_you_mean


def check_references(names: Names) -> Iterator[Problem]:
    """Every entity, field, stage and role that is named exists."""
    finder = Finder(names)
    for entity, said in names.entities.items():
        yield from _entity(finder, entity, said)
    for pipeline, said in names.config.data.get("pipelines", {}).items():
        yield from _pipeline(finder, pipeline, said)
    for role, said in names.config.data.get("roles", {}).items():
        yield from _role(finder, role, said)
    yield from _plugins(finder)


def _plugins(finder: Finder) -> Iterator[Problem]:
    for index, plugin in enumerate(finder.names.config.data["app"].get("plugins", [])):
        known = finder.names.catalog.plugins
        if plugin not in known:
            path: KeyPath = ("app", "plugins", index)
            hint = did_you_mean(plugin, known) or "Install it, or correct the name."
            if finder.names.config.places.value(path).layer:
                hint = f"A pack only asks for a plugin; add `plugins: [{plugin}]` to your own app.yaml to let it in."
            yield finder.problem("plugin.unknown", f"There is no plugin '{plugin}'.", path, hint)


def _entity(finder: Finder, entity: str, said: Mapping[str, Any]) -> Iterator[Problem]:
    base: KeyPath = ("entities", entity)
    for section, value in said.get("form", {}).get("sections", {}).items():
        yield from finder.own_fields(entity, value["fields"], (*base, "form", "sections", section, "fields"))
    shown = said.get("list", {})
    yield from finder.own_fields(entity, shown.get("columns"), (*base, "list", "columns"))
    yield from finder.own_fields(entity, shown.get("filters"), (*base, "list", "filters"))
    for index, word in enumerate(shown.get("sort", [])):
        yield from finder.field(entity, word.removeprefix("-"), (*base, "list", "sort", index))
    for index, group in enumerate(said.get("unique", [])):
        yield from finder.own_fields(entity, group, (*base, "unique", index))
    for side, word in said.get("dated", {}).items():
        yield from finder.field(entity, word, (*base, "dated", side))
    for word in said.get("copy", {}).get("set", {}):
        yield from key_field(finder, entity, word, (*base, "copy", "set", word))
    for word, path_text in said.get("each", {}).items():
        yield from _each(finder, entity, word, path_text, (*base, "each", word))
    for name, check in said.get("checks", {}).items():
        if ("refuse_when" in check) == ("warn_when" in check):
            message = f"The check '{name}' must say either refuse_when or warn_when."
            mark = finder.names.config.places.key((*base, "checks", name))
            yield Problem("check.when", message, mark, "Write `refuse_when: EXPRESSION`.")


def key_field(finder: Finder, entity: str, word: str, path: KeyPath) -> Iterator[Problem]:
    """The key at this path is a field of the entity."""
    known = finder.names.known_fields(entity)
    if word not in known:
        mark = finder.names.config.places.key(path)
        yield Problem(
            "name.unknown", f"There is no field of {entity} '{word}'.", mark, did_you_mean(word, tuple(known))
        )


def _each(finder: Finder, entity: str, word: str, path_text: str, path: KeyPath) -> Iterator[Problem]:
    names = finder.names
    owner = names.parent(entity)
    if owner is None:
        hint = "Add `owned_by: ENTITY.FIELD`."
        yield finder.problem("each.owner", f"'{entity}' has `each` but no owner whose lists it combines.", path, hint)
        return
    if word not in names.fields(entity):
        yield from key_field(finder, entity, word, path)
        return
    arrived, at = None, owner
    for name in path_text.split("."):
        if names.field(at, name) is None:
            yield from finder.field(at, name, path)
            return
        arrived = names.target(at, name)
        if arrived is None:
            yield finder.problem("each.path", f"'{at}.{name}' leads to no records.", path)
            return
        at = arrived
    last = names.walk(owner, path_text)
    if not last or names.fields(last[-1][0]).get(last[-1][1], {}).get("type") != "lines":
        yield finder.problem("each.path", f"'{path_text}' does not end at lines.", path, "Name a lines field.")
    elif names.target(entity, word) != arrived and names.target(entity, word) in (None, *names.entities):
        message = f"'{word}' must be a link to {arrived}, which '{path_text}' holds."
        yield finder.problem("each.field", message, path, f"Write `{word}: {{type: link, to: {arrived}}}`.")


def _pipeline(finder: Finder, pipeline: str, said: Mapping[str, Any]) -> Iterator[Problem]:
    base: KeyPath = ("pipelines", pipeline, "stages")
    users = users_of(finder.names, pipeline)
    roles = finder.names.config.data.get("roles", {})
    for stage, value in said["stages"].items():
        for entity in users[:1]:
            yield from finder.own_fields(entity, value.get("requires"), (*base, stage, "requires"))
        for index, word in enumerate(value.get("moves", [])):
            yield from finder.known("stage", word, said["stages"], (*base, stage, "moves", index))
        for index, word in enumerate(value.get("roles", [])):
            yield from finder.known("role", word, roles, (*base, stage, "roles", index))


def users_of(names: Names, pipeline: str) -> tuple[str, ...]:
    """The entities that follow a pipeline."""
    return tuple(
        entity
        for entity in names.entities
        if any(s["type"] == "stage" and pipeline in pipelines_of(s) for s in names.fields(entity).values())
    )


def _role(finder: Finder, role: str, said: Mapping[str, Any]) -> Iterator[Problem]:
    names = finder.names
    for entity, grant in said.get("grants", {}).items():
        path: KeyPath = ("roles", role, "grants", entity)
        if entity not in names.entities:
            mark = names.config.places.key(path)
            yield Problem(
                "name.unknown", f"There is no entity '{entity}'.", mark, did_you_mean(entity, names.entity_names())
            )
            continue
        verbs = [verb for verb in grant if verb != "fields"]
        if names.parent(entity) is not None and verbs:
            message = f"'{entity}' are lines: they follow the rights of {names.root(entity)}."
            mark = names.config.places.key((*path, verbs[0]))
            yield Problem(
                "grant.line", message, mark, "Keep `fields`, and move the rest to the record that holds them."
            )
        for field in grant.get("fields", {}):
            yield from key_field(finder, entity, field, (*path, "fields", field))
