"""The app's settings: languages, time zone and currency that exist."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies

from engine.compiler.forms import LOCALE
from engine.compiler.layers import Config
from engine.problems import Mark, Problem, did_you_mean


def check_settings(config: Config) -> Iterator[Problem]:
    """Every language, time zone and currency is one."""
    places, said = config.places, config.data["app"]
    timezone, currency = said.get("timezone", "UTC"), said.get("currency", "CNY")
    if "locale" in said and not is_locale(said["locale"]):
        yield _locale(said["locale"], places.value(("app", "locale")))
    for index, locale in enumerate(said.get("locales", ())):
        if not is_locale(locale):
            yield _locale(locale, places.value(("app", "locales", index)))
    if timezone not in available_timezones():
        hint = did_you_mean(timezone, available_timezones())
        yield Problem("app.timezone", f"'{timezone}' is no time zone.", places.value(("app", "timezone")), hint)
    if currency not in list_currencies():
        hint = did_you_mean(currency, list_currencies()) or "Write a code such as CNY."
        yield Problem("app.currency", f"'{currency}' is no currency.", places.value(("app", "currency")), hint)


def _locale(locale: str, mark: Mark) -> Problem:
    hint = (
        did_you_mean(locale, ("zh-CN", "zh-TW", "en", "en-GB", "de", "fr", "ja")) or "Write a code such as zh-CN or en."
    )
    return Problem("app.locale", f"'{locale}' is no language.", mark, hint)


@cache
def is_locale(text: str) -> bool:
    """Whether this names a language that figures and dates can be shown in."""
    if not LOCALE.fullmatch(text):
        return False
    try:
        Locale.parse(text, sep="-")
    except (ValueError, UnknownLocaleError):
        return False
    return True
