"""Dates and times as one person reads them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_skeleton, format_time

from web.visit import Visit


def moment(visit: Visit, at: datetime) -> str:
    """A date and time in the person's own time zone and language."""
    local, locale = at.astimezone(zone(visit.actor.timezone)), visit.locale.replace("-", "_")
    now = visit.site.now().astimezone(local.tzinfo)
    day = format_skeleton("MMMd" if now.year == local.year else "yMMMd", local, locale=locale)
    return f"{day} {format_time(local, 'HH:mm', locale=locale)}"


def day(visit: Visit, at: datetime) -> str:
    """The day on which a moment falls, with its year, in the person's own time zone and language."""
    local = at.astimezone(zone(visit.actor.timezone))
    return format_skeleton("yMMMd", local, locale=visit.locale.replace("-", "_"))


def zone(name: str) -> ZoneInfo:
    """The time zone of that name; UTC for one that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
