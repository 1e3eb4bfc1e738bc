"""Upper and lower case, one character for one character.

Databases disagree about `ß` in capitals, `İ` in small letters and the last sigma of a word. Unicode's simple mapping
knows no such cases, so that Python, SQLite and PostgreSQL can all do exactly the same with one table.
"""

from __future__ import annotations

import sys
from functools import lru_cache

_SIMPLE_LOWER = {"İ": "i"}
"""Where Python gives two characters, and Unicode's simple mapping one."""


@lru_cache(maxsize=1)
def lower_table() -> dict[int, str]:
    """Code point to small letter, for every letter that has one."""
    return _table(str.lower) | {ord(key): value for key, value in _SIMPLE_LOWER.items()}


@lru_cache(maxsize=1)
def upper_table() -> dict[int, str]:
    """Code point to capital, for every letter that has one."""
    return _table(str.upper)


def lower(text: str) -> str:
    """The text in small letters."""
    return text.lower() if text.isascii() else text.translate(lower_table())


def upper(text: str) -> str:
    """The text in capitals; `ß` stays."""
    return text.upper() if text.isascii() else text.translate(upper_table())


def _table(change: object) -> dict[int, str]:
    assert callable(change)
    found = {}
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        changed = change(character)
        if changed != character and len(changed) == 1:
            found[code] = changed
    return found
