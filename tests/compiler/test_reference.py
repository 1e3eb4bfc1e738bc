"""What is generated is fresh, and every problem code is written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.compiler.codes import CODES
from engine.compiler.reference import problems_page, yaml_page
from tests.compiler.configs import ROOT, catalog

_CODE = re.compile(r'(?:Problem|Fault|report|warn|problem)\(\s*(?:code=)?"([a-z]+\.[a-z_-]+)"')
_RETURNED = re.compile(r'"((?:value|yaml|expression)\.[a-z_-]+)"')


def used_codes() -> set[str]:
    found = set()
    for folder in ("compiler", "expression"):
        for path in sorted((ROOT / "engine" / folder).glob("*.py")):
            text = path.read_text(encoding="utf-8")
            if path.name not in ("codes.py", "reference.py"):
                found |= set(_CODE.findall(text)) | set(_RETURNED.findall(text))
    return found


def test_every_code_that_is_used_is_written_down() -> None:
    assert used_codes() - set(CODES) == set()


@pytest.mark.parametrize("page", ["problems.md", "yaml.md"])
def test_the_generated_pages_are_fresh(page: str) -> None:
    made = problems_page() if page == "problems.md" else yaml_page(catalog())
    assert (ROOT / "docs" / "reference" / page).read_text(encoding="utf-8") == made


def test_every_kind_and_section_is_on_the_page() -> None:
    page = Path(ROOT / "docs" / "reference" / "yaml.md").read_text(encoding="utf-8")
    for kind in catalog().field_types:
        assert f"### {kind}\n" in page
