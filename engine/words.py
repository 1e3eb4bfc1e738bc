"""Words in several languages, and the choice among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FALLBACK_LOCALE = "en"


@dataclass(frozen=True, slots=True)
class Words:
    """One text in the firm's languages."""

    by_locale: Mapping[str, str] = field(default_factory=dict)

    def text(self, locale: str) -> str:
        """The text in this locale, else in its language, else in English, else in any."""
        found = self.by_locale
        if locale in found:
            return found[locale]
        language = locale.split("-")[0]
        for known, text in found.items():
            if known.split("-")[0] == language:
                return text
        return found.get(FALLBACK_LOCALE) or next(iter(found.values()), "")

    def __bool__(self) -> bool:
        return any(self.by_locale.values())

    def __hash__(self) -> int:
        return hash(tuple(sorted(self.by_locale.items())))


NO_WORDS = Words()


def words(zh: str, en: str) -> Words:
    """The engine's own words, complete in both its languages."""
    return Words({"zh-CN": zh, "en": en})
