"""The house around the product: what is built, shipped and promised in the README."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import shutil
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType

import pytest

from tests.test_layers import imports, source_files
from web import assets

ROOT = Path(__file__).parent.parent
FRONTEND = ROOT / "web" / "frontend"
TEMPLATES = sorted((ROOT / "web" / "templates").rglob("*.html"))
KB = 1000
BUDGET = {"app.css": 16 * KB, "app.js": (13.5 + 12) * KB, "sprite.svg": 4 * KB}
"""Compressed sizes of what every page loads; app.js is htmx and twelve of our own."""


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_npm_lock_names_no_host() -> None:
    """So that every machine asks its own registry."""
    lock = read("web/frontend/package-lock.json")
    assert '"resolved"' not in lock
    packages = json.loads(lock)["packages"]
    assert all("integrity" in package for name, package in packages.items() if name)


def test_npm_packages_are_pinned_exactly() -> None:
    package = json.loads(read("web/frontend/package.json"))
    wanted = package["dependencies"] | package["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values()), wanted
    assert package["private"] is True


@pytest.mark.parametrize(("name", "limit"), BUDGET.items())
def test_what_every_page_loads_stays_small(name: str, limit: float) -> None:
    file = assets.DIST / assets.asset(name).removeprefix(assets.PREFIX)
    assert len(gzip.compress(file.read_bytes(), 9)) <= limit


def test_built_names_carry_a_hash_and_exist() -> None:
    files = assets.manifest()["files"]
    for name, file in files.items():
        stem, dot, ending = name.rpartition(".")
        assert re.fullmatch(rf"{stem}-[0-9a-f]{{10}}{re.escape(dot + ending)}", file)
        assert (assets.DIST / file).is_file()
    kept = {"manifest.json", "THIRD_PARTY_LICENSES.txt", ".stamp"}
    assert {path.name for path in assets.DIST.iterdir()} <= kept | set(files.values()), "left from an earlier build"


def test_licences_of_what_is_shipped_are_shipped_too() -> None:
    text = (assets.DIST / "THIRD_PARTY_LICENSES.txt").read_text(encoding="utf-8")
    assert "htmx.org 4.0.1" in text
    assert "@tabler/icons" in text
    assert "MIT License" in text


def test_a_missing_build_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(assets.AssetsMissing, match="pip install"):
        assets.read_manifest(tmp_path)
    with pytest.raises(assets.AssetsMissing, match=r"app\.css"):
        assets.asset("nothing.css")


def test_an_unknown_icon_becomes_a_box() -> None:
    assert assets.icon("plus").endswith("#plus")
    assert assets.icon("no-such-icon").endswith("#box")


def test_icons_of_the_templates_are_in_the_sprite() -> None:
    used = {
        (path.name, name)
        for path in TEMPLATES
        for name in re.findall(r"""icon\(["']([a-z0-9-]+)["']\)""", path.read_text(encoding="utf-8"))
    }
    assert {(file, name) for file, name in used if name not in assets.icon_names()} == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_keep_to_the_content_security_policy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=", text), "no style attributes: a class does it"
    assert not re.search(r"\son[a-z]+=|hx-on", text), "no handlers in attributes: web/frontend/src/app does it"
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style", text), "no inline scripts or styles"
    assert not re.search(r"\|\s*safe\b", text), "nothing leaves a template unescaped"


def code_block_after(text: str, heading: str) -> str:
    found = re.search(rf"{heading}.*?```sh\n(.*?)\n```", text, re.DOTALL)
    assert found, f"README.md has no command under {heading!r}"
    return found[1]


def test_ci_runs_the_command_of_the_readme() -> None:
    for name, heading in (("README.md", "Run all the tests"), ("README.zh-CN.md", "运行全部测试")):
        command = code_block_after(read(name), heading)
        assert "\n" not in command
        assert command == read(".ci/run").rstrip().splitlines()[-1]


def test_packages_that_ci_installs_are_named_in_contributing() -> None:
    named = set(re.findall(r"missing\+=\(([^)]*)\)", read(".ci/run")))
    for package in {word for group in named for word in group.split()}:
        assert package in read("CONTRIBUTING.md")


def test_every_library_that_is_imported_is_declared() -> None:
    """Or Forme runs only where someone happened to have it."""
    declared = {
        re.split(r"[^A-Za-z0-9._-]", line)[0].lower().replace("_", "-")
        for line in tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    }
    homes = packages_distributions()
    missing = {
        f"{path.relative_to(ROOT)} imports {library}"
        for path in source_files("engine", "web", "plugins")
        if path.name != "hatch_build.py"
        for library in {name.split(".")[0] for name, _ in imports(path)}
        if library not in sys.stdlib_module_names | {"engine", "web", "plugins"}
        and not declared & {home.lower().replace("_", "-") for home in homes.get(library, ())}
    }
    assert missing == set()


# The build hook --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", FRONTEND / "hatch_build.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the hook reads, with nothing built."""
    frontend = tmp_path / "web" / "frontend"
    shutil.copytree(FRONTEND, frontend, ignore=shutil.ignore_patterns("node_modules"))
    (tmp_path / "web" / "static" / "dist").mkdir(parents=True)
    return tmp_path


def make_hook(hook: ModuleType, root: Path) -> object:
    return hook.AssetsHook(str(root), {}, None, None, str(root / "out"), "wheel", None)


def test_the_hook_asks_for_node_only_where_npm_is_missing(
    hook: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    monkeypatch.delenv("SKIP_ASSETS", raising=False)
    build = make_hook(hook, checkout)
    assert build.dependencies() == [hook.WHEEL]  # type: ignore[attr-defined]
    monkeypatch.setattr(hook, "npm_on_path", lambda: True)
    assert build.dependencies() == []  # type: ignore[attr-defined]


def test_the_hook_builds_again_only_when_a_source_changed(
    hook: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SKIP_ASSETS", raising=False)
    build, frontend = make_hook(hook, checkout), checkout / "web" / "frontend"
    assert build.idle_reason() == ""  # type: ignore[attr-defined]
    (checkout / "web/static/dist/.stamp").write_text(hook.fingerprint(frontend), encoding="utf-8")
    assert "up to date" in build.idle_reason()  # type: ignore[attr-defined]
    with (frontend / "src/css/tokens.css").open("a", encoding="utf-8") as file:
        file.write("/* another */")
    assert build.idle_reason() == ""  # type: ignore[attr-defined]


def test_the_hook_can_be_told_to_skip(hook: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKIP_ASSETS", "1")
    assert "SKIP_ASSETS" in make_hook(hook, checkout).idle_reason()  # type: ignore[attr-defined]


def test_without_sources_the_shipped_files_are_used(hook: ModuleType, tmp_path: Path) -> None:
    assert "shipped" in make_hook(hook, tmp_path).idle_reason()  # type: ignore[attr-defined]
