"""Patterns that a config's author writes, matched in linear time whatever the text."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

from engine.api import BadOption

_CHARACTERS_MAX = 500
_MEMORY_BYTES_MAX = 1_000_000


@lru_cache(maxsize=500)
def compile_pattern(pattern: str) -> Any:
    """The pattern, ready for `fullmatch`. Raises BadOption for one that cannot be used."""
    if len(pattern) > _CHARACTERS_MAX:
        raise BadOption("pattern", f"The pattern has more than {_CHARACTERS_MAX} characters.")
    options = re2.Options()
    options.max_mem = _MEMORY_BYTES_MAX
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0] if error.args else error
        words = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise BadOption(
            "pattern",
            f"The pattern cannot be read: {words}.",
            "Patterns are RE2 syntax: no look-ahead, look-behind or back references.",
        ) from error
