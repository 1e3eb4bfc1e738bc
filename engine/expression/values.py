"""Texts with `{holes}`, and values that are a literal or, after a leading `=`, an expression."""

from __future__ import annotations

from engine.expression.build import ExpressionError, compile_expression
from engine.expression.expression import Expression, Scope
from engine.expression.nodes import Type
from engine.problems import Mark, Problem

Text = tuple[str | Expression, ...]
"""Pieces of text and expressions in turn."""


def text_with_holes(text: str, scope: Scope, mark: Mark, *, offset: int | None = 0) -> Text:
    """The pieces of a text such as "跟进 {name}": what stands in braces is an expression, `{{` and `}}` are braces.

    Raises ExpressionError with every problem.
    """
    pieces: list[str | Expression] = []
    problems: list[Problem] = []
    plain, index = "", 0
    while index < len(text):
        if text[index : index + 2] in ("{{", "}}"):
            plain, index = plain + text[index], index + 2
            continue
        if text[index] not in "{}":
            plain, index = plain + text[index], index + 1
            continue
        end = _hole_end(text, index) if text[index] == "{" else None
        if end is None:
            raise ExpressionError((_lone_brace(text, index, mark, offset),))
        pieces, plain = [*pieces, plain] if plain else pieces, ""
        at = None if offset is None else offset + index + 1
        try:
            pieces.append(compile_expression(text[index + 1 : end], scope, mark, offset=at))
        except ExpressionError as error:
            problems += error.problems
        index = end + 1
    if problems:
        raise ExpressionError(tuple(problems))
    return tuple([*pieces, plain] if plain else pieces)


def read_value(
    raw: str, scope: Scope, mark: Mark, *, expects: Type | None = None, offset: int | None = 0
) -> str | Expression | Text:
    """What a value key (`default`, `set`) says: a literal text, an expression (`=owner`), or pieces with holes.

    `==` begins a literal `=`. Raises ExpressionError.
    """
    if raw.startswith("=="):
        return _joined(text_with_holes(raw[1:], scope, mark, offset=None if offset is None else offset + 1))
    if raw.startswith("="):
        at = None if offset is None else offset + 1
        return compile_expression(raw[1:], scope, mark, expects=expects, offset=at)
    return _joined(text_with_holes(raw, scope, mark, offset=offset))


def _joined(pieces: Text) -> str | Text:
    texts = [piece for piece in pieces if isinstance(piece, str)]
    return "".join(texts) if len(texts) == len(pieces) else pieces


def _hole_end(text: str, start: int) -> int | None:
    """Where the hole that opens at `start` closes; braces inside quotes do not count."""
    quote = ""
    for index in range(start + 1, len(text)):
        character = text[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "}":
            return index
        elif character == "{":
            return None
    return None


def _lone_brace(text: str, index: int, mark: Mark, offset: int | None) -> Problem:
    at = (
        mark
        if offset is None or not mark.line
        else Mark(mark.path, mark.line, mark.column + offset + index, mark.layer)
    )
    message = f"A lone '{text[index]}': a hole is written {{field}}."
    return Problem("expression.syntax", message, at, f"For a brace itself write {text[index] * 2}.")
