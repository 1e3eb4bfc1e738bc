"""Calendar days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar

import sqlalchemy as sa
from babel.dates import format_date

from engine.api import (
    DATE,
    BadOption,
    BadValue,
    FieldType,
    Operator,
    Option,
    Reader,
    Shower,
    Type,
    Words,
    columns,
    words,
)  # fmt: skip
from engine.fields.integer import NUMBER_OPERATORS
from engine.fields.numbers import babel_locale
from engine.fields.reading import scalar_text

_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TYPED = re.compile(
    r"([0-9]{4})\s*(?:([-/.])\s*([0-9]{1,2})\s*\2\s*([0-9]{1,2})|年\s*([0-9]{1,2})\s*月\s*([0-9]{1,2})\s*日?)"
)
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


@dataclass(frozen=True, kw_only=True)
class Date(FieldType):
    """A calendar day, the same in every time zone."""

    key: ClassVar[str] = "date"
    words: ClassVar[Words] = words("日期", "Date")
    type: ClassVar[Type] = DATE
    operators: ClassVar[tuple[Operator, ...]] = NUMBER_OPERATORS
    widget: ClassVar[str] = "date"

    min: date | None = None
    """The first day allowed, such as 2020-01-01."""
    max: date | None = None
    """The last day allowed."""

    @classmethod
    def read_option(cls, option: Option, raw: Any) -> Any:
        """Bounds are written year first."""
        try:
            return cls().parse(raw, Reader("yaml"))
        except BadValue as bad:
            raise BadOption(option.name, f"'{option.name}' is a day.", "Write it as 2026-11-22.") from bad

    def check_options(self) -> None:
        """The bounds fit each other."""
        if self.min is not None and self.max is not None and self.min > self.max:
            raise BadOption("min", f"'min' ({self.min}) is after 'max' ({self.max}).")

    def column(self) -> sa.types.TypeEngine[Any]:
        """ISO text on SQLite, DATE on PostgreSQL."""
        return columns.IsoDate()

    def parse(self, raw: object, reader: Reader) -> date:
        """A day, year first: 2026-11-22; people also write 2026/11/22, 2026.11.22, 2026年11月22日, 20261122."""
        day = read_day(raw, typed=reader.source in ("form", "csv"))
        if self.min is not None and day < self.min:
            raise BadValue("too_early", min=self.min)
        if self.max is not None and day > self.max:
            raise BadValue("too_late", max=self.max)
        return day

    def keeps(self, value: date) -> bool:
        """Whether the day is within the bounds."""
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)

    def show(self, value: date, shower: Shower) -> str:
        """As in the person's language: 2026年11月22日."""
        return shown_day(value, shower.locale)

    def edit(self, value: date, shower: Shower) -> str:
        """Year first, as a date input wants it."""
        return value.isoformat()

    def to_json(self, value: date) -> str:
        """Year first."""
        return value.isoformat()

    def json_schema(self) -> dict[str, Any]:
        """An ISO date."""
        return {"type": "string", "format": "date"}

    def sample(self, number: int) -> date:
        """Days from the start of 2026 on, within the bounds."""
        day = (self.min or date(2026, 1, 1)) + timedelta(days=number * 3)
        return self.max if self.max is not None and day > self.max else day

    def search_text(self, value: date) -> str:
        """The day as typed."""
        return value.isoformat()


def read_day(raw: object, *, typed: bool) -> date:
    """A day from ISO text (or, typed by a person, another form with the year first). Raises BadValue."""
    if isinstance(raw, datetime):
        if raw.time() != raw.time().min:
            raise BadValue("bad_date")
        return raw.date()
    if isinstance(raw, date):
        return raw
    text = scalar_text(raw, "bad_date")
    found = _ISO.fullmatch(text)
    if found is None and typed:
        found = _TYPED.fullmatch(text) or _COMPACT.fullmatch(text)
    if found is None:
        raise BadValue("bad_date")
    year, month, day = (int(part) for part in found.groups() if part is not None and part.isdigit())
    try:
        return date(year, month, day)
    except ValueError as error:
        raise BadValue("no_such_day") from error


@lru_cache(maxsize=4096)
def shown_day(day: date, locale: str) -> str:
    """The day for people."""
    return str(format_date(day, "medium", locale=babel_locale(locale)))
