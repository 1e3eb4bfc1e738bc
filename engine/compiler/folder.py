"""A config folder and its packs on disk, to documents."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.compiler.sources import Document, Sources, decode, parse_all
from engine.compiler.tree import Tree
from engine.limits import YAML_FOLDER_BYTES_MAX
from engine.model import SourceText
from engine.problems import Mark, Problem, did_you_mean, stop_on

ENGINE_LAYER = "forme"
"""The lowest layer: the engine's own entities."""
FILES_MAX = 2_000
"""Files of one layer; a firm's config has a few dozen."""
_OTHERS = frozenset({"packs", "plugins", "demo"})
"""Folders beside app.yaml that hold other layers, code, or sample data."""
_ENGINE_FILE = Path(__file__).with_name("base.yaml")


def read_sources(folder: Path) -> Sources:
    """Read a config folder and the packs that it names. Raises ConfigError with all that is not our YAML."""
    problems: list[Problem] = []
    layers = {ENGINE_LAYER: _parse([engine_text()], problems)}
    layers[""] = _parse(_read(folder, "", problems), problems)
    if not any(document.source.path in ("app.yaml", "app.yml") for document in layers[""]):
        hint = "Make one with `forme new`, or name the folder that holds it."
        problems.append(Problem("config.no-app", "There is no app.yaml here.", Mark("app.yaml"), hint))
    wanted = wanted_packs(layers[""])
    while wanted:
        name, mark = wanted.pop(0)
        if name in layers:
            continue
        home = _pack_folder(folder, name)
        if home is None:
            problems.append(unknown_pack(name, mark, tuple(_pack_names(folder))))
            continue
        layers[name] = _parse(_read(home, name, problems), problems)
        wanted += wanted_packs(layers[name])
    stop_on(problems)
    return Sources(layers)


def parse_sources(stored: Sequence[SourceText]) -> Sources:
    """The same from texts that were read before, those of a revision. Raises ConfigError."""
    problems: list[Problem] = []
    by_layer: dict[str, list[SourceText]] = {ENGINE_LAYER: [], "": []}
    for text in stored:
        by_layer.setdefault(text.layer, []).append(text)
    if not by_layer[ENGINE_LAYER]:
        by_layer[ENGINE_LAYER].append(engine_text())
    layers = {layer: _parse(files, problems) for layer, files in by_layer.items()}
    for documents in tuple(layers.values()):
        for name, mark in wanted_packs(documents):
            if name not in layers:
                problems.append(unknown_pack(name, mark, tuple(layers)))
    stop_on(problems)
    return Sources(layers)


def engine_text() -> SourceText:
    """The engine's own layer."""
    return SourceText(ENGINE_LAYER, _ENGINE_FILE.name, _ENGINE_FILE.read_text(encoding="utf-8"))


def unknown_pack(name: str, mark: Mark, known: Sequence[str]) -> Problem:
    """A pack that is named but not there."""
    named = sorted(set(known) - {"", ENGINE_LAYER})
    hint = did_you_mean(name, named) or "Put the pack's folder into `packs/` beside app.yaml."
    return Problem("pack.unknown", f"There is no pack '{name}'.", mark, hint)


def wanted_packs(documents: Sequence[Document]) -> list[tuple[str, Mark]]:
    """The packs that a layer's files name, in `app.packs` and `pack.requires`."""
    found = []
    for document in documents:
        for path in (("pack", "requires"), ("app", "packs")):
            listed = document.root.at(*path)
            items = listed.content if listed is not None and isinstance(listed.content, list) else []
            found += [(item.content, item.mark) for item in items if _is_name(item)]
    return [(str(name), mark) for name, mark in found]


def _is_name(item: Tree) -> bool:
    return isinstance(item.content, str) and item.content.replace("_", "").replace("-", "").isalnum()


def _parse(sources: Sequence[SourceText], problems: list[Problem]) -> tuple[Document, ...]:
    documents, found = parse_all(sources)
    problems += found
    return documents


def _read(folder: Path, layer: str, problems: list[Problem]) -> list[SourceText]:
    sources: list[SourceText] = []
    size = 0
    for path in _yaml_files(folder):
        name = path.relative_to(folder).as_posix()
        mark = Mark(f"{layer}:{name}" if layer else name, 1, 1, layer)
        if len(sources) >= FILES_MAX or size > YAML_FOLDER_BYTES_MAX:
            message = f"The folder holds more than {FILES_MAX:,} files or {YAML_FOLDER_BYTES_MAX:,} bytes."
            problems.append(Problem("yaml.too-large", message, mark, "Is this the right folder?"))
            break
        try:
            if not path.resolve().is_relative_to(folder.resolve()):
                hint = "Put a copy of the file into the folder."
                problems.append(Problem("yaml.outside", "The file is a link out of the folder.", mark, hint))
                continue
            raw = path.read_bytes()
        except OSError as error:
            message = f"The file cannot be read: {error.strerror or error}."
            problems.append(Problem("yaml.unreadable", message, mark, "Check its permissions."))
            continue
        size += len(raw)
        source, found = decode(layer, name, raw)
        problems += found
        sources.append(source)
    return sources


def _yaml_files(folder: Path) -> Iterator[Path]:
    """app.yaml first, then by path; hidden folders, `packs`, `plugins` and `demo` hold nothing of this layer."""
    found = []
    for home, folders, files in os.walk(folder):
        here = Path(home)
        at_root = here == folder
        folders[:] = [name for name in folders if not name.startswith(".") and not (at_root and name in _OTHERS)]
        found += [here / name for name in files if name.endswith((".yaml", ".yml")) and not name.startswith(".")]
        if len(found) > FILES_MAX + 1:
            break
    yield from sorted(found, key=lambda path: (path.parent != folder or path.stem != "app", path.as_posix()))


def _homes(folder: Path) -> list[Path]:
    """Where packs are looked for: beside app.yaml, then in the product."""
    checkout, wheel = Path(__file__).parents[2] / "configs", Path(__file__).parents[1] / "_configs"
    return [folder / "packs", checkout if checkout.is_dir() else wheel]


def _pack_folder(folder: Path, name: str) -> Path | None:
    return next((home / name for home in _homes(folder) if (home / name).is_dir()), None)


def _pack_names(folder: Path) -> Iterator[str]:
    for home in _homes(folder):
        if home.is_dir():
            yield from (path.name for path in home.iterdir() if path.is_dir())
