"""Moving dates: months end with the month, and nothing leaves the years 1 to 9999."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, timedelta
from decimal import Decimal

from engine.expression.numbers import EXACT, TooLarge, bounded, divide, rounded
from engine.limits import INTEGER_MAX

DAY_MICROSECONDS = 86_400_000_000
SPAN_MICROSECONDS_MAX = INTEGER_MAX
"""What a column keeps: 106 million days."""


def days(count: Decimal) -> timedelta:
    """A span of this many days, to the microsecond."""
    return span(EXACT.multiply(count, Decimal(DAY_MICROSECONDS)))


def months(day: date, count: Decimal) -> date:
    """The same day of another month, or that month's last; a fraction of a month is dropped."""
    if abs(count) > 120_000:
        raise TooLarge
    index = day.year * 12 + day.month - 1 + int(count)
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        raise TooLarge
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def span(microseconds: Decimal) -> timedelta:
    """A span of this many microseconds, rounded half up."""
    whole = int(rounded(microseconds, 0))
    if abs(whole) > SPAN_MICROSECONDS_MAX:
        raise TooLarge
    return timedelta(microseconds=whole)


def microseconds(length: timedelta) -> int:
    """A span as a whole number."""
    return (length.days * 86_400 + length.seconds) * 1_000_000 + length.microseconds


def add_span(left: timedelta, right: timedelta) -> timedelta:
    """Both spans, one after the other."""
    return span(Decimal(microseconds(left) + microseconds(right)))


def subtract_span(left: timedelta, right: timedelta) -> timedelta:
    """What is left of a span."""
    return span(Decimal(microseconds(left) - microseconds(right)))


def times(length: timedelta, factor: Decimal) -> timedelta:
    """A span several times, rounded to the microsecond."""
    return span(bounded(EXACT.multiply(Decimal(microseconds(length)), factor)))


def ratio(left: timedelta, right: timedelta) -> Decimal | None:
    """How often one span fits into the other, 12 places; empty when that is nothing."""
    return divide(Decimal(microseconds(left)), Decimal(microseconds(right)))


def move_date(day: date, length: timedelta) -> date:
    """The day after a span: whole days count, what is left of one is dropped towards the past."""
    try:
        return day + timedelta(days=length.days)
    except OverflowError as error:
        raise TooLarge from error


def move_moment(moment: datetime, length: timedelta) -> datetime:
    """The moment after a span."""
    try:
        return moment + length
    except OverflowError as error:
        raise TooLarge from error
