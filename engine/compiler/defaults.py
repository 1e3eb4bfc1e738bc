"""What a list and a form show when the config does not say."""

from __future__ import annotations

from collections.abc import Mapping

from engine.expression import Expression
from engine.expression.nodes import Path
from engine.model import Field, Form, Section
from engine.words import words

COLUMNS_DEFAULT = 7
"""Columns of a list that says nothing: as many as a page shows without scrolling."""
_TOO_WIDE = frozenset({
    "long_text", "rich_text", "lines", "links", "backlink", "json", "secret", "files", "file", "image", "signature",
})  # fmt: skip


def default_list(fields: Mapping[str, Field], title: tuple[str | Expression, ...]) -> tuple[str, ...]:
    """The fields of the title first, then the first that fit a column."""
    named = [
        piece.node.steps[0].field
        for piece in title
        if isinstance(piece, Expression) and isinstance(piece.node, Path) and piece.node.steps
    ]
    shown = [name for name, field in fields.items() if not field.system and field.declared not in _TOO_WIDE]
    order = dict.fromkeys([*(name for name in named if name in shown), *shown])
    return tuple(order)[:COLUMNS_DEFAULT]


def default_form(fields: Mapping[str, Field]) -> Form:
    """One section of all that a person may fill in, lines and links included."""
    shown = tuple(name for name, field in fields.items() if field.writable or field.declared in ("lines", "links"))
    return Form((Section("main", words("基本信息", "Details"), shown),))
