"""A YAML document as a tree in which every key and value knows its place.

Only the first phases use it: after merging, values are plain data and the places stand in a side map.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.problems import NOWHERE, Mark

Scalar = str | int | Decimal | bool | None
KeyPath = tuple[str | int, ...]


@dataclass(slots=True)
class Tree:
    """One value of a document, with where it and its key were written."""

    content: dict[str, Tree] | list[Tree] | Scalar
    mark: Mark
    key: Mark
    """Where its key stands; the value's own place in a list and at the root."""

    def at(self, *path: str) -> Tree | None:
        """The tree below these keys, or None."""
        found: Tree = self
        for key in path:
            if not isinstance(found.content, dict) or key not in found.content:
                return None
            found = found.content[key]
        return found

    def scalar(self, *path: str) -> Scalar:
        """The scalar below these keys, or None when there is none (or something else)."""
        found = self.at(*path)
        return None if found is None or isinstance(found.content, dict | list) else found.content

    def copy(self) -> Tree:
        """A tree of its own with equal content."""
        if isinstance(self.content, dict):
            return Tree({key: value.copy() for key, value in self.content.items()}, self.mark, self.key)
        if isinstance(self.content, list):
            return Tree([item.copy() for item in self.content], self.mark, self.key)
        return Tree(self.content, self.mark, self.key)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the values of a config were written, by path."""

    keys: Mapping[KeyPath, Mark] = field(default_factory=dict)
    values: Mapping[KeyPath, Mark] = field(default_factory=dict)

    def key(self, path: KeyPath) -> Mark:
        """The place of the key, else of the nearest thing above that was written."""
        return _nearest(self.keys, path)

    def value(self, path: KeyPath) -> Mark:
        """The place of the value, else of the nearest thing above that was written."""
        return self.values.get(path) or self.key(path)


def _nearest(marks: Mapping[KeyPath, Mark], path: KeyPath) -> Mark:
    for length in range(len(path), -1, -1):
        if path[:length] in marks:
            return marks[path[:length]]
    return NOWHERE


def plain(tree: Tree) -> Any:
    """The values alone: dicts, lists and scalars."""
    if isinstance(tree.content, dict):
        return {key: plain(value) for key, value in tree.content.items()}
    if isinstance(tree.content, list):
        return [plain(item) for item in tree.content]
    return tree.content


def places(tree: Tree) -> Places:
    """The places alone."""
    keys: dict[KeyPath, Mark] = {}
    values: dict[KeyPath, Mark] = {}
    for path, found in walk(tree, ()):
        keys[path] = found.key
        values[path] = found.mark
    return Places(keys, values)


def walk(tree: Tree, path: KeyPath) -> Iterator[tuple[KeyPath, Tree]]:
    """Every tree with its path, outermost first."""
    yield path, tree
    if isinstance(tree.content, dict):
        for key, value in tree.content.items():
            yield from walk(value, (*path, key))
    elif isinstance(tree.content, list):
        for index, item in enumerate(tree.content):
            yield from walk(item, (*path, index))
