"""The docs are part of the product: links lead somewhere, configs compile, what is shown happens."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from engine import boot, limits
from engine.api import BadValue, FieldType, Reader, Shower
from engine.compiler import check_config
from engine.compiler.codes import CODES
from engine.runtime.configtest import run_test
from tests.docs.console import Console
from tests.docs.pages import PAGES, ROOT, blocks, frame, texts, title_of, write_around

DOCS = ROOT / "docs"
HOW_TO = DOCS / "how-to"
REFERENCE = DOCS / "reference"
ABOUT = [name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE")]


# ---- links ----------------------------------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """The anchors that a code host makes of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> Iterator[str]:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return (target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", target))


@pytest.mark.parametrize("name", ABOUT)
def test_a_newcomer_finds_the_usual_pages(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("page", PAGES, ids=title_of)
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    for target in links(page):
        name, _, anchor = unquote(target).partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), f"{title_of(page)} links to {target}, which is not there"
        assert file.is_relative_to(ROOT), f"{title_of(page)} links out of the repository: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{title_of(page)} links to {target}: no such heading"


def test_every_page_is_found_from_the_readme() -> None:
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in seen and page.suffix == ".md":
            seen.add(page)
            waiting += [(page.parent / unquote(target).partition("#")[0]).resolve() for target in links(page)]
    assert {title_of(page) for page in PAGES if page.is_relative_to(DOCS)} - {title_of(page) for page in seen} == set()


# ---- configs --------------------------------------------------------------------------------------------------------

WHOLE = [(page, text) for page in PAGES for text in texts(page, "yaml config")]
PARTS = [(page, text) for page in PAGES for text in texts(page, "yaml")]


@pytest.mark.parametrize(("page", "text"), WHOLE, ids=[title_of(page) for page, _ in WHOLE])
def test_every_whole_config_compiles_and_passes_its_tests(page: Path, text: str, tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(text, encoding="utf-8")
    play(tmp_path)


@pytest.mark.parametrize(("page", "text"), PARTS, ids=[title_of(page) for page, _ in PARTS])
def test_every_part_of_a_config_compiles_and_passes_its_tests(page: Path, text: str, tmp_path: Path) -> None:
    write_around(text, tmp_path)
    play(tmp_path)


def play(folder: Path) -> None:
    """Compile a folder without a word of complaint, and play the tests inside."""
    assert not [str(problem) for problem in check_config(folder, boot.catalog_of(folder))]
    model, catalog = boot.compile_folder(folder)
    for name in model.tests:
        failure = run_test(model, catalog, folder, name)
        assert failure is None, str(failure)


def test_the_readme_shows_a_config() -> None:
    assert ROOT / "README.md" in {page for page, _ in WHOLE}


def test_blocks_of_yaml_say_what_they_are() -> None:
    known = {(), ("config",)}
    for page in PAGES:
        for block in blocks(page):
            if block.language in ("yaml", "yml"):
                assert block.words in known or block.file, f"{title_of(page)}: {' '.join(block.words)}"


# ---- commands -------------------------------------------------------------------------------------------------------

FOLLOWED = [page for page in sorted(HOW_TO.glob("*.md")) if any(block.language == "console" for block in blocks(page))]


@pytest.mark.parametrize("page", FOLLOWED, ids=title_of)
def test_what_a_page_shows_at_the_terminal_happens(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    console = Console(tmp_path / "firm")
    console.folder.mkdir()
    (console.folder / "app.yaml").write_text(frame(), "utf-8")
    shown = blocks(page)
    if any("postgresql" in block.words for block in shown):
        console.replaced["postgresql://forme:secret@localhost/forme"] = request.getfixturevalue("postgres_url")
    else:
        console.run("forme apply")
    assert console.follow(shown)


def test_the_tutorial_step_by_step(tmp_path: Path) -> None:
    assert Console(tmp_path).follow(blocks(DOCS / "tutorial" / "first-crm.md")) > 8


# ---- references -----------------------------------------------------------------------------------------------------


def page_text(name: str) -> str:
    return (REFERENCE / name).read_text("utf-8")


def test_the_index_of_the_reference_is_complete() -> None:
    index = page_text("README.md")
    for page in REFERENCE.glob("*.md"):
        assert page.name == "README.md" or f"]({page.name})" in index


def test_every_command_and_option_is_on_its_page() -> None:
    from engine.cli import main

    waiting = [("forme", main)]
    while waiting:
        name, command = waiting.pop()
        below = getattr(command, "commands", None)
        if below is not None:
            waiting += [(f"{name} {word}", each) for word, each in below.items()]
            continue
        section = page_text("cli.md").partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert section, name
        for option in command.params:
            if option.param_type_name == "option":
                assert f"`{max(option.opts, key=len)}" in section, (name, option.opts)


def test_every_problem_is_on_its_page() -> None:
    used = set()
    for path in (ROOT / "engine").rglob("*.py"):
        used |= set(re.findall(r'Problem\(\s*"([a-z]+\.[a-z_-]+)"', path.read_text("utf-8")))
    for code in used | set(CODES):
        assert f"## {code}\n" in page_text("problems.md"), code


def test_every_limit_is_on_its_page() -> None:
    page = page_text("limits.md")
    for name, value in vars(limits).items():
        if name.isupper():
            row = re.search(rf"^\| `{name}` \| ([^|]*) \|", page, re.MULTILINE)
            assert row, name
            assert row[1] == f"{value:,}", name


# ---- code -----------------------------------------------------------------------------------------------------------


def test_the_kind_of_contributing_works_as_printed(tmp_path: Path) -> None:
    (code,) = texts(ROOT / "CONTRIBUTING.md", "python kind")
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


# ---- decisions ------------------------------------------------------------------------------------------------------

ADRS = sorted((DOCS / "adr").glob("[0-9]*.md"))


@pytest.mark.parametrize("page", ADRS, ids=title_of)
def test_every_decision_says_context_decision_and_consequences(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]} ")
    assert re.search(r"^Status: (accepted|superseded)", text, re.MULTILINE)
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences"]
    assert f"]({page.name})" in (page.parent / "README.md").read_text(encoding="utf-8")
