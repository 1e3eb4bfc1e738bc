"""Terms: the firm's own words, and the texts that are written with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.compiler.layers import Config
from engine.compiler.settings import is_locale
from engine.compiler.tree import KeyPath
from engine.problems import Problem, did_you_mean
from engine.words import NO_WORDS, Words

HOLE = re.compile(r"\{term\.([A-Za-z0-9_-]*)(?:\.([A-Za-z0-9_]*))?\}")
_FORMS = ("one", "other")


@dataclass(slots=True)
class Terms:
    """The terms of a config; problems of texts gather here."""

    config: Config
    problems: list[Problem] = field(default_factory=list)

    @property
    def known(self) -> Mapping[str, Any]:
        """Every term as written."""
        found: Mapping[str, Any] = self.config.data.get("terms", {})
        return found

    def one(self, name: str) -> Words:
        """The word for one of them; no words for an unknown term."""
        return self._form(name, "one")

    def many(self, name: str) -> Words:
        """The word for many of them."""
        return self._form(name, "other")

    def _form(self, name: str, form: str) -> Words:
        said = self.known.get(name, {})
        return Words({locale: _of(word, form) for locale, word in said.items()}) if said else NO_WORDS

    def words(self, raw: object, path: KeyPath) -> Words:
        """A text of the config in every language, its `{term...}` filled in."""
        if isinstance(raw, str):
            raw = {self.config.data["app"].get("locale", "en"): raw}
        if not isinstance(raw, dict):
            return NO_WORDS
        for locale in raw:
            if not is_locale(locale):
                mark = self.config.places.key((*path, locale))
                message, hint = f"'{locale}' is no language.", did_you_mean(locale, ("zh-CN", "en"))
                self.problems.append(Problem("app.locale", message, mark, hint))
        return Words({locale: self._fill(text, locale, (*path, locale)) for locale, text in raw.items()})

    def _fill(self, text: str, locale: str, path: KeyPath) -> str:
        if "{term." not in text:
            return text

        def word(found: re.Match[str]) -> str:
            name, form = found.group(1), found.group(2) or "one"
            if name not in self.known:
                self._report(path, f"There is no term '{name}'.", did_you_mean(name, tuple(self.known)))
                return name
            if form not in _FORMS:
                self._report(path, f"A term has no form '{form}'.", did_you_mean(form, _FORMS))
            return self._form(name, form).text(locale)

        return HOLE.sub(word, text)

    def _report(self, path: KeyPath, message: str, hint: str) -> None:
        self.problems.append(Problem("term.unknown", message, self.config.places.value(path), hint))


def _of(word: object, form: str) -> str:
    if isinstance(word, dict):
        return str(word.get(form) or word.get("one") or word.get("other") or "")
    return str(word)


_LATIN = re.compile(r"[A-Za-z]")


def literal_nouns(config: Config) -> Iterator[Problem]:
    """Texts of packs that say a term's word instead of the term, so that renaming the term would miss them."""
    nouns = _nouns(config)
    if not nouns:
        return
    pattern = re.compile("|".join(_bounded(noun) for noun in sorted(nouns, key=len, reverse=True)), re.IGNORECASE)
    by_lower = {noun.lower(): term for noun, term in nouns.items()}
    for path, text in _texts(config.data, ()):
        mark = config.places.value(path)
        if mark.layer in ("", "forme") or path[0] == "terms":
            continue
        found = pattern.search(HOLE.sub("", text))
        if found:
            term = by_lower.get(found.group().lower(), "")
            message = f"'{found.group()}' is the word of the term '{term}', written out."
            hint = f"Write {{term.{term}}}, so that it follows when the firm renames it."
            yield Problem("term.literal", message, mark, hint, "warning")


def _nouns(config: Config) -> dict[str, str]:
    found = {}
    for term, said in config.data.get("terms", {}).items():
        for word in said.values() if isinstance(said, dict) else ():
            for form in {_of(word, "one"), _of(word, "other")}:
                if len(form) > (3 if _LATIN.match(form) else 1):
                    found[form] = term
    return found


def _bounded(noun: str) -> str:
    return rf"\b{re.escape(noun)}\b" if _LATIN.match(noun) else re.escape(noun)


_WORDED = frozenset({"label", "plural", "help", "message", "text", "subject"})


def _texts(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Every text that people read, with its path."""
    if not isinstance(value, dict):
        return
    for key, below in value.items():
        if key in _WORDED and isinstance(below, dict):
            yield from (((*path, key, locale), text) for locale, text in below.items() if isinstance(text, str))
        else:
            yield from _texts(below, (*path, key))
