"""Numbers that the engine gives: quotations, orders, invoices."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar, Literal

import sqlalchemy as sa

from engine.api import BadOption, FieldType, Operator, Reader, Words, columns, words
from engine.fields.reading import one_line, within
from engine.fields.text import TEXT_OPERATORS

_HOLES = re.compile(r"\{([^{}]*)\}")
_SEQUENCE = re.compile(r"seq(?::([1-9]))?")
_DATES = {"yyyy": "{0.year:04d}", "yy": "{1:02d}", "mm": "{0.month:02d}", "dd": "{0.day:02d}"}
_PERIODS = {"never": "", "year": "{0.year:04d}", "month": "{0.year:04d}-{0.month:02d}", "day": "{0:%Y-%m-%d}"}
_CHARACTERS_MAX = 60


@dataclass(frozen=True, kw_only=True)
class Number(FieldType):
    """A number that the engine gives when a record is made, such as Q-202611-0042; nobody types it."""

    key: ClassVar[str] = "number"
    words: ClassVar[Words] = words("编号", "Number")
    operators: ClassVar[tuple[Operator, ...]] = TEXT_OPERATORS
    widget: ClassVar[str] = "none"
    searchable: ClassVar[bool] = True

    pattern: str = "{seq}"
    """How it is written. Holes: {seq} or {seq:4} (with zeros before it), {yyyy} {yy} {mm} {dd} of its day."""
    reset: Literal["never", "year", "month", "day"] | None = None
    """When counting begins anew; not given, as often as the dates in the pattern change."""
    gapless: bool = True
    """`true`: a refused save gives its number back. `false`: numbers may be left out."""

    def check_options(self) -> None:
        """The holes are known, counting once, and no two periods can give the same number."""
        holes = _HOLES.findall(self.pattern)
        unknown = [hole for hole in holes if hole not in _DATES and not _SEQUENCE.fullmatch(hole)]
        rest = _HOLES.sub("", self.pattern)
        if unknown or "{" in rest or "}" in rest:
            wrong = unknown[0] if unknown else self.pattern
            raise BadOption("pattern", f"'{wrong}' cannot be read.", "Holes: {seq} {seq:4} {yyyy} {yy} {mm} {dd}.")
        if sum(bool(_SEQUENCE.fullmatch(hole)) for hole in holes) != 1:
            raise BadOption("pattern", "The pattern counts with one {seq}.", "Write Q-{yyyy}{mm}-{seq:4}.")
        if len(rest) > 20 or any(character.isspace() and character != " " for character in rest):
            raise BadOption("pattern", "The pattern is on one line, with at most 20 characters beside its holes.")
        order = ("never", "year", "month", "day")
        if self.reset is not None and order.index(self.reset) > order.index(self._finest()):
            raise BadOption(
                "reset",
                f"Counting anew each {self.reset} would give the same number twice.",
                "Put the date in the pattern.",
            )

    def column(self) -> sa.types.TypeEngine[Any]:
        """Text."""
        return columns.PlainText()

    def parse(self, raw: object, reader: Reader) -> str:
        """A number from elsewhere, as an import brings it."""
        return within(one_line(raw), None, _CHARACTERS_MAX)

    def period(self, today: date) -> str:
        """The span in which numbers count on: "" for ever, else 2026, 2026-11 or 2026-11-22."""
        return _PERIODS[self.reset or self._finest()].format(today)

    def format(self, number: int, today: date) -> str:
        """The number as it is written."""
        return _HOLES.sub(lambda hole: _fill(hole.group(1), number, today), self.pattern)

    def _finest(self) -> Literal["never", "year", "month", "day"]:
        holes = set(_HOLES.findall(self.pattern))
        if not holes & {"yyyy", "yy"}:
            return "never"
        if "mm" not in holes:
            return "year"
        return "day" if "dd" in holes else "month"

    def json_schema(self) -> dict[str, Any]:
        """A string that nobody writes."""
        return {"type": "string", "maxLength": _CHARACTERS_MAX, "readOnly": True}

    def sample(self, number: int) -> str:
        """As they would have been given."""
        return self.format(number + 1, date(2026, 1, 1))


def _fill(hole: str, number: int, today: date) -> str:
    if hole in _DATES:
        return _DATES[hole].format(today, today.year % 100)
    width = _SEQUENCE.fullmatch(hole)
    assert width is not None, hole
    return f"{number:0{width.group(1) or 1}d}"
