"""One of the firm's people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.api import Words, words
from engine.fields.link import RecordLink


@dataclass(frozen=True, kw_only=True)
class User(RecordLink):
    """One of the firm's people who sign in: an owner, an assignee."""

    key: ClassVar[str] = "user"
    words: ClassVar[Words] = words("人员", "User")

    on_delete: Literal["restrict", "clear", "cascade"] = "restrict"
    """When the user is deleted: refuse that, empty this field, or delete this record too."""

    def target(self) -> str:
        """The engine's entity `user`."""
        return "user"
