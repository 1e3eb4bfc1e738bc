"""Dates and times as one person reads them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_datetime

from web.visit import Visit


def moment(visit: Visit, at: datetime) -> str:
    """A date and time in the person's own time zone and language."""
    return format_datetime(at.astimezone(zone(visit.actor.timezone)), "medium", locale=visit.locale.replace("-", "_"))


def zone(name: str) -> ZoneInfo:
    """The time zone of that name; UTC for one that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
