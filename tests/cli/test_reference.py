"""The page about the command line is what the commands say of themselves."""

from __future__ import annotations

from engine.cli.reference import reference
from tests.cli.conftest import REPOSITORY


def test_the_reference_page_is_fresh() -> None:
    page = (REPOSITORY / "docs" / "reference" / "cli.md").read_text("utf-8")
    assert page == reference(), "run: python -m engine.cli.reference > docs/reference/cli.md"
