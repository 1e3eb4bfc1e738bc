"""The kinds that were found, by key; frozen after start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

import pluggy

from engine.expression import Function
from engine.hooks import PROJECT, Hooks
from engine.kinds import FieldType

T = TypeVar("T")


class CatalogError(Exception):
    """A plugin that cannot be used, in words for the person who starts the server."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """What configs may name."""

    field_types: Mapping[str, type[FieldType]]
    functions: Mapping[str, Function]
    plugins: tuple[str, ...] = ()
    """Names of the plugins that are on, besides the engine's own."""


def collect(plugins: Iterable[tuple[str, object]]) -> Catalog:
    """Register the plugins in order and ask each hook once.

    Raises CatalogError when a plugin offers an unknown hook, or a key that another holds.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    names = []
    for name, plugin in plugins:
        try:
            manager.register(plugin, name=name)
        except (ValueError, pluggy.PluginValidationError) as error:
            raise CatalogError(f"The plugin '{name}' cannot be used: {error}") from error
        names.append(name)
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise CatalogError(str(error)) from error
    # pluggy calls the last registered first; the order of registration is the readable one.
    types = [kind for kinds in reversed(manager.hook.field_types()) for kind in kinds]
    found = [function for functions in reversed(manager.hook.functions()) for function in functions]
    return Catalog(
        field_types=MappingProxyType(_by_key((kind.key, kind) for kind in types)),
        functions=MappingProxyType(_by_key((function.name, function) for function in found)),
        plugins=tuple(name for name in names if not name.startswith("engine.")),
    )


def _by_key(items: Iterable[tuple[str, T]]) -> dict[str, T]:
    found: dict[str, T] = {}
    for key, item in items:
        if key in found:
            raise CatalogError(f"Two plugins offer '{key}': switch one of them off in app.plugins.")
        found[key] = item
    return found
