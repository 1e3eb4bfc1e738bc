"""A pack's sample data: people and steps in the language of tests, read with places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.compiler.sources import decode, parse
from engine.compiler.tree import Tree, plain
from engine.problems import Mark, Problem, stop_on


@dataclass(frozen=True, slots=True)
class Scene:
    """Who is there, and what they do."""

    people: Mapping[str, Mapping[str, Any]]
    """By sign-in name: `name` and `roles`."""
    steps: tuple[tuple[Mapping[str, Any], Mark], ...]


def read_demo(folder: Path) -> Scene:
    """The YAML files of a demo folder, in order of their names. Raises ConfigError with every problem."""
    problems: list[Problem] = []
    people: dict[str, Mapping[str, Any]] = {}
    steps: list[tuple[Mapping[str, Any], Mark]] = []
    for path in sorted(folder.glob("*.yaml")):
        source, found = decode("demo", path.name, path.read_bytes())
        problems += found
        document, found = parse(source)
        problems += found
        people |= _people(document.root, problems)
        steps += _steps(document.root, problems)
    stop_on(problems)
    return Scene(people, tuple(steps))


def _people(root: Tree, problems: list[Problem]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    listed = root.at("people")
    for login, tree in listed.content.items() if listed is not None and isinstance(listed.content, dict) else ():
        said = plain(tree)
        if not isinstance(said, dict) or not isinstance(said.get("roles"), list):
            problems.append(
                Problem("demo.person", f"'{login}' is no person.", tree.key, "Write {name: ..., roles: [...]}.")
            )
        else:
            yield login, said


def _steps(root: Tree, problems: list[Problem]) -> Iterator[tuple[Mapping[str, Any], Mark]]:
    listed = root.at("steps")
    for tree in listed.content if listed is not None and isinstance(listed.content, list) else ():
        step = plain(tree)
        if not isinstance(step, dict):
            problems.append(Problem("demo.step", "A step is a map.", tree.mark, "Write {create: {...}}."))
        else:
            yield step, tree.mark
