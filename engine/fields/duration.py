"""Lengths of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal

import sqlalchemy as sa

from engine.api import DURATION, BadValue, FieldType, Operator, Reader, Shower, Type, Words, columns, words
from engine.fields.integer import NUMBER_OPERATORS
from engine.fields.reading import scalar_text

_TYPED = re.compile(
    r"(?P<sign>[+-]?)\s*(?:(?P<days>[0-9.]+)\s*(?:d|days?|天|日)\s*)?(?:(?P<hours>[0-9.]+)\s*(?:h|hours?|小时|时)\s*)?"
    r"(?:(?P<minutes>[0-9.]+)\s*(?:m|min|minutes?|分钟|分)\s*)?(?:(?P<seconds>[0-9.]+)\s*(?:s|sec|seconds?|秒钟|秒))?"
)
_CLOCK = re.compile(r"(?P<sign>[+-]?)(?P<hours>[0-9]{1,6}):(?P<minutes>[0-5][0-9])(?::(?P<seconds>[0-5][0-9]))?")
_ISO = re.compile(
    r"(?P<sign>-?)P(?:(?P<days>[0-9]+)D)?(?:T(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?(?:(?P<seconds>[0-9]+)S)?)?"
)
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_DAYS_MAX = 36_500
_UNITS = {
    "days": (86_400, words("天", "d")),
    "hours": (3_600, words("小时", "h")),
    "minutes": (60, words("分钟", "m")),
    "seconds": (1, words("秒", "s")),
}


@dataclass(frozen=True, kw_only=True)
class Duration(FieldType):
    """A length of time, to the second: how long a job takes."""

    key: ClassVar[str] = "duration"
    words: ClassVar[Words] = words("时长", "Duration")
    type: ClassVar[Type] = DURATION
    operators: ClassVar[tuple[Operator, ...]] = NUMBER_OPERATORS
    align: ClassVar[Literal["start", "end"]] = "end"

    def column(self) -> sa.types.TypeEngine[Any]:
        """Whole microseconds."""
        return columns.Span()

    def parse(self, raw: object, reader: Reader) -> timedelta:
        """`1h 30m`, `1:30`, `2天3小时`, `1.5h`; programs also write ISO 8601, `PT1H30M`."""
        span = raw if isinstance(raw, timedelta) else _read(scalar_text(raw, "bad_duration"))
        if span.microseconds or abs(span) > timedelta(days=_DAYS_MAX):
            raise BadValue("bad_duration")
        return span

    def show(self, value: timedelta, shower: Shower) -> str:
        """1小时30分钟, 1h 30m."""
        gap = "" if shower.locale.startswith("zh") else " "
        parts = [f"{count}{_UNITS[unit][1].text(shower.locale)}" for unit, count in _parts(value) if count]
        return ("-" if value < timedelta() else "") + (
            gap.join(parts) or f"0{_UNITS['minutes'][1].text(shower.locale)}"
        )

    def edit(self, value: timedelta, shower: Shower) -> str:
        """As a person types it: 1h 30m, in every language."""
        return self.show(value, Shower("en"))

    def to_json(self, value: timedelta) -> str:
        """ISO 8601: PT1H30M."""
        count = dict(_parts(value))
        clock = "".join(f"{count[unit]}{unit[0].upper()}" for unit in ("hours", "minutes", "seconds") if count[unit])
        day = f"{count['days']}D" if count["days"] else ""
        sign = "-" if value < timedelta() else ""
        return f"{sign}P{day}T{clock}" if clock else f"{sign}P{day or 'T0S'}"

    def json_schema(self) -> dict[str, Any]:
        """An ISO duration."""
        return {"type": "string", "format": "duration"}

    def sample(self, number: int) -> timedelta:
        """Quarters of an hour."""
        return timedelta(minutes=15 * (number + 1))

    def search_text(self, value: timedelta) -> str:
        """Nothing."""
        return ""


def _read(text: str) -> timedelta:
    found = _CLOCK.fullmatch(text) or _ISO.fullmatch(text) or _TYPED.fullmatch(text.lower())
    given = {unit: part for unit, part in found.groupdict().items() if part and unit != "sign"} if found else {}
    if found is None or not given or not all(_NUMBER.fullmatch(part) for part in given.values()):
        raise BadValue("bad_duration")
    seconds = sum((Decimal(part) * _UNITS[unit][0] for unit, part in given.items()), Decimal(0))
    if seconds != int(seconds) or seconds > _DAYS_MAX * 86_400:
        raise BadValue("bad_duration")
    return timedelta(seconds=-int(seconds) if found["sign"] == "-" else int(seconds))


def _parts(span: timedelta) -> list[tuple[str, int]]:
    rest, found = abs(span) // timedelta(seconds=1), []
    for unit, (seconds, _) in _UNITS.items():
        count, rest = divmod(rest, seconds)
        found.append((unit, count))
    return found
