"""The JSON that a caller sends, read strictly: one meaning, exact numbers, bounded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from web.problems import Answer

DEPTH_MAX = 30
"""Levels of nesting: a record with two levels of lines needs six."""
NUMBER_CHARACTERS_MAX = 60
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def read_json(body: bytes, content_type: str) -> Any:
    """The value of a JSON body; raises Answer 415 or 400.

    Numbers with a point become Decimal. A key that stands twice, NaN, NUL and lone surrogates are refused.
    """
    if content_type.split(";")[0].strip().lower() != "application/json":
        raise Answer(415, "JSON needed", "Send `Content-Type: application/json`.")
    if depth_of(body) > DEPTH_MAX:
        raise bad_json(f"Nested more than {DEPTH_MAX} deep.")
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=read_object,
            parse_float=read_number,
            parse_int=read_integer,
            parse_constant=refuse_constant,
        )
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise bad_json(f"The body is not JSON: {error}") from error
    # Raw control characters and broken UTF-8 are refused already: only an escape can bring in the rest.
    if b"\\u" in body and any(_UNSTORABLE.search(text) for text in texts_in(value)):
        raise bad_json("The text holds a character that cannot be stored (NUL or half of a pair).")
    return value


def read_draft(body: bytes, content_type: str) -> dict[str, Any]:
    """A body that must be an object."""
    value = read_json(body, content_type)
    if not isinstance(value, dict):
        raise bad_json("The body must be an object.")
    return value


def texts_in(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts_in(item)


def bad_json(detail: str) -> Answer:
    """The answer to a body that cannot be read."""
    return Answer(400, "Bad request", detail)


def depth_of(body: bytes) -> int:
    """The deepest nesting of brackets outside strings, without building anything; more than it is where few stand."""
    if (count := body.count(b"{") + body.count(b"[")) <= DEPTH_MAX:
        return count
    depth = deepest = 0
    for token in _BRACKETS.finditer(body):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
            deepest = max(deepest, depth)
            if deepest > DEPTH_MAX:
                return deepest
        elif mark in (b"}", b"]"):
            depth -= 1
    return deepest


_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]', re.DOTALL)


def read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys each stand once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def read_number(text: str) -> Decimal:
    """An exact number of a size that anything here could use."""
    number = Decimal(text) if len(text) <= NUMBER_CHARACTERS_MAX else None
    if number is None or abs(number.adjusted()) > NUMBER_CHARACTERS_MAX:
        raise ValueError("a number is too long")
    return number


def read_integer(text: str) -> int:
    """A whole number of a size that anything here could use."""
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise ValueError("a number is too long")
    return int(text)


def refuse_constant(text: str) -> Any:
    """NaN and Infinity are no JSON."""
    raise ValueError(f"{text} is no JSON")
