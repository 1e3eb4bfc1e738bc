"""Who may import whom. The table of docs/explanation/architecture.md, read from the imports themselves."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import engine
import plugins
import web

ROOT = Path(__file__).parent.parent
LINES_MAX = 400
LONGER = dict[str, str]()
"""Files that may be longer, each with the ADR that says why: {"engine/x.py": "0012"}."""

LAYERS = {
    0: ("expression", "problems", "limits", "words", "columns", "messages"),
    1: ("change", "kinds", "model", "options"),
    2: ("hooks", "catalog", "api"),
    3: ("fields", "actions", "charts"),
    4: ("compiler",),
    5: ("store",),
    6: ("runtime",),
    7: ("cli", "boot", "testing"),
}
LAYER = {part: number for number, parts in LAYERS.items() for part in parts}
APART = {("compiler", "store"), ("store", "compiler")}
"""Neighbours that do not know each other: a config compiles with no database, the store reads no YAML."""

FENCES = {
    "simpleeval": ("engine/expression/",),
    "yaml": ("engine/compiler/sources.py",),
    "jsonschema": ("engine/compiler/shapes.py",),
    "alembic": ("engine/store/apply.py",),
    "litestar": ("web/",),
    "uvicorn": ("web/", "engine/cli/", "engine/boot.py"),
    "pluggy": ("engine/hooks.py", "engine/catalog.py", "engine/boot.py"),
    "click": ("engine/cli/",),
    "hatchling": ("web/frontend/hatch_build.py",),
}
"""Where a library may be imported, so that it can be exchanged there and nowhere else."""


def source_files(*folders: str) -> list[Path]:
    files = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in files if "node_modules" not in path.parts and "tests" not in path.relative_to(ROOT).parts]


@cache
def imports(path: Path) -> tuple[tuple[str, int], ...]:
    return tuple(find_imports(path))


def find_imports(path: Path) -> Iterator[tuple[str, int]]:
    """Full names of what a file imports, with the line; `from engine import kinds` is engine.kinds."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.relative_to(ROOT)}:{node.lineno}: write the import in full, without dots"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def part_of(name: str) -> str:
    """The part of the engine that a dotted name belongs to; empty for anything else."""
    words = name.split(".")
    return words[1] if words[0] == "engine" and len(words) > 1 else ""


def home_of(path: Path) -> str:
    words = path.relative_to(ROOT).with_suffix("").parts
    return words[1] if words[0] == "engine" and len(words) > 1 else ""


def wrong_way(path: Path, name: str) -> str:
    """Why this file may not import this name; empty when it may."""
    home, top = home_of(path), path.relative_to(ROOT).parts[0]
    target = part_of(name)
    if name.startswith("web") and name.split(".")[0] == "web":
        return "" if top == "web" or home in LAYERS[7] else "only the web and the composition root know the web"
    if name.split(".")[0] == "plugins" and top != "plugins":
        return "plugins are found by name, never imported"
    if not target:
        return ""
    if top == "plugins" or LAYER.get(home) == 3:
        allowed = target == "api" or (top == "engine" and target == home)
        return "" if allowed else "kinds and plugins see engine.api only"
    if top == "web":
        return ""
    if (home, target) in APART:
        return f"{home} and {target} do not know each other"
    if home in LAYER and target in LAYER and LAYER[target] > LAYER[home]:
        return f"layer {LAYER[home]} ({home}) may not reach up to layer {LAYER[target]} ({target})"
    return ""


def test_every_part_of_the_engine_has_a_layer() -> None:
    parts = {
        path.stem for path in (ROOT / "engine").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert parts - {"__init__"} <= set(LAYER)


def test_imports_point_downward() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}:{line}: imports {name}: {reason}"
        for path in source_files("engine", "web", "plugins")
        for name, line in imports(path)
        if (reason := wrong_way(path, name))
    ]
    assert not offenders, "\n" + "\n".join(offenders)


def test_libraries_stay_behind_their_fences() -> None:
    offenders = [
        f"{path.relative_to(ROOT)}:{line}: imports {name}, which belongs to {', '.join(FENCES[library])}"
        for path in source_files("engine", "web", "plugins")
        for name, line in imports(path)
        if (library := name.split(".")[0]) in FENCES
        and not path.relative_to(ROOT).as_posix().startswith(FENCES[library])
    ]
    assert not offenders, "\n" + "\n".join(offenders)


def test_only_the_store_executes_sql() -> None:
    """Others may build expressions; what they build runs in engine/store."""
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)[:60]}"
        for path in source_files("engine", "web", "plugins")
        if home_of(path) != "store"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"execute", "executemany", "scalars", "exec_driver_sql"}
    ]
    assert not offenders, "\n" + "\n".join(offenders)


def test_no_part_imports_itself_in_a_circle() -> None:
    """The parts of the engine form a tree of needs: none needs, through others, itself."""
    needs: dict[str, set[str]] = {}
    for path in source_files("engine"):
        home = home_of(path)
        found = {part_of(name) for name, _ in imports(path)}
        needs.setdefault(home, set()).update(found & set(LAYER) - {home})
    for start in needs:
        assert start not in reachable(needs, start), f"engine.{start} needs itself through {sorted(needs[start])}"


def reachable(needs: dict[str, set[str]], start: str) -> set[str]:
    seen, waiting = set[str](), list(needs.get(start, ()))
    while waiting:
        part = waiting.pop()
        if part not in seen:
            seen.add(part)
            waiting.extend(needs.get(part, ()))
    return seen


@pytest.mark.parametrize("package", [engine, web, plugins], ids=lambda package: package.__name__)
def test_the_packages_are_ours(package: object) -> None:
    """`engine`, `web` and `plugins` are names of an application; another distribution must not stand before it."""
    file = Path(getattr(package, "__file__", None) or "")
    assert file.parent.parent == ROOT, f"{package} is imported from {file}"


def test_files_stay_short() -> None:
    offenders = [
        f"{name}: {lines} lines"
        for path in source_files("engine", "web")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES_MAX
        and (name := path.relative_to(ROOT).as_posix()) not in LONGER
    ]
    assert not offenders, "\n".join(offenders)
