"""Text of several lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.api import Operator, Reader, Words, limits, words
from engine.fields.reading import clean_text
from engine.fields.text import Text


@dataclass(frozen=True, kw_only=True)
class LongText(Text):
    """Text of several lines: notes, descriptions, addresses as written."""

    key: ClassVar[str] = "long_text"
    words: ClassVar[Words] = words("多行文本", "Long text")
    operators: ClassVar[tuple[Operator, ...]] = ("contains", "empty", "not_empty")
    widget: ClassVar[str] = "textarea"
    sortable: ClassVar[bool] = False

    max: int = limits.LONG_TEXT_CHARACTERS_MAX
    """The most characters."""

    def parse(self, raw: object, reader: Reader) -> str:
        """The text, trimmed, with its line breaks."""
        return self.checked(clean_text(raw))

    def sample(self, number: int) -> str:
        """Two lines."""
        return f"第一行 {number}\nsecond line"[: self.max]
