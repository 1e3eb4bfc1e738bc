"""One of the firm's teams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from engine.api import Words, words
from engine.fields.link import RecordLink


@dataclass(frozen=True, kw_only=True)
class Team(RecordLink):
    """One of the firm's teams."""

    key: ClassVar[str] = "team"
    words: ClassVar[Words] = words("团队", "Team")

    on_delete: Literal["restrict", "clear", "cascade"] = "restrict"
    """When the team is deleted: refuse that, empty this field, or delete this record too."""

    def target(self) -> str:
        """The engine's entity `team`."""
        return "team"
