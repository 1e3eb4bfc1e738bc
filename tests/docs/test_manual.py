"""The manuals name what the pages really show, and tell the same in both languages."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import ROOT
from web.words import WORDS

MANUAL = ROOT / "docs" / "manual"


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_every_word_in_bold_stands_on_a_page(locale: str) -> None:
    text = (MANUAL / f"{locale}.md").read_text("utf-8")
    shown = [pattern(words.text(locale)) for words in WORDS.values()]
    for word in re.findall(r"\*\*(.+?)\*\*", text, re.DOTALL):
        said = " ".join(word.split()) if locale == "en" else word.replace("\n", "")
        assert any(re.fullmatch(one, said) for one in shown) or said in {"粗体字", "bold"}, said


def pattern(text: str) -> str:
    """A text of the pages, its holes standing for any words."""
    parts = re.split(r"\{\w+\}", text)
    return ".+".join(re.escape(part) for part in parts) if any(part.strip() for part in parts) else r"(?!)"


def test_both_manuals_have_the_same_chapters() -> None:
    chapters = [
        len(re.findall(r"^## ", (MANUAL / f"{locale}.md").read_text("utf-8"), re.M)) for locale in ("en", "zh-CN")
    ]
    assert chapters[0] == chapters[1]
