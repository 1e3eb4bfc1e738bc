"""Every attack of the list is covered by a test, or is told to have no door yet: docs/explanation/security.md."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "security.md"
LISTED = frozenset(
    f"A{number:02}"
    for number in (
        *range(1, 5), 8, 9, *range(11, 18), *range(19, 22), *range(23, 26), 27, 28, 30, *range(33, 37),
        *range(38, 41), 42, 43,
        *range(45, 48), *range(49, 57), *range(59, 64),
    )
)  # fmt: skip
"""The attacks on records, fields, authority and sessions; missing numbers were merged into their neighbours."""


def marked() -> dict[str, set[str]]:
    """The tests of each attack, by their markers."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for id in _ids(node):
                    found.setdefault(id, set()).add(path.stem)
    return found


def _ids(function: ast.FunctionDef) -> list[str]:
    calls = [one for one in function.decorator_list if isinstance(one, ast.Call)]
    marks = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "attack"]
    return [str(value.value) for call in marks for value in call.args if isinstance(value, ast.Constant)]


def rows() -> dict[str, tuple[str, str]]:
    """The table of the page: by attack what it is, and its state."""
    found = re.findall(r"^\| (A\d+) \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text("utf-8"), re.M)
    return {id: (what.strip(), state.strip()) for id, what, state in found}


def test_the_page_traces_every_attack() -> None:
    assert rows().keys() >= LISTED


def test_what_the_page_calls_covered_is_covered_and_nothing_else() -> None:
    tests = marked()
    assert tests.keys() <= rows().keys()
    for id, (_, state) in rows().items():
        assert state.startswith(("covered", "no such door yet: ", "other tests: ")), id
        assert (id in tests) == state.startswith("covered"), f"{id}: {state}"
        for stem in re.findall(r"`(test_\w+)`", state):
            assert list((ROOT / "tests").rglob(f"{stem}.py")), f"{id}: there is no {stem}"
            assert not state.startswith("covered") or stem in tests[id], f"{id}: {stem} has no test of it"
