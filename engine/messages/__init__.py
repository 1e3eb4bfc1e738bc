"""The engine's sentences to people: why a value or a request is refused, and what to do next.

Each code has its sentence in both of the engine's languages. A hole is filled with a detail of the refusal; firms
rename nothing here, for their own words arrive as details.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from string import Formatter
from typing import Any, Protocol

from engine.messages.queries import QUERIES
from engine.messages.records import RECORDS
from engine.messages.values import VALUES
from engine.words import Words, words

MESSAGES: Mapping[str, Words] = {**VALUES, **RECORDS, **QUERIES}
"""Every code with its sentence."""

_UNNAMED = {
    "field": words("此项", "this field"),
    "record": words("此记录", "this record"),
    "entity": words("记录", "record"),
    "value": words("此值", "this value"),
}
"""What stands in a hole when nobody gave the detail."""
_UNSAID = words("（未说明）", "(not said)")
_UNKNOWN = words("此操作被拒绝（{code}）。", "This was refused ({code}).")
_FORMATTER = Formatter()


class Coded(Protocol):
    """A refusal with a code and details, such as BadValue."""

    code: str
    details: dict[str, object]


def message(code: str, locale: str, **details: object) -> str:
    """The sentence for a code in this language, its holes filled. Never raises."""
    reason = details.get("reason")
    if code == "bad_pattern" and isinstance(reason, Words) and reason:
        return reason.text(locale)
    sentence = MESSAGES.get(code)
    if sentence is None:
        return _UNKNOWN.text(locale).format(code=code)
    holes = [name for _, name, _, _ in _FORMATTER.parse(sentence.text(locale)) if name]
    return sentence.text(locale).format(**{name: _said(name, details, locale) for name in holes})


def message_text(refusal: Coded, locale: str) -> str:
    """The sentence for a refusal that carries its own details."""
    return message(refusal.code, locale, **refusal.details)


def _said(name: str, details: Mapping[str, object], locale: str) -> str:
    value = details.get(name)
    if value is None or value == "":
        return _UNNAMED.get(name, _UNSAID).text(locale)
    return shown(value, locale)


def shown(value: Any, locale: str) -> str:
    """A detail as text: labels in the language, numbers in groups, lists with its separator."""
    if isinstance(value, Words):
        return value.text(locale)
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Iterable):
        return ("、" if locale.startswith("zh") else ", ").join(shown(item, locale) for item in value)
    return str(value)
