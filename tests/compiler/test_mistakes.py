"""Mistakes that people make, each told at its exact line with the right advice.

The first line of each file says what is expected: `# expect LINE CODE | words of the advice`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.problems import Problem
from tests.compiler.configs import errors_of

FILES = sorted((Path(__file__).parent / "mistakes").glob("*.yaml"))
_EXPECTED = re.compile(r"# expect (\d+) (\S+) \| ?(.*)")


def expectation(path: Path) -> tuple[int, str, str, str]:
    text = path.read_text(encoding="utf-8")
    found = _EXPECTED.match(text)
    assert found, f"{path.name} does not say what is expected"
    return int(found.group(1)), found.group(2), found.group(3), text


def first(text: str) -> Problem:
    errors = errors_of(text)
    assert errors, "the mistake was not noticed"
    return errors[0]


def test_there_are_at_least_sixty_mistakes() -> None:
    assert len(FILES) >= 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_mistake_is_told_at_its_line_with_advice(path: Path) -> None:
    line, code, advice, text = expectation(path)
    problem = first(text)
    assert (problem.mark.line, problem.code) == (line, code), str(problem)
    assert advice in f"{problem.message} {problem.hint}", str(problem)
