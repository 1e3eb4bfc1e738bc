"""The reference page is fresh, and its examples are true."""

from __future__ import annotations

import re
from pathlib import Path

from engine.expression import BUILTIN
from engine.expression.reference import reference
from tests.expression.ground import compiled

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "expressions.md"


def test_the_page_is_fresh() -> None:
    again = "run: python -m engine.expression.reference > docs/reference/expressions.md"
    assert PAGE.read_text("utf-8") == reference(), again


def test_every_function_is_on_the_page_in_two_languages() -> None:
    for function in BUILTIN.values():
        assert f"`{function.name}(" in reference()
        assert set(function.help) == {"zh-CN", "en"} and all(function.help.values())


def test_its_examples_compile() -> None:
    examples = ["0.1 + 0.2 == 0.3", "-7 // 2", "-7 % 3", "(closes - today()) / days(1)", "closes < '2027-01-31'",
                "closes + months(1)", "customer.region.name", "10 < amount < 20", "stage in ('open', 'won')",
                "'急件' in tags", "round(amount, 1)", "in_team(owner.team, me.team)",
                "reports_to(owner, me)"]  # fmt: skip
    written = [" ".join(example.split()) for example in re.findall(r"`([^`]+)`", reference())]
    for example in examples:
        assert example in written
        compiled(example)
