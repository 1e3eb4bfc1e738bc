"""The docs are part of the product: links lead somewhere, configs compile, code in them runs."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from engine import boot
from engine.api import BadValue, FieldType, Reader, Shower
from engine.compiler import check_config

ROOT = Path(__file__).parent.parent
SKIPPED = {"node_modules", ".venv", ".git", "build", "dist"}
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not SKIPPED & set(path.relative_to(ROOT).parts) and "." not in path.parent.name
)
ABOUT = [name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE")]


def title_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path, language: str) -> list[str]:
    """The code blocks of a page whose fence says this, e.g. `yaml config`."""
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```{re.escape(language)}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """The anchors that a code host makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", ABOUT)
def test_a_newcomer_finds_the_usual_pages(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("page", PAGES, ids=title_of)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = unquote(target).partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{title_of(page)} links to {target}, which is not there"
        assert file.is_relative_to(ROOT), f"{title_of(page)} links out of the repository: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{title_of(page)} links to {target}: no such heading"


WHOLE_CONFIGS = [(page, text) for page in PAGES for text in blocks(page, "yaml config")]


@pytest.mark.parametrize(("page", "text"), WHOLE_CONFIGS, ids=[title_of(page) for page, _ in WHOLE_CONFIGS])
def test_every_whole_config_in_the_docs_compiles(page: Path, text: str, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(text, encoding="utf-8")
    assert not [str(problem) for problem in check_config(tmp_path, boot.catalog_of(tmp_path))]


def test_the_readme_shows_a_config() -> None:
    assert ROOT / "README.md" in {page for page, _ in WHOLE_CONFIGS}


def test_the_kind_of_contributing_works_as_printed(tmp_path: Path) -> None:
    (code,) = blocks(ROOT / "CONTRIBUTING.md", "python kind")
    (tmp_path / "printed_grams.py").write_text(code, encoding="utf-8")
    kind: FieldType = load(tmp_path / "printed_grams.py").Grams.build({"heaviest": 400})
    reader, shower = Reader("form", "zh-CN", "UTC"), Shower("zh-CN", "UTC", "CNY")

    assert [kind.parse(raw, reader) for raw in ("157", "157g", "157 gsm", "157克")] == ["157"] * 4
    assert kind.show("157", shower) == "157 g/m²"
    assert kind.parse(kind.edit(kind.sample(3), shower), reader) == kind.sample(3)
    with pytest.raises(BadValue):
        kind.parse("401", reader)


def load(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ADRS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))


@pytest.mark.parametrize("page", ADRS, ids=title_of)
def test_every_decision_says_context_decision_and_consequences(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]} ")
    assert re.search(r"^Status: (accepted|superseded)", text, re.MULTILINE)
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences"]
    assert f"]({page.name})" in (page.parent / "README.md").read_text(encoding="utf-8")
