"""Lookups and rollups whose kind is that of another lookup or rollup: the chain must be short and end."""

from __future__ import annotations

from collections.abc import Iterator

from engine.compiler.cycles import circle_in, circles
from engine.compiler.names import Names
from engine.compiler.rollups import RESULT_KEYS
from engine.problems import Problem

CHAIN_MAX = 20
"""Lookups of lookups: each is one more join in every query, and nobody follows more with their eyes."""
Key = tuple[str, str]


def check_chains(names: Names) -> Iterator[Problem]:
    """No lookup shows itself through others, and no chain is longer than the bound."""
    edges = {
        (entity, name): _next(names, entity, name)
        for entity in names.entities
        for name, said in names.fields(entity).items()
        if said["type"] in ("lookup", "rollup")
    }
    known = {key: [k for k in following if k in edges] for key, following in edges.items()}
    in_circle: set[Key] = set()
    for group in circles(known):
        circle = circle_in(known, group[0])
        in_circle |= set(group)
        text = " -> ".join(f"{entity}.{name}" for entity, name in (*circle, circle[0]))
        mark = names.config.places.key(("entities", circle[0][0], "fields", circle[0][1]))
        message = f"These figures are worked out from each other: {text}."
        yield Problem("formula.cycle", message, mark, "Let one of them name a field that is entered.")
    if in_circle:
        return
    for key in known:
        if _length(known, key) > CHAIN_MAX:
            mark = names.config.places.key(("entities", key[0], "fields", key[1]))
            message = f"'{key[1]}' is reached through more than {CHAIN_MAX} lookups or rollups of one another."
            yield Problem("lookup.depth", message, mark, "Name the field at the end of the chain by its path.")


def _next(names: Names, entity: str, name: str) -> list[Key]:
    """The lookups and rollups along the path that a lookup or rollup reads."""
    said = names.fields(entity)[name]
    if said["type"] == "lookup":
        return _along(names, entity, str(said.get("of")))
    arrived = names.hops(entity, str(said.get("of")))
    value = next((said[key] for key in RESULT_KEYS if key in said and key != "count"), None)
    return _along(names, arrived[1], value) if arrived and isinstance(value, str) else []


def _along(names: Names, entity: str, path: str) -> list[Key]:
    """The fields of a path, as far as it leads through links that are no lookups themselves."""
    found: list[Key] = []
    at: str | None = entity
    for word in path.split("."):
        if at is None or word not in names.fields(at):
            return found
        found.append((at, word))
        at = None if names.fields(at)[word]["type"] in ("lookup", "rollup") else names.target(at, word)
    return found


def _length(edges: dict[Key, list[Key]], key: Key) -> int:
    """How long the longest chain from here is, counted only a little past the bound."""
    level, length = {key}, 0
    while level and length <= CHAIN_MAX:
        level = {following for at in level for following in edges.get(at, ())}
        length += 1
    return length
