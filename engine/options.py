"""What a config may write beside a field's `type`: read from the kind's dataclass fields.

The docstring under an option is its help, in editors and in docs/reference/fields.md, so there is one text to keep
true. It is read from the source, which a wheel carries.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import types
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import pairwise
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from engine.words import Words

WORDS_SCHEMA: Mapping[str, Any] = {
    "anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]
}
"""One text, or one for each language."""


class BadOption(Exception):
    """An option of a kind that cannot be used, in words for the author of the config."""

    def __init__(self, option: str, message: str, hint: str = "") -> None:
        self.option = option
        """The key in YAML where the mistake stands."""
        self.message = message
        self.hint = hint
        """What to write instead."""
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that a config may write beside `type`."""

    name: str
    type: Any
    """The Python type of its value, without None."""
    required: bool
    default: Any
    """What holds when it is not written; None when required."""
    schema: Mapping[str, Any]
    """Its value in YAML as JSON Schema."""
    kind: type
    """Where it is written down."""

    @property
    def help(self) -> str:
        """The docstring under it. Read from the source when it is asked for: checking a config needs none of them."""
        return _helps(self.kind).get(self.name, "")

    @property
    def described(self) -> dict[str, Any]:
        """The schema with the help as description, for editors."""
        return {**self.schema, "description": self.help} if self.help else dict(self.schema)


def filled(default: Any) -> Any:
    """A dataclass field that the compiler fills in from elsewhere in the config: no option, not in YAML."""
    if isinstance(default, dict | Mapping):
        return dataclasses.field(default_factory=lambda: default, metadata={"option": False})
    return dataclasses.field(default=default, metadata={"option": False})


def read_options(kind: Any) -> Mapping[str, Option]:
    """The options of a kind (a dataclass), in the order in which they are written, inherited ones first."""
    return _options_of(kind)


@cache
def _options_of(kind: type) -> Mapping[str, Option]:
    hints = get_type_hints(kind)
    found = {}
    for field in dataclasses.fields(kind):
        if not field.metadata.get("option", True):
            continue
        plain = _without_none(hints[field.name])
        shape = field.metadata.get("schema") or _schema(plain)
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        default = field.default if field.default is not dataclasses.MISSING else None
        found[field.name] = Option(field.name, plain, required, default, types.MappingProxyType(dict(shape)), kind)
    return types.MappingProxyType(found)


def read_option(option: Option, raw: Any) -> Any:
    """The option's value from YAML by its Python type. Raises BadOption."""
    read = _READERS.get(get_origin(option.type) or option.type)
    return read(option, raw) if read else raw


@cache
def _helps(kind: type) -> dict[str, str]:
    found: dict[str, str] = {}
    for ancestor in reversed(kind.__mro__):
        if dataclasses.is_dataclass(ancestor):
            found |= _docstrings(ancestor)
    return found


def _docstrings(kind: type) -> dict[str, str]:
    """The string literals under the attributes of one class."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    except (OSError, TypeError):
        return {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found = {}
    for attribute, text in pairwise(body):
        if not (isinstance(attribute, ast.AnnAssign) and isinstance(attribute.target, ast.Name)):
            continue
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str):
            found[attribute.target.id] = " ".join(text.value.value.split())
    return found


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        rest = [part for part in get_args(hint) if part is not type(None)]
        return rest[0] if len(rest) == 1 else Any
    return hint


def _schema(hint: Any) -> Mapping[str, Any]:
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _schema(get_args(hint)[0])}
    return _SCHEMAS.get(get_origin(hint) or hint, {})


_SCHEMAS: Mapping[Any, Mapping[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    str: {"type": "string"},
    Decimal: {"type": ["number", "string"]},
    Words: WORDS_SCHEMA,
    Mapping: {"type": "object"},
}


def _read_text(option: Option, raw: Any) -> str:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, int | float | Decimal) and not isinstance(raw, bool):
        return str(raw)
    raise BadOption(option.name, f"'{option.name}' is a text.")


def _read_flag(option: Option, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    raise BadOption(option.name, f"'{option.name}' is true or false.")


def _read_integer(option: Option, raw: Any) -> int:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    raise BadOption(option.name, f"'{option.name}' is a whole number.")


def _read_decimal(option: Option, raw: Any) -> Decimal:
    try:
        number = Decimal(str(raw).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(raw, bool) or not number.is_finite():
        raise BadOption(option.name, f"'{option.name}' is a number.")
    return number


def _read_literal(option: Option, raw: Any) -> Any:
    allowed = get_args(option.type)
    if raw in allowed:
        return raw
    raise BadOption(option.name, f"'{option.name}' is one of: " + ", ".join(map(str, allowed)) + ".")


def _read_tuple(option: Option, raw: Any) -> tuple[Any, ...]:
    items = raw if isinstance(raw, list | tuple) else [raw]
    if not all(isinstance(item, str) for item in items):
        raise BadOption(option.name, f"'{option.name}' is a list of texts.")
    return tuple(items)


def _read_words(option: Option, raw: Any) -> Words:
    if isinstance(raw, Words):
        return raw
    if isinstance(raw, str):
        return Words({"": raw})
    if isinstance(raw, Mapping) and all(isinstance(text, str) for text in raw.values()):
        return Words(dict(raw))
    raise BadOption(option.name, f"'{option.name}' is a text, or one text for each language.")


def _read_mapping(option: Option, raw: Any) -> Mapping[str, Any]:
    if isinstance(raw, Mapping):
        return dict(raw)
    raise BadOption(option.name, f"'{option.name}' is a mapping of names to values.")


_READERS: Mapping[Any, Any] = {
    str: _read_text,
    bool: _read_flag,
    int: _read_integer,
    Decimal: _read_decimal,
    Literal: _read_literal,
    tuple: _read_tuple,
    Words: _read_words,
    Mapping: _read_mapping,
}
