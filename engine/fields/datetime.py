"""Moments in time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from babel.dates import format_date, format_time

from engine.api import DATETIME, BadValue, FieldType, Operator, Reader, Shower, Type, Words, columns, words
from engine.fields.date import read_day
from engine.fields.integer import NUMBER_OPERATORS
from engine.fields.numbers import babel_locale
from engine.fields.reading import scalar_text
from engine.fields.time import read_clock

_SPLIT = re.compile(r"(.{8,}?)(?:[Tt]|\s+|(?<=日))\s*([0-9]{1,2}:.*?)\s*(Z|z|[+-][0-9]{2}:?[0-9]{2})?")


@dataclass(frozen=True, kw_only=True)
class DateTime(FieldType):
    """A moment, kept in UTC and shown in each person's time zone."""

    key: ClassVar[str] = "datetime"
    words: ClassVar[Words] = words("日期时间", "Date and time")
    type: ClassVar[Type] = DATETIME
    operators: ClassVar[tuple[Operator, ...]] = NUMBER_OPERATORS
    widget: ClassVar[str] = "datetime"

    def column(self) -> sa.types.TypeEngine[Any]:
        """UTC text of fixed width on SQLite, TIMESTAMPTZ on PostgreSQL."""
        return columns.Moment()

    def parse(self, raw: object, reader: Reader) -> datetime:
        """A moment, year first. Without an offset (`+08:00`, `Z`) it belongs to the reader's time zone."""
        moment = raw if isinstance(raw, datetime) else _read(raw, typed=reader.source in ("form", "csv"))
        if moment.tzinfo is None:
            moment = _placed(moment, zone(reader.timezone))
        try:
            utc = moment.astimezone(UTC)
        except (OverflowError, ValueError) as error:
            raise BadValue("bad_datetime") from error
        # The days at both ends of the calendar cannot be shown in every time zone.
        if not 2 <= utc.year <= 9998:
            raise BadValue("bad_datetime")
        return utc

    def show(self, value: datetime, shower: Shower) -> str:
        """To the minute, in the person's time zone."""
        return _shown(value.astimezone(zone(shower.timezone)), shower.locale)

    def edit(self, value: datetime, shower: Shower) -> str:
        """What a datetime-local input holds. In the hour that a clock repeats, with an offset: `...T01:30+01:00`."""
        place = zone(shower.timezone)
        local = value.astimezone(place)
        text = local.replace(tzinfo=None).isoformat(timespec=_finest(local))
        same = local.replace(tzinfo=None, fold=0).replace(tzinfo=place).astimezone(UTC) == value
        whole_minutes = not (local.utcoffset() or timedelta()).total_seconds() % 60
        if same:
            return text
        if whole_minutes:
            return text + local.isoformat()[-6:]
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=_finest(local)) + "+00:00"

    def to_json(self, value: datetime) -> str:
        """ISO text in UTC."""
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def json_schema(self) -> dict[str, Any]:
        """An ISO moment."""
        return {"type": "string", "format": "date-time"}

    def sample(self, number: int) -> datetime:
        """Working hours from the start of 2026 on."""
        return datetime(2026, 1, 1, 1, 0, tzinfo=UTC) + timedelta(
            days=number, hours=number % 8, minutes=number * 5 % 60
        )

    def search_text(self, value: datetime) -> str:
        """The day in UTC."""
        return value.date().isoformat()


@lru_cache
def zone(name: str) -> ZoneInfo | timezone:
    """The time zone of this name; UTC for one that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _read(raw: object, *, typed: bool) -> datetime:
    text = scalar_text(raw, "bad_datetime")
    found = _SPLIT.fullmatch(text)
    if found is None:
        return datetime.combine(read_day(text, typed=typed), time())
    day, clock, offset = found.groups()
    moment = datetime.combine(read_day(day, typed=typed), read_clock(clock, "bad_datetime"))
    return moment if offset is None else moment.replace(tzinfo=_offset(offset))


def _offset(text: str) -> timezone:
    if text in ("Z", "z"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 15 or minutes > 59:
        raise BadValue("bad_datetime")
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if text[0] == "-" else span)


def _placed(local: datetime, place: ZoneInfo | timezone) -> datetime:
    """The moment at which clocks there show this; the first, when they show it twice."""
    try:
        moment = local.replace(tzinfo=place)
        again = moment.astimezone(UTC).astimezone(place).replace(tzinfo=None, fold=0)
    except (OverflowError, ValueError) as error:
        raise BadValue("bad_datetime") from error
    if again != local.replace(fold=0):
        raise BadValue("no_such_time")
    return moment


def _finest(moment: datetime) -> str:
    if moment.microsecond % 1000:
        return "microseconds"
    if moment.microsecond:
        return "milliseconds"
    return "seconds" if moment.second else "minutes"


@lru_cache(maxsize=4096)
def _shown(local: datetime, locale: str) -> str:
    known = babel_locale(locale)
    day = format_date(local.date(), "medium", locale=known)
    return f"{day} {format_time(local.time(), 'short', locale=known)}"
