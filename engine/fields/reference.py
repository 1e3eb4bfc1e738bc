"""The page docs/reference/fields.md, made from the kinds by `python -m engine.fields.reference`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, get_origin

from engine.api import FieldType, Option, Words
from engine.fields import KINDS

_HEAD = """\
# Kinds of field

Made from the kinds themselves by `python -m engine.fields.reference`; a test keeps it fresh. What may be written of
every field (`label`, `required`, `default`, `expr` ...) is in the reference of the config language.

| kind | in Chinese | |
|---|---|---|
"""
_FILTERS = {
    "is": "is", "is_not": "is not", "contains": "contains", "starts_with": "starts with", "among": "is one of",
    "less": "below", "at_most": "at most", "more": "above", "at_least": "at least", "between": "between",
    "empty": "is empty", "not_empty": "is not empty", "has": "has", "has_not": "has not",
}  # fmt: skip


def reference() -> str:
    """The whole page."""
    rows = [f"| [`{kind.key}`](#{kind.key}) | {kind.words.text('zh-CN')} | {_first(_about(kind))} |" for kind in KINDS]
    return _HEAD + "\n".join(rows) + "\n\n" + "\n".join(_section(kind) for kind in KINDS)


def _section(kind: type[FieldType]) -> str:
    lines = [f"## {kind.key}", "", _about(kind), ""]
    options = kind.options().values()
    if options:
        lines += ["| option | value | default | |", "|---|---|---|---|"]
        lines += [f"| `{one.name}` | {_value(one)} | {_default(one)} | {_cell(one.help)} |" for one in options]
        lines.append("")
    if kind.parse.__doc__:
        lines += [f"Read: {_paragraph(kind.parse.__doc__)}", ""]
    if kind.operators:
        lines += ["Filters: " + ", ".join(_FILTERS[operator] for operator in kind.operators) + ".", ""]
    return "\n".join(lines)


def _about(kind: type[FieldType]) -> str:
    return _paragraph(kind.__doc__ or "")


def _paragraph(text: str) -> str:
    return " ".join(inspect.cleandoc(text).split())


def _first(text: str) -> str:
    return _cell(text.partition(". ")[0].removesuffix("."))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _value(option: Option) -> str:
    if "enum" in option.schema:
        return ", ".join(f"`{word}`" for word in option.schema["enum"])
    return _NAMES[get_origin(option.type) or option.type]


def _default(option: Option) -> str:
    if option.required:
        return "required"
    default: Any = option.default
    if default is None or default == ():
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


_NAMES: dict[Any, str] = {
    bool: "`true`, `false`", int: "whole number", str: "text", tuple: "list of texts", Mapping: "map",
    Decimal: "number", date: "day", Words: "text, or one for each language",
}  # fmt: skip


if __name__ == "__main__":
    sys.stdout.write(reference())
