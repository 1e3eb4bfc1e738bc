"""Rows that the engine keeps for combinations: how many an apply makes, and takes away, for the records that are there.

The same rule as a save's, in numbers: one row for every combination of the lists. Nothing that somebody entered goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import sqlalchemy as sa

from engine.limits import LINES_MAX
from engine.model import Each, Entity, Model
from engine.problems import Problem
from engine.store.snapshot import Snapshot
from engine.store.steps import Data, Step

Key = int | tuple[Any, ...]
"""A record that is there by its id, a row that will be made by its owner and combination."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A record, as far as lists are found through it."""

    owner: Key | None
    links: Mapping[str, Any]


@dataclass(slots=True)
class _Outcome:
    """What becomes of one entity's rows."""

    made: int = 0
    gone: set[int] = field(default_factory=set)
    standing: set[int] = field(default_factory=set)
    past: tuple[Key, int] | None = None
    """An owner that would have more rows than a record may, and how many."""


def changes(old: Snapshot, new: Model, now: Snapshot, data: Data) -> Iterator[Step | Problem]:
    """The steps for every entity whose rows are kept, where they are kept newly or for other combinations."""
    rows = _Rows(old, new, data)
    concerned: set[str] = set()
    for entity, each in _each_entities(new):
        parties = {entity.owned_by[0] if entity.owned_by else "", *_list_entities(new, entity, each)}
        if not (_differs(old, now, entity.name) or parties & concerned):
            continue
        concerned.add(entity.name)
        outcome = rows.keep(entity, each)
        if outcome.made or outcome.gone or outcome.past:
            yield from _told(old, new, entity, each, outcome, data)


def _told(
    old: Snapshot, new: Model, entity: Entity, each: Each, outcome: _Outcome, data: Data
) -> Iterator[Step | Problem]:
    lists = " and ".join(".".join(path) for path in each.lists.values())
    if outcome.past:
        owner, count = outcome.past
        assert entity.owned_by is not None
        yield Problem(
            "plan.unsupported",
            f"{entity.name} would have {count:,} rows in {entity.owned_by[0]} {_shown(owner)}, and a record may have "
            f"{LINES_MAX:,} lines at most.",
            entity.mark,
            f"Meanwhile take lines out of {lists} there, or keep rows for fewer lists.",
        )
        return
    at_stake = outcome.standing if _lists(old, entity.name) not in (None, set(each.lists)) else outcome.gone
    entered = len(_entered(old, data, entity.name, at_stake, beside=each.lists))
    if entered:
        yield Problem(
            "plan.unsupported",
            f"{entity.name} is kept for other combinations, but {entered:,} of its rows hold what somebody entered.",
            entity.mark,
            "Meanwhile give the rows for the new combinations an entity with another id, or empty those fields first.",
        )
        return
    standing_still = "; frozen records stay as they are" if _may_be_frozen(new, entity) else ""
    message = f"{entity.name}  one row for every combination of {lists}{standing_still}"
    yield Step(kind="keep_rows", entity=entity.name, rows=outcome.made, message=message, mark=entity.mark)
    if outcome.gone:
        message = f"{entity.name}  rows that stand for no combination go; nobody had entered anything in them"
        yield Step(kind="drop_rows", entity=entity.name, rows=len(outcome.gone), message=message, mark=entity.mark)


class _Rows:
    """The records that are there, and the rows that will be."""

    def __init__(self, old: Snapshot, new: Model, data: Data) -> None:
        self._old, self._new, self._data = old, new, data
        self._known: dict[str, dict[Key, _Row]] = {}
        self._below: dict[str, dict[Key | None, list[Key]]] = {}

    def keep(self, entity: Entity, each: Each) -> _Outcome:
        """Bring an entity's rows to the combinations of today's lists; what that means."""
        assert entity.owned_by is not None
        outcome, after = _Outcome(), dict[Key, _Row]()
        standing: dict[Key | None, list[tuple[Key, tuple[Any, ...]]]] = {}
        for key, row in self.of(entity.name).items():
            standing.setdefault(row.owner, []).append((key, tuple(row.links.get(name) for name in each.lists)))
            outcome.standing.add(_id(key))
        for owner, owning in self.of(entity.owned_by[0]).items():
            lists = [self._ids(entity.owned_by[0], owner, owning, path) for path in each.lists.values()]
            count = _size(lists)
            if count > LINES_MAX:
                outcome.past = outcome.past or (owner, count)
                continue
            there: dict[tuple[Any, ...], Key] = {}
            for key, combination in standing.pop(owner, []):
                there.setdefault(combination, key)
            for combination in product(*lists):
                key = there.get(combination, (owner, *combination))
                after[key] = _Row(owner, dict(zip(each.lists, combination, strict=True)))
        outcome.made = sum(isinstance(key, tuple) for key in after)
        outcome.gone = outcome.standing - {_id(key) for key in after if isinstance(key, int)}
        self._known[entity.name] = after
        self._below.pop(entity.name, None)
        return outcome

    def of(self, name: str) -> Mapping[Key, _Row]:
        """The living records of an entity, with what they link to."""
        if name not in self._known:
            self._known[name] = self._read(self._new.entities[name]) if _is_there(self._old, name) else {}
        return self._known[name]

    def _read(self, entity: Entity) -> dict[Key, _Row]:
        links = [each.name for each in entity.fields.values() if each.kind.key == "link" and each.stored]
        parent = entity.owned_by[0] if entity.owned_by else ""
        columns = [name for name in (*links, parent) if name in self._data.table(entity.name).c]
        found: dict[Key, _Row] = {}
        for id, *values in self._data.links(entity.name, columns):
            row = dict(zip(columns, values, strict=True))
            found[id] = _Row(row.get(parent), row)
        return found

    def _ids(self, entity: str, key: Key, row: _Row, path: Sequence[str]) -> list[Key]:
        """The lines that a path from an owner arrives at, through links first."""
        here: tuple[str, Key, _Row] | None = (entity, key, row)
        for name in path[:-1]:
            if here is None:
                return []
            target = self._new.entities[here[0]].fields[name].kind.target() or ""
            link = here[2].links.get(name)
            found = self.of(target).get(link) if link is not None else None
            here = (target, link, found) if found is not None and link is not None else None
        if here is None:
            return []
        line = self._new.entities[here[0]].fields[path[-1]].kind.target() or ""
        return self._lines(line).get(here[1], [])

    def _lines(self, name: str) -> Mapping[Key | None, list[Key]]:
        if name not in self._below:
            found: dict[Key | None, list[Key]] = {}
            for key, row in self.of(name).items():
                found.setdefault(row.owner, []).append(key)
            self._below[name] = found
        return self._below[name]


def _each_entities(new: Model) -> list[tuple[Entity, Each]]:
    """Outer ones first: inner rows stand in them."""
    found = [(entity, entity.each) for entity in new.entities.values() if entity.each is not None]
    return sorted(found, key=lambda item: len(_owners(new, item[0])))


def _owners(new: Model, entity: Entity) -> list[Entity]:
    if entity.owned_by is None:
        return []
    owner = new.entities[entity.owned_by[0]]
    return [owner, *_owners(new, owner)]


def _may_be_frozen(new: Model, entity: Entity) -> bool:
    return any(one.frozen_when is not None for one in _owners(new, entity))


def _list_entities(new: Model, entity: Entity, each: Each) -> Iterator[str]:
    for name in each.lists:
        yield entity.fields[name].kind.target() or ""


def _differs(old: Snapshot, now: Snapshot, name: str) -> bool:
    if name not in old["entities"]:
        return bool(name in now["entities"])
    return bool(_said(old, name) != _said(now, name))


def _said(snapshot: Snapshot, name: str) -> Any:
    return ((snapshot["merged"].get("entities") or {}).get(name) or {}).get("each")


def _lists(snapshot: Snapshot, name: str) -> set[str] | None:
    """The link fields of the combinations that rows were kept for; None where they were not."""
    said = _said(snapshot, name)
    return set(said) if isinstance(said, Mapping) else None


def _is_there(old: Snapshot, name: str) -> bool:
    return name in old["entities"] or name in old["kept"]


def _entered(old: Snapshot, data: Data, name: str, ids: set[int], beside: Collection[str] = ()) -> set[int]:
    """Those of these rows that hold what a person entered, in fields `beside` the combination or in lines below."""
    known = old["entities"].get(name)
    if known is None or not ids:
        return set()
    table, kept = data.table(name), {*beside} | (_lists(old, name) or set())
    filled = [
        table.c[column].is_not(None)
        for field_name, said in known["fields"].items()
        if said["stored"] and said["kind"] != "number" and field_name not in kept
        for column in said["columns"]
        if column.endswith("__typed") or not (said["formula"] or column != field_name)
    ]
    found = {id for (id,) in data.links(name, (), sa.or_(sa.false(), *filled))} & ids
    for below, line in old["entities"].items():
        if line["owned_by"] and line["owned_by"][0] == name:
            parents = {id: parent for id, parent in data.links(below, (name,)) if parent in ids}
            touched = _entered(old, data, below, set(parents)) if _lists(old, below) else set(parents)
            found |= {parents[id] for id in touched}
    return found


def _id(key: Key) -> int:
    assert isinstance(key, int)
    return key


def _size(lists: Sequence[Sequence[Key]]) -> int:
    total = 1
    for ids in lists:
        total *= len(ids)
    return total


def _shown(key: Key) -> str:
    return str(key) if isinstance(key, int) else "(new)"
