"""One of several named choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.api import BadOption, BadValue, FieldType, Operator, Option, Reader, Shower, Words, columns, words
from engine.fields.reading import half_width

COLORS = ("gray", "blue", "teal", "green", "lime", "amber", "orange", "red", "pink", "violet")
"""The colours that pages know in light and dark."""

_LABEL = {"anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}
CHOICES_SCHEMA = {
    "anyOf": [
        {"type": "string", "pattern": "^[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*$", "description": "Those of another field."},
        {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,39}$"},
            "additionalProperties": {
                "anyOf": [
                    *_LABEL["anyOf"],
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "label": _LABEL,
                            "color": {"enum": list(COLORS)},
                            "replaced_by": {"type": "string"},
                            "after": {"type": "string"},
                            "before": {"type": "string"},
                        },
                    },
                ]
            },
        },
    ]
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One word that may be chosen."""

    label: Words
    color: str = ""
    """One of COLORS; empty draws no colour."""
    replaced_by: str = ""
    """The choice that takes its place: this one is shown where it stands, but no longer offered."""


@dataclass(frozen=True, kw_only=True)
class Choosing(FieldType):
    """What one choice and several have in common."""

    operators: ClassVar[tuple[Operator, ...]] = ("is", "is_not", "among", "empty", "not_empty")
    widget: ClassVar[str] = "select"
    searchable: ClassVar[bool] = True

    choices: Mapping[str, Choice] = field(metadata={"schema": CHOICES_SCHEMA})
    """The choices by id, each a label or {label, color}; or another field's, as `part.kind`."""

    @classmethod
    def read_option(cls, option: Option, raw: Any) -> Any:
        """The choices in their full form."""
        return read_choices(raw) if option.name == "choices" else super().read_option(option, raw)

    def check_options(self) -> None:
        """Each replacement exists."""
        for name, choice in self.choices.items():
            if choice.replaced_by and choice.replaced_by not in self.choices:
                raise BadOption("choices", f"'{name}' is replaced by '{choice.replaced_by}', which is no choice here.")

    @cached_property
    def offered(self) -> Mapping[str, Choice]:
        """The choices that may still be taken."""
        return {name: choice for name, choice in self.choices.items() if not choice.replaced_by}

    def label(self, value: str, locale: str) -> str:
        """The choice's words; its id when it is no longer known."""
        choice = self.choices.get(value)
        return choice.label.text(locale) or value if choice else value

    def one(self, raw: object, reader: Reader) -> str:
        """The id of one choice. In CSV its words will do, in any language."""
        text = str(raw) if isinstance(raw, bool | int) else raw
        offered = self.offered
        if isinstance(text, str) and len(text) <= 500:
            if text.strip() in offered:
                return text.strip()
            if reader.source == "csv":
                found = _by_words(text, offered)
                if found is not None:
                    return found
        raise BadValue("not_a_choice", choices=tuple(choice.label or name for name, choice in offered.items()))


@dataclass(frozen=True, kw_only=True)
class OneChoice(Choosing):
    """One of several named choices."""

    key: ClassVar[str] = "choice"
    words: ClassVar[Words] = words("单选", "Choice")

    def column(self) -> sa.types.TypeEngine[Any]:
        """The choice's id."""
        return columns.PlainText()

    def parse(self, raw: object, reader: Reader) -> str:
        """The choice's id."""
        return self.one(raw, reader)

    def show(self, value: str, shower: Shower) -> str:
        """The choice's words."""
        return self.label(value, shower.locale)

    def json_schema(self) -> dict[str, Any]:
        """The ids."""
        return {"type": "string", "enum": list(self.choices)}

    def sample(self, number: int) -> str:
        """Each in turn."""
        offered = list(self.offered)
        return offered[number % len(offered)]

    def search_text(self, value: str) -> str:
        """Its words in every language."""
        choice = self.choices.get(value)
        return " ".join(choice.label.by_locale.values()) if choice else value


def read_choices(raw: Any) -> Mapping[str, Choice]:
    """The choices from the merged config. Raises BadOption."""
    if not isinstance(raw, Mapping) or not raw:
        raise BadOption("choices", "'choices' maps ids to labels.", "Write {new: New, done: Done}.")
    return {name: _read_choice(name, choice) for name, choice in raw.items() if choice is not None}


def _read_choice(name: str, raw: Any) -> Choice:
    if isinstance(raw, Choice):
        return raw
    full = raw if isinstance(raw, Mapping) and raw.keys() & {"label", "color", "replaced_by"} else {"label": raw}
    color = full.get("color") or ""
    if color and color not in COLORS:
        raise BadOption("choices", f"'{color}' is no colour of a choice.", "Known: " + ", ".join(COLORS) + ".")
    return Choice(_read_label(name, full.get("label")), color, full.get("replaced_by") or "")


def _read_label(name: str, raw: Any) -> Words:
    if raw is None:
        return Words({"": name})
    if isinstance(raw, Words):
        return raw
    if isinstance(raw, str):
        return Words({"": raw})
    if isinstance(raw, Mapping) and all(isinstance(text, str) for text in raw.values()):
        return Words(dict(raw))
    raise BadOption("choices", f"The label of '{name}' is a text, or one text for each language.")


def _by_words(text: str, offered: Mapping[str, Choice]) -> str | None:
    sought = _plain(text)
    found = {
        name for name, choice in offered.items() for label in choice.label.by_locale.values() if _plain(label) == sought
    }
    return found.pop() if len(found) == 1 else None


def _plain(text: str) -> str:
    return half_width(text).strip().casefold()
