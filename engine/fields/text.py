"""A line of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.api import BadOption, BadValue, FieldType, Operator, Reader, Words, columns, limits, words
from engine.fields.patterns import compile_pattern
from engine.fields.reading import one_line, within

TEXT_OPERATORS: tuple[Operator, ...] = ("is", "is_not", "contains", "starts_with", "among", "empty", "not_empty")


@dataclass(frozen=True, kw_only=True)
class Text(FieldType):
    """One line of text, trimmed. Equal texts are stored equal (Unicode NFC)."""

    key: ClassVar[str] = "text"
    words: ClassVar[Words] = words("文本", "Text")
    operators: ClassVar[tuple[Operator, ...]] = TEXT_OPERATORS
    searchable: ClassVar[bool] = True

    min: int | None = None
    """The fewest characters."""
    max: int = limits.TEXT_CHARACTERS_MAX
    """The most characters."""
    pattern: str | None = None
    """A regular expression that the whole text must match (RE2 syntax, so that no text can make it slow)."""
    pattern_message: Words | None = None
    """What to tell people whose text does not match the pattern."""

    def check_options(self) -> None:
        """The bounds fit each other, and the pattern can be read."""
        if not 0 < self.max <= limits.LONG_TEXT_CHARACTERS_MAX:
            raise BadOption("max", f"'max' is between 1 and {limits.LONG_TEXT_CHARACTERS_MAX} characters.")
        if self.min is not None and not 0 <= self.min <= self.max:
            raise BadOption("min", f"'min' is between 0 and 'max' ({self.max}).")
        if self.pattern is not None:
            compile_pattern(self.pattern)

    def column(self) -> sa.types.TypeEngine[Any]:
        """Text, compared by code point."""
        return columns.PlainText()

    def parse(self, raw: object, reader: Reader) -> str:
        """The text, trimmed and on one line."""
        return self.checked(one_line(raw))

    def checked(self, text: str) -> str:
        """The text, if it keeps the bounds and the pattern."""
        within(text, self.min, self.max)
        if self.pattern is not None and not compile_pattern(self.pattern).fullmatch(text):
            raise BadValue("bad_pattern", pattern=self.pattern, reason=self.pattern_message)
        return text

    def keeps(self, value: str) -> bool:
        """Whether the length is within the bounds and the pattern matches."""
        try:
            self.checked(value)
        except BadValue:
            return False
        return True

    def json_schema(self) -> dict[str, Any]:
        """A string with its bounds."""
        shape: dict[str, Any] = {"type": "string", "maxLength": self.max}
        return shape | ({"minLength": self.min} if self.min else {})

    def sample(self, number: int) -> str:
        """Alternately Chinese and Latin text."""
        return (f"样本 {number}" if number % 2 else f"Sample {number}")[: self.max]
