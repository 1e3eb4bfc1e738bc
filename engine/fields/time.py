"""Times of day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Any, ClassVar

import sqlalchemy as sa
from babel.dates import format_time

from engine.api import TIME, BadValue, FieldType, Operator, Reader, Shower, Type, Words, columns, words
from engine.fields.integer import NUMBER_OPERATORS
from engine.fields.numbers import babel_locale
from engine.fields.reading import scalar_text

_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6}))?)?")


@dataclass(frozen=True, kw_only=True)
class Time(FieldType):
    """A time of day, to the second, without a time zone: opening hours, shifts."""

    key: ClassVar[str] = "time"
    words: ClassVar[Words] = words("时间", "Time of day")
    type: ClassVar[Type] = TIME
    operators: ClassVar[tuple[Operator, ...]] = NUMBER_OPERATORS
    widget: ClassVar[str] = "time"

    def column(self) -> sa.types.TypeEngine[Any]:
        """ISO text on SQLite, TIME on PostgreSQL."""
        return columns.IsoTime()

    def parse(self, raw: object, reader: Reader) -> time:
        """`14:30` or `14:30:05`."""
        clock = raw if isinstance(raw, time) else read_clock(scalar_text(raw, "bad_time"), "bad_time")
        if clock.microsecond or clock.tzinfo is not None:
            raise BadValue("bad_time")
        return clock

    def show(self, value: time, shower: Shower) -> str:
        """As in the person's language, seconds only when there are any."""
        return str(format_time(value, "medium" if value.second else "short", locale=babel_locale(shower.locale)))

    def edit(self, value: time, shower: Shower) -> str:
        """`14:30`, as a time input wants it."""
        return value.isoformat("seconds" if value.second else "minutes")

    def to_json(self, value: time) -> str:
        """`14:30:00`."""
        return value.isoformat("seconds")

    def json_schema(self) -> dict[str, Any]:
        """Hours, minutes, seconds."""
        return {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?$"}

    def sample(self, number: int) -> time:
        """Within working hours."""
        return time(9 + number % 9, number * 5 % 60)

    def search_text(self, value: time) -> str:
        """Nothing."""
        return ""


def read_clock(text: str, code: str) -> time:
    """Hours, minutes and perhaps seconds. Raises BadValue(code)."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise BadValue(code)
    hour, minute, second, fraction = found.groups()
    try:
        return time(int(hour), int(minute), int(second or 0), int((fraction or "").ljust(6, "0")))
    except ValueError as error:
        raise BadValue(code) from error
