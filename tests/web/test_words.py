"""The pages' own words: complete in both languages, and all of them in use."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from web.words import WORDS

WEB = Path(__file__).parents[2] / "web"
LOCALES = ("zh-CN", "en")


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", WORDS)
def test_every_word_is_there_in_both_languages_with_the_same_holes(key: str) -> None:
    zh, en = (WORDS[key].by_locale[locale] for locale in LOCALES)
    assert zh and en
    assert holes(zh) == holes(en)


def test_every_word_that_a_page_names_exists() -> None:
    named = set()
    for path in [*WEB.rglob("*.py"), *(WEB / "templates").rglob("*.html")]:
        named |= set(re.findall(r"""\bsay\(\s*["']([a-z_0-9.]+)["']""", path.read_text(encoding="utf-8")))
    assert named - WORDS.keys() == set()


def test_no_template_holds_words_of_its_own() -> None:
    """Every text node of a template is made of variables."""
    for path in (WEB / "templates").rglob("*.html"):
        source = re.sub(r"\{% block main_class %\}[^{]*", "", path.read_text(encoding="utf-8"))
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.S)
        words = "" if path.name == "attributes.html" else re.sub(r"<[^>]*>", "", text)
        assert re.sub(r"[\s·—→*,:()]|&\w+;", "", words) == "", path.name


def test_no_template_carries_styles_or_scripts_that_the_policy_forbids() -> None:
    for path in (WEB / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""\s(style|on[a-z]+|hx-on[^=]*)=["']""", text), path.name
        assert "<script>" not in text
        assert "|safe" not in text and "Markup" not in text, path.name
