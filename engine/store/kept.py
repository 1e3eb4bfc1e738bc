"""What was worked out once and is used again, in bounds: what was not used for the longest time goes first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")

KEPT_MAX: Final = 2_000
"""For one site: some hundred shapes of query times a few sets of roles."""


class Kept:
    """A mapping of bounded size. Several threads may use it: at worst something is worked out twice."""

    def __init__(self, limit: int = KEPT_MAX) -> None:
        self._limit = limit
        self._items: dict[Any, Any] = {}

    def __len__(self) -> int:
        return len(self._items)

    def find(self, key: Any) -> Any:
        """The kept value of this key; None if there is none."""
        found = self._items.pop(key, None)
        if found is not None:
            self._items[key] = found
        return found

    def keep(self, key: Any, value: Any) -> None:
        """Keep a value, in place of what was kept before."""
        while len(self._items) >= self._limit:
            # Two threads may drop the same oldest key: the second finds nothing, which is right too.
            self._items.pop(next(iter(tuple(self._items)), None), None)
        self._items[key] = value

    def get(self, key: Any, make: Callable[[], T]) -> T:
        """The kept value of this key; made now, and kept, if there is none."""
        found: T | None = self.find(key)
        if found is None:
            found = make()
            self.keep(key, found)
        return found
