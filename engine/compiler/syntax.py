"""What PyYAML says when a file is not YAML, in words for people."""

from __future__ import annotations

import re
from typing import Any

from engine.limits import YAML_DEPTH_MAX
from engine.problems import Mark, Problem

_KEY = re.compile(r"\s*(- )*[\w\-\"']+\s*:(\s|$)")
TOO_DEEP = f"Lists and maps are nested more than {YAML_DEPTH_MAX} deep."
SPLIT_HINT = "Split it into smaller parts."
_QUOTE_HINT = "Put the whole text in quotes."


def explain_syntax(error: Any, text: str, start: Mark) -> Problem:
    """The parser's error as a problem at its exact place."""
    problem, context = str(getattr(error, "problem", "") or ""), str(getattr(error, "context", "") or "")
    at, began = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if at is None:
        return Problem("yaml.syntax", "The file cannot be read as YAML.", start, "Check its first lines.")
    if "nesting depth" in problem:
        # The scanner runs ahead of the reader, and newer ones have a bound of their own.
        return Problem("yaml.too-deep", TOO_DEEP, Mark(start.path, at.line + 1, at.column + 1, start.layer), SPLIT_HINT)
    earlier = _earlier_line(text, problem, context, at, began)
    if earlier is not None:
        number, column, message, hint = earlier
        return Problem("yaml.syntax", message, Mark(start.path, number + 1, column + 1, start.layer), hint)
    message, hint, at_start = _words(problem, context, _line(text, at.line), at.column)
    place = began if at_start and began is not None else at
    return Problem("yaml.syntax", message, Mark(start.path, place.line + 1, place.column + 1, start.layer), hint)


def _earlier_line(text: str, problem: str, context: str, at: Any, began: Any) -> tuple[int, int, str, str] | None:
    """The line that is to blame when the parser only stumbled over a later one."""
    line = _line(text, at.line)
    if "flow" in context and began is not None and began.line < at.line and _KEY.match(line):
        sign = "}" if "mapping" in context else "]"
        return (
            began.line,
            began.column,
            f"The bracket that begins here is never closed: `{sign}` is missing.",
            f"Add `{sign}`.",
        )
    if "mapping values are not allowed" in problem and ": " not in line[: at.column]:
        above = _above(text, at.line)
        if above is not None and not _KEY.match(_line(text, above)):
            column = len(_line(text, above)) - len(_line(text, above).lstrip())
            return above, column, "This line is neither `key: value` nor `- item`.", "Is a colon missing after the key?"
    if "block mapping" in context and line[at.column - 1 : at.column].strip() and '"' in line[: at.column + 1]:
        for number in range(at.line - 1, max(at.line - 50, -1), -1):
            if _line(text, number).replace('\\"', "").count('"') % 2:
                column = _line(text, number).index('"')
                return number, column, "The quote that begins here is not closed.", "Close it with the same quote sign."
    return None


def _above(text: str, number: int) -> int | None:
    """The nearest line above that is neither blank nor a comment."""
    for above in range(number - 1, -1, -1):
        line = _line(text, above).strip()
        if line and not line.startswith("#"):
            return above
    return None


def _line(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number] if number < len(lines) else ""


def _words(problem: str, context: str, line: str, column: int) -> tuple[str, str, bool]:
    """What is wrong, what to do, and whether the place is where the construct began."""
    character = line[column : column + 1]
    if "\t" in line[: column + 1] and "token" in problem:
        return "A tab indents this line.", "Indent with spaces.", False
    if "cannot start any token" in problem:
        return f"A text cannot begin with {character!r} here.", _QUOTE_HINT, False
    if "mapping values are not allowed" in problem:
        return _colon(line)
    if "quoted scalar" in context and "escape" in problem:
        return "An unknown \\ sequence.", "Write \\\\ for a backslash, or use single quotes.", False
    if "quoted scalar" in context:
        return "The quote that begins here is never closed.", "Close it with the same quote sign.", True
    if "flow" in context:
        return _bracket(context, line, character)
    if "block mapping" in context or "block collection" in context or "block end" in problem:
        return _indentation(line, column)
    if "expected ':'" in problem or "simple key" in context:
        return "This line is neither `key: value` nor `- item`.", "Is a colon missing after the key?", True
    if "node content" in problem:
        return f"A value cannot begin with {character!r}.", _QUOTE_HINT, False
    return "This cannot be read as YAML.", "Look for a missing quote, bracket or colon on this line or above.", False


def _colon(line: str) -> tuple[str, str, bool]:
    if line.count(": ") > 1:
        return "A second `: ` stands on this line.", _QUOTE_HINT, False
    return (
        "This key is indented more than the keys that it belongs to, or the line above lacks its colon.",
        ("Align it with the keys beside it; a value and deeper keys cannot both follow a key."),
        False,
    )


def _bracket(context: str, line: str, character: str) -> tuple[str, str, bool]:
    sign = "}" if "mapping" in context else "]"
    if character in ("", "\r") or not line.strip():
        return f"The bracket that begins here is never closed: `{sign}` is missing.", f"Add `{sign}`.", True
    hint = (
        f"Close the bracket with `{sign}` or add a comma; "
        "a text that holds quotes, commas or brackets must stand in quotes as a whole."
    )
    return f"`,` or `{sign}` is expected here, not {character!r}.", hint, False


def _indentation(line: str, column: int) -> tuple[str, str, bool]:
    if line[:column].strip():
        return (
            "Text follows a closing quote.",
            "Put the whole text in one pair of quotes; double a ' inside '...'.",
            False,
        )
    return "The indentation of this line fits nothing above it.", "Align it with the keys (or dashes) beside it.", False
