"""Layers: the engine's own, the packs lowest first, the firm's files; merged into one, with the origin of each part."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.compiler.folder import ENGINE_LAYER, wanted_packs
from engine.compiler.forms import bring_to_full_form
from engine.compiler.sources import Document, Sources
from engine.compiler.tree import KeyPath, Places, Tree, places, plain
from engine.model import Origin, SourceText
from engine.problems import Mark, Problem, did_you_mean, stop_on

ORDERED = frozenset({"entities", "fields", "choices", "stages", "sections", "pipelines", "roles", "checks", "rules"})
"""Maps whose order people see: `after` and `before` place their items."""
KnownKeys = Mapping[str, Collection[str]]
"""By field kind: the keys that a field of it may hold."""


@dataclass(frozen=True, slots=True)
class Config:
    """All layers as one: plain data in full form, with the place and origin of everything."""

    data: dict[str, Any]
    places: Places
    origins: Mapping[tuple[str, ...], tuple[Origin, ...]]
    sources: tuple[SourceText, ...] = ()
    packs: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(slots=True)
class _Merge:
    known_keys: KnownKeys
    problems: list[Problem] = field(default_factory=list)
    origins: dict[tuple[str, ...], list[Origin]] = field(default_factory=dict)

    def report(self, code: str, message: str, mark: Mark, hint: str = "") -> None:
        self.problems.append(Problem(code, message, mark, hint))

    def warn(self, code: str, message: str, mark: Mark, hint: str = "") -> None:
        self.problems.append(Problem(code, message, mark, hint, "warning"))

    def remember(self, path: KeyPath, mark: Mark, value: Any) -> None:
        self.origins.setdefault(tuple(str(part) for part in path), []).append(Origin(mark, value))


def merge_layers(sources: Sources, known_keys: KnownKeys) -> Config:
    """Join each layer's files, and the layers over each other. Raises ConfigError with all that does not fit."""
    merge = _Merge(known_keys)
    order = _order(sources, merge)
    layers = [_join(sources.layers[name], merge) for name in order]
    stop_on(merge.problems)
    locale = "en"
    start = Mark("app.yaml")
    whole = Tree({}, start, start)
    for layer in layers:
        stated = layer.scalar("app", "locale") or layer.scalar("pack", "locale")
        locale = stated if isinstance(stated, str) else locale
        bring_to_full_form(layer, locale)
        _overlay(whole, layer, (), merge)
        _arrange(whole, layer, merge)
    warnings = stop_on(merge.problems)
    data = plain(whole)
    data.pop("pack", None)
    origins = {path: tuple(found) for path, found in merge.origins.items()}
    packs = tuple(name for name in order if name not in ("", ENGINE_LAYER))
    return Config(data, places(whole), origins, sources.texts, packs, warnings)


# ---- the order of the layers


def _order(sources: Sources, merge: _Merge) -> list[str]:
    """Layer names, lowest first: what a pack requires stands below it."""
    order = [ENGINE_LAYER]
    _visit("", Mark("app.yaml"), sources, order, (), merge)
    return order


def _visit(name: str, mark: Mark, sources: Sources, order: list[str], above: tuple[str, ...], merge: _Merge) -> None:
    if name in above:
        circle = " -> ".join((*above[above.index(name) :], name))
        merge.report("pack.cycle", f"Packs require each other: {circle}.", mark, "Remove one of the requirements.")
    if name in order or name in above or name not in sources.layers:
        return
    for wanted, place in wanted_packs(sources.layers[name]):
        _visit(wanted, place, sources, order, (*above, name), merge)
    order.append(name)


# ---- the files of one layer


def _join(documents: Sequence[Document], merge: _Merge) -> Tree:
    start = documents[0].root.mark if documents else Mark("app.yaml")
    joined = Tree({}, start, start)
    for document in documents:
        _join_trees(joined, document.root, (), merge)
    return joined


def _join_trees(into: Tree, other: Tree, path: tuple[str, ...], merge: _Merge) -> None:
    assert isinstance(into.content, dict)
    assert isinstance(other.content, dict)
    for key, value in other.content.items():
        there = into.content.get(key)
        if there is None:
            into.content[key] = value
        elif isinstance(there.content, dict) and isinstance(value.content, dict):
            _join_trees(there, value, (*path, key), merge)
        else:
            name = ".".join((*path, key))
            message = f"'{name}' is written twice: here and at {there.key}."
            merge.report("config.twice", message, value.key, "Keep one; files of a layer join, they do not override.")


# ---- one layer over the lower ones (RFC 7396, with lists that can be changed)


def _overlay(base: Tree, over: Tree, path: tuple[str, ...], merge: _Merge) -> None:
    assert isinstance(base.content, dict)
    assert isinstance(over.content, dict)
    if len(path) == 4 and path[0] == "entities" and path[2] == "fields":
        _prepare_field(base, over, path, merge)
    for key, value in over.content.items():
        _overlay_key(base.content, key, value, (*path, key), merge)


def _overlay_key(base: dict[str, Tree], key: str, value: Tree, path: tuple[str, ...], merge: _Merge) -> None:
    there = base.get(key)
    if value.content is None:
        _remove(base, key, value, path, merge)
    elif isinstance(value.content, dict) and _changes_list(value, there):
        base[key] = _changed_list(value, there, path, merge)
        merge.remember(path, value.key, plain(base[key]))
    elif isinstance(value.content, dict):
        if there is None or not isinstance(there.content, dict):
            base[key] = there = Tree({}, value.mark, value.key)
        else:
            there.mark, there.key = value.mark, value.key
        _overlay(there, value, path, merge)
    else:
        base[key] = value.copy()
        merge.remember(path, value.key, plain(value))


def _remove(base: dict[str, Tree], key: str, value: Tree, path: tuple[str, ...], merge: _Merge) -> None:
    if len(path) > 1 and path[-2] == "set":
        hint = f"To empty the field write `{key}: =None`."
        merge.report("value.null", f"'{key}' is given no value here.", value.key, hint)
    elif key in base:
        del base[key]
        merge.remember(path, value.key, None)
    else:
        message = f"'{key}' is empty: that removes what a lower layer says, and none says anything."
        merge.warn("config.removes-nothing", message, value.key, "Write a value, or delete the line.")


def _changes_list(value: Tree, there: Tree | None) -> bool:
    assert isinstance(value.content, dict)
    if not value.content or not set(value.content) <= {"add", "remove"}:
        return False
    is_list = all(isinstance(item.content, list) for item in value.content.values())
    return is_list and (there is None or isinstance(there.content, list))


def _changed_list(value: Tree, there: Tree | None, path: tuple[str, ...], merge: _Merge) -> Tree:
    items = list(there.content) if there is not None and isinstance(there.content, list) else []
    removed, added = value.at("remove"), value.at("add")
    for gone in removed.content if removed and isinstance(removed.content, list) else []:
        left = [item for item in items if plain(item) != plain(gone)]
        if len(left) == len(items):
            message = f"'{plain(gone)}' is not in {'.'.join(path)}, so it cannot be removed."
            hint = did_you_mean(str(plain(gone)), [str(plain(item)) for item in items])
            merge.warn("config.removes-nothing", message, gone.mark, hint)
        items = left
    items += [item.copy() for item in (added.content if added and isinstance(added.content, list) else [])]
    return Tree(items, value.mark, value.key)


def _prepare_field(base: Tree, over: Tree, path: tuple[str, ...], merge: _Merge) -> None:
    """A new type drops what it does not know; a formula and a choice of formulas replace each other."""
    assert isinstance(base.content, dict)
    assert isinstance(over.content, dict)
    if "expr" in over.content:
        _drop(base.content, ("by", "cases"), over, path, merge)
    if "by" in over.content or "cases" in over.content:
        _drop(base.content, ("expr",), over, path, merge)
    kind, before = over.scalar("type"), base.scalar("type")
    if not isinstance(kind, str) or before in (None, kind) or kind not in merge.known_keys:
        return
    dropped = [key for key in base.content if key not in merge.known_keys[kind] and key != "type"]
    _drop(base.content, dropped, over, path, merge)
    if dropped:
        words = ", ".join(f"'{key}'" for key in dropped)
        message = f"The type of '{path[3]}' becomes {kind}, which has no {words}: dropped."
        merge.warn("field.type-changed", message, over.content["type"].key)


def _drop(base: dict[str, Tree], keys: Sequence[str], over: Tree, path: tuple[str, ...], merge: _Merge) -> None:
    for key in keys:
        if key in base:
            del base[key]
            merge.remember((*path, key), over.key, None)


# ---- the order of items


def _arrange(whole: Tree, layer: Tree, merge: _Merge) -> None:
    """Move the items of a layer that say `after` or `before`."""
    for path, item in _items(layer, ()):
        holder = whole.at(*path[:-1])
        placed = whole.at(*path)
        if holder is None or placed is None or not isinstance(placed.content, dict):
            continue
        assert isinstance(holder.content, dict)
        for side in ("after", "before"):
            wish = item.at(side)
            if wish is None or placed.content.pop(side, None) is None:
                continue
            beside = wish.content
            if not isinstance(beside, str) or beside not in holder.content or beside == path[-1]:
                hint = did_you_mean(str(plain(wish)), [name for name in holder.content if name != path[-1]])
                message = f"'{path[-1]}' cannot stand {side} '{plain(wish)}': there is no such thing beside it."
                merge.report("config.order", message, wish.mark, hint)
                continue
            _move(holder.content, path[-1], beside, side)


def _items(tree: Tree, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Tree]]:
    if not isinstance(tree.content, dict):
        return
    for key, value in tree.content.items():
        if path and path[-1] in ORDERED:
            yield (*path, key), value
        yield from _items(value, (*path, key))


def _move(holder: dict[str, Tree], name: str, beside: str, side: str) -> None:
    moved = holder.pop(name)
    order = list(holder.items())
    index = next(i for i, (key, _) in enumerate(order) if key == beside) + (side == "after")
    order.insert(index, (name, moved))
    holder.clear()
    holder.update(order)
