"""Changes that touch no table: words, rules, forms, rights. Each is told once, where it was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.model import Model
from engine.problems import NOWHERE, Mark
from engine.store.snapshot import Snapshot
from engine.store.steps import Data, Step

WORDS: Final = frozenset({"label", "help", "message", "plural", "terms", "name", "text", "title"})
"""Keys below which only words stand."""
ONE: Final = {
    "terms": "change_words", "pipelines": "change_pipeline", "rules": "change_rule", "tests": "change_tests",
    "constants": "change_constant", "views": "change_view",
}  # fmt: skip
"""Sections whose items are told whole."""
Path = tuple[str, ...]


def changes(old: Snapshot, new: Model, now: Snapshot, data: Data) -> Iterator[Step]:
    """The steps that only mean something else from now on."""
    before, after = old["merged"], now["merged"]
    for section in sorted(before.keys() | after.keys()):
        ours, theirs = before.get(section) or {}, after.get(section) or {}
        if ours == theirs:
            continue
        if section == "entities":
            yield from _entities(ours, theirs, new)
        elif section == "roles":
            yield from _roles(ours, theirs, new, data)
        elif section in ONE and isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            for name in _differing(ours, theirs):
                message = f"{section}.{name}  {_verb(ours.get(name), theirs.get(name))}"
                yield Step(kind=ONE[section], name=name, message=message, mark=_mark(new, section, name))
        else:
            yield Step(kind=f"change_{section}", message=f"{section}  changed", mark=_mark(new, section))


def _entities(before: Mapping[str, Any], after: Mapping[str, Any], new: Model) -> Iterator[Step]:
    for name in _differing(before, after):
        ours, theirs = before.get(name), after.get(name)
        if ours is None or theirs is None:
            continue  # told as a table that comes or is kept aside
        fields = ours.get("fields") or {}, theirs.get("fields") or {}
        for field in _differing(*fields):
            if field in fields[0] and field in fields[1]:
                yield _changed(
                    name, field, fields[0][field], fields[1][field], _mark(new, "entities", name, "fields", field)
                )
        rest = [{key: value for key, value in each.items() if key != "fields"} for each in (ours, theirs)]
        if rest[0] != rest[1]:
            yield _changed(name, "", rest[0], rest[1], _mark(new, "entities", name))


def _changed(entity: str, field: str, before: Any, after: Any, mark: Mark) -> Step:
    paths = list(_leaves(before, after))
    what = f"{entity}.{field}" if field else entity
    if all(WORDS & set(path) for path in paths):
        return Step(kind="change_words", entity=entity, field=field, message=f"{what}  words", mark=mark)
    keys = ", ".join(dict.fromkeys(path[0] for path in paths if path))
    kind = "change_field" if field else "change_entity"
    return Step(kind=kind, entity=entity, field=field, message=f"{what}  {keys or 'changed'}", mark=mark)


def _roles(before: Mapping[str, Any], after: Mapping[str, Any], new: Model, data: Data) -> Iterator[Step]:
    for role in _differing(before, after):
        ours, theirs = before.get(role) or {}, after.get(role) or {}
        mark = _mark(new, "roles", role)
        rest = [{key: value for key, value in each.items() if key != "grants"} for each in (ours, theirs)]
        if rest[0] != rest[1]:
            verb = _verb(before.get(role), after.get(role))
            may = ", ".join(theirs.get("may") or ()) or "nothing"
            say = f"; may now: {may}" if ours.get("may") != theirs.get("may") else ""
            yield Step(kind="change_role", name=role, message=f"role {role}  {verb}{say}", mark=mark)
        grants = ours.get("grants") or {}, theirs.get("grants") or {}
        for entity in _differing(*grants):
            yield _access(role, entity, grants[0].get(entity) or {}, grants[1].get(entity) or {}, new, data)


def _access(role: str, entity: str, before: Any, after: Any, new: Model, data: Data) -> Step:
    mark = _mark(new, "roles", role, "grants", entity)
    ours, theirs = _read(before), _read(after)
    rows, note = 0, _verbs(before, after)
    if theirs is not False and ours != theirs:
        rows = _readable(entity, data)
        if theirs is True:
            note = f"may read {rows:,} records, {'0' if ours is False else 'some'} before"
        else:
            note = f"may read those of {rows:,} records where {theirs}"
    return Step(
        kind="change_access", entity=entity, name=role, rows=rows, message=f"role {role}  {entity}: {note}", mark=mark
    )


def _readable(entity: str, data: Data) -> int:
    try:
        return data.count(entity)
    except KeyError:
        return 0  # the entity itself is new


def _read(grant: Any) -> Any:
    if isinstance(grant, Mapping):
        return grant.get("read", False)
    return grant if grant is not None else False


def _verbs(before: Any, after: Any) -> str:
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return "changed"
    changed = [verb for verb in dict.fromkeys((*before, *after)) if before.get(verb) != after.get(verb)]
    return ", ".join(changed) + " changed"


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = dict.fromkeys((*before, *after))
    return [name for name in names if before.get(name) != after.get(name)]


def _leaves(before: Any, after: Any, path: Path = ()) -> Iterator[Path]:
    """The places at which two trees differ."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in _differing(before, after):
            yield from _leaves(before.get(key), after.get(key), (*path, key))
    elif before != after:
        yield path


def _verb(before: Any, after: Any) -> str:
    return "new" if before is None else "removed" if after is None else "changed"


def _mark(model: Model, *path: str) -> Mark:
    """Where the nearest part of this path was last written."""
    for length in range(len(path), 0, -1):
        origins = model.origins.get(path[:length])
        if origins:
            return origins[-1].mark
    return NOWHERE
