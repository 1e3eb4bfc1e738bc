"""Every refusal has its sentence, in both languages, with the same holes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api import BadValue, words
from engine.messages import MESSAGES, message, message_text

ENGINE = Path(__file__).parents[2] / "engine"


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_a_sentence_is_complete_in_both_languages(code: str) -> None:
    texts = MESSAGES[code].by_locale

    assert set(texts) == {"zh-CN", "en"}
    assert holes(texts["zh-CN"]) == holes(texts["en"])
    assert texts["zh-CN"].endswith("。")
    assert texts["en"].endswith(".")
    assert texts["en"].isascii()


def said_codes() -> Iterator[tuple[str, str]]:
    """(file, code) of every refusal in the engine that names its code in full."""
    for path in sorted(ENGINE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = {"BadValue": 0, "say": 0, "message": 0, "error": 1, "refuse": 1, "fail": 2}.get(called)
            if place is None or len(node.args) <= place:
                continue
            code = node.args[place]
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                yield str(path.relative_to(ENGINE)), code.value


@pytest.mark.parametrize("part", ["fields", "runtime"])
def test_every_refusal_has_its_sentence(part: str) -> None:
    unsaid = {(path, code) for path, code in said_codes() if path.startswith(part) and code not in MESSAGES}

    assert not unsaid


def test_a_sentence_says_the_bound_in_the_persons_language() -> None:
    assert message("too_long", "zh-CN", max=500, length=1200) == "最多 500 个字符，现在有 1,200 个；请缩短。"
    assert message("too_big", "en", max=Decimal("1250.50")) == "Enter 1,250.50 or less."


def test_choices_are_listed_in_the_persons_language() -> None:
    bad = BadValue("not_a_choice", choices=(words("封面", "Cover"), words("内页", "Inside")))

    assert message_text(bad, "zh-CN") == "没有这个选项。可选：封面、内页。"
    assert message_text(bad, "en") == "There is no such choice. Choose one of: Cover, Inside."


def test_a_detail_that_nobody_gave_leaves_a_readable_sentence() -> None:
    assert message("required", "zh-CN") == "请填写此项。"
    assert message("required", "en", field="Customer") == "Fill in Customer."


def test_an_unknown_code_is_still_a_sentence() -> None:
    assert message("from_a_plugin", "en") == "This was refused (from_a_plugin)."


@given(st.sampled_from(sorted(MESSAGES)), st.text(), st.dictionaries(st.text(), st.integers() | st.text()))
def test_no_detail_breaks_a_sentence(code: str, locale: str, details: dict[str, object]) -> None:
    details = {name: value for name, value in details.items() if name not in ("code", "locale")}

    assert message(code, locale, **details)


def test_what_people_typed_is_never_read_as_holes() -> None:
    assert "{field.__class__}" in message("in_use", "en", entity="{field.__class__}", count=1)
