"""Mistakes as values: where something is wrong in a config, why, and what to write instead."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from engine.limits import PROBLEMS_SHOWN_MAX

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """Where a value was written."""

    path: str
    """File, relative to the config folder (or `pack:file` for a pack's)."""
    line: int = 1
    """1-based."""
    column: int = 1
    """1-based, in characters."""
    layer: str = ""
    """The pack that the file belongs to; empty for the firm's own files."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


NOWHERE = Mark("", 0, 0)
"""The mark of what no file says: a default of the engine."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing the author of a config should change."""

    code: str
    """Stable and searchable: the heading of its section in docs/reference/problems.md."""
    message: str
    """What is wrong, in a full sentence."""
    mark: Mark
    hint: str = ""
    """The next step: the nearest valid word, or what to write."""
    severity: Severity = "error"

    def __str__(self) -> str:
        head = f"{self.mark}: {self.severity}[{self.code}]: {self.message}"
        return f"{head}\n    {self.hint}" if self.hint else head


class ConfigError(Exception):
    """A config that cannot be used, with every problem of the phase that stopped."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.mark, p.code, p.message)))
        super().__init__(text_report(self.problems))


def stop_on(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Raise ConfigError if any problem is an error; else hand back the warnings."""
    found = tuple(problems)
    if any(problem.severity == "error" for problem in found):
        raise ConfigError(found)
    return found


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Suggest the nearest known word, or list the known ones when they are few."""
    near = nearest(word, known)
    if near:
        return f"Did you mean '{near}'?"
    if 0 < len(known) <= 12:
        return "Known here: " + ", ".join(sorted(known)) + "."
    return ""


def nearest(word: str, known: Collection[str]) -> str | None:
    """The known word that is most like this one, or None when none is near."""
    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def text_report(problems: Iterable[Problem]) -> str:
    """All problems as text, one block each; past the bound the rest is counted."""
    lines = [str(problem) for problem in problems]
    shown, rest = lines[:PROBLEMS_SHOWN_MAX], lines[PROBLEMS_SHOWN_MAX:]
    if rest:
        shown.append(f"... and {len(rest)} more.")
    return "\n".join(shown)


def json_report(problems: Iterable[Problem]) -> str:
    """All problems as the JSON that editors and scripts read."""
    return json.dumps(
        [
            {
                "path": problem.mark.path,
                "line": problem.mark.line,
                "column": problem.mark.column,
                "severity": problem.severity,
                "code": problem.code,
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in problems
        ],
        ensure_ascii=False,
        indent=2,
    )
