"""The page about kinds says what the kinds say."""

from __future__ import annotations

from pathlib import Path

from engine.fields.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "fields.md"


def test_the_page_about_kinds_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == reference(), "run: python -m engine.fields.reference > docs/reference/fields.md"
