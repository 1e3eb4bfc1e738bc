"""Full form: each layer's shorthands written out, so that layers can be merged key by key."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.compiler.tree import Tree

LOCALE = re.compile(r"[a-z]{2,3}(-[A-Z][A-Za-z]{1,3})?")
"""`en`, `zh-CN`, `zh-Hant`: no word of the language looks like this."""


def bring_to_full_form(layer: Tree, locale: str) -> None:
    """Write a layer's shorthands out, in place. What has an unknown shape stays as it is, for the shapes to refuse."""
    _words(layer.at("app"), locale, "name")
    _words(layer.at("pack"), locale, "label")
    for term in _items(layer.at("terms")):
        _localise(term, locale)
    for entity in _items(layer.at("entities")):
        _entity(entity, locale)
    for pipeline in _items(layer.at("pipelines")):
        _words(pipeline, locale, "label")
        for stage in _items(pipeline.at("stages")):
            _option(stage, locale)
            _each(stage.at("checks"), locale, "message")
    for role in _items(layer.at("roles")):
        _words(role, locale, "label")
        for grant in _items(role.at("grants")):
            _update(grant.at("update"))
    _each(layer.at("rules"), locale, "label")


def _entity(entity: Tree, locale: str) -> None:
    _words(entity, locale, "label", "plural", "help")
    for holder in (entity, *(f for f in _items(entity.at("fields")))):
        for item in _items(holder.at("fields")):
            _words(item, locale, "label", "help")
            for option in _items(item.at("choices")):
                _option(option, locale)
    _each(entity.at("checks"), locale, "message")
    _each(entity.at("form", "sections"), locale, "label")


def _each(holder: Tree | None, locale: str, key: str) -> None:
    for item in _items(holder):
        _words(item, locale, key)


def _items(holder: Tree | None) -> Iterator[Tree]:
    if holder is not None and isinstance(holder.content, dict):
        yield from holder.content.values()


def _words(holder: Tree | None, locale: str, *keys: str) -> None:
    for key in keys:
        found = holder.at(key) if holder is not None else None
        if found is not None:
            _localise(found, locale)


def _localise(found: Tree, locale: str) -> None:
    if isinstance(found.content, str):
        _wrap(found, locale, found.content)


def _option(found: Tree, locale: str) -> None:
    """A choice or stage: its label alone, in one language or several, or a map."""
    content = found.content
    if isinstance(content, str):
        _localise(found, locale)
        content = found.content
    if isinstance(content, dict) and content and all(LOCALE.fullmatch(key) for key in content):
        found.content = {"label": Tree(content, found.mark, found.key)}
    _words(found, locale, "label")


def _update(found: Tree | None) -> None:
    """A bare rule for updates holds before and after."""
    if found is not None and isinstance(found.content, str | bool):
        rule = found.content
        found.content = {side: Tree(rule, found.mark, found.key) for side in ("before", "after")}


def _wrap(found: Tree, key: str, content: str) -> None:
    found.content = {key: Tree(content, found.mark, found.key)}
