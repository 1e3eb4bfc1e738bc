"""Slips in every key of a real config: whatever is misspelt, mistyped or left out is told at its exact line."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from engine.problems import Problem
from tests.compiler.configs import GOLDEN, errors_of

SEED = 20_260_131
EACH_MAX = 55
"""Mutants of each sort: enough to meet every part of the config, few enough to stay quick."""
FREE_KEYS = {"terms", "constants"}
NEEDED = {"type", "to", "of", "message", "stages", "fields", "steps", "set", "trigger"}
REFERENCES = {"to", "of", "pipeline", "owned_by", "frozen_when", "by", "entity", "record", "role"}


@dataclass(frozen=True)
class Mutant:
    """One slip: where it is, and the text with it."""

    sort: str
    path: tuple[str, ...]
    lines: tuple[int, ...]
    """The line of the slip; for something left out also that of what holds it."""
    text: str


@dataclass(frozen=True)
class Entry:
    path: tuple[str, ...]
    key: yaml.ScalarNode
    value: yaml.Node
    holder: yaml.MappingNode
    holder_line: int
    flow: bool


def entries(node: yaml.Node, path: tuple[str, ...] = (), line: int = 1) -> Iterator[Entry]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from entries(item, (*path, "[]"), item.start_mark.line + 1)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        here = (*path, key.value)
        yield Entry(here, key, value, node, line, bool(node.flow_style))
        yield from entries(value, here, key.start_mark.line + 1)


def splice(text: str, start: int, end: int, new: str) -> str:
    return text[:start] + new + text[end:]


def is_keyword(entry: Entry) -> bool:
    """Whether the key is a word of the language, or names a thing of the config: an id of one's own may be any word."""
    path = entry.path
    if path[0] in FREE_KEYS and len(path) > 1:
        return False
    above = path[-2] if len(path) > 1 else ""
    owns_ids = {
        "entities",
        "fields",
        "choices",
        "stages",
        "pipelines",
        "roles",
        "tests",
        "checks",
        "label",
        "message",
        "help",
    }
    if path[0] == "roles" and above == "fields":
        return True
    return above not in owns_ids


def misspelt_keys(text: str, found: list[Entry]) -> Iterator[Mutant]:
    for entry in found:
        if is_keyword(entry) and len(entry.key.value) > 3:
            word = entry.key.value[:-2] + entry.key.value[-1] + entry.key.value[-2] + "q"
            changed = splice(text, entry.key.start_mark.index, entry.key.end_mark.index, word)
            yield Mutant("misspelt", entry.path, (entry.key.start_mark.line + 1,), changed)


def wrong_types(text: str, found: list[Entry]) -> Iterator[Mutant]:
    for entry in found:
        scalar = isinstance(entry.value, yaml.ScalarNode)
        in_values = "set" in entry.path[:-1] or entry.path[0] in FREE_KEYS
        if not is_keyword(entry) or in_values or not entry.flow or not scalar or entry.path[-1] == "as":
            continue
        new = "{wrong: {deeply: true}}"
        changed = splice(text, entry.value.start_mark.index, entry.value.end_mark.index, new)
        yield Mutant("type", entry.path, (entry.key.start_mark.line + 1,), changed)


def unknown_names(text: str, found: list[Entry]) -> Iterator[Mutant]:
    for entry in found:
        if entry.path[-1] in REFERENCES and isinstance(entry.value, yaml.ScalarNode) and not entry.value.style:
            new = "zz" + entry.value.value
            changed = splice(text, entry.value.start_mark.index, entry.value.end_mark.index, new)
            yield Mutant("unknown", entry.path, (entry.value.start_mark.line + 1,), changed)


def left_out(text: str, found: list[Entry]) -> Iterator[Mutant]:
    for entry in found:
        if entry.path[-1] not in NEEDED or not entry.flow or (entry.path[-1] == "of" and entry.path[0] != "entities"):
            continue
        if (entry.path[-1] == "set" and "copy" in entry.path) or (entry.path[-1] == "set" and "create" in entry.path):
            continue
        if entry.path[0] == "roles":
            continue
        end = entry.value.end_mark.index
        if text[end : end + 1] == ",":
            end += 2
        changed = splice(text, entry.key.start_mark.index, end, "")
        yield Mutant("left out", entry.path, (entry.key.start_mark.line + 1, entry.holder_line), changed)


def mutants() -> list[Mutant]:
    text = (GOLDEN / "estimating" / "app.yaml").read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    assert root is not None
    found = list(entries(root))
    chooser = random.Random(SEED)
    chosen = []
    for sort in (misspelt_keys, wrong_types, unknown_names, left_out):
        made = list(sort(text, found))
        chosen += chooser.sample(made, min(EACH_MAX, len(made)))
    return chosen


def told(mutant: Mutant) -> tuple[Problem, ...]:
    return errors_of(mutant.text)


def test_nine_of_ten_slips_are_told_at_their_line() -> None:
    missed = []
    made = mutants()
    for mutant in made:
        problems = told(mutant)
        if not any(problem.mark.line in mutant.lines for problem in problems[:1]):
            shown = problems[0] if problems else "not noticed"
            missed.append(f"{mutant.sort} {'.'.join(mutant.path)} line {mutant.lines}: {shown}")
    assert len(made) >= 200
    assert len(missed) <= len(made) // 10, f"{len(missed)} of {len(made)}\n" + "\n".join(missed)
