"""Several of named choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.api import TEXT, BadOption, Operator, Reader, Shower, Type, Words, columns, limits, words
from engine.fields.choice import Choosing
from engine.fields.reading import items_of

LIST_OPERATORS: tuple[Operator, ...] = ("has", "has_not", "empty", "not_empty")


@dataclass(frozen=True, kw_only=True)
class SeveralChoices(Choosing):
    """Several of named choices, kept in the order of the choices."""

    key: ClassVar[str] = "choices"
    words: ClassVar[Words] = words("多选", "Choices")
    type: ClassVar[Type] = Type("list", item=TEXT)
    operators: ClassVar[tuple[Operator, ...]] = LIST_OPERATORS
    widget: ClassVar[str] = "multiselect"
    sortable: ClassVar[bool] = False

    max: int = limits.LIST_ITEMS_MAX
    """The most choices that one record may have."""

    def check_options(self) -> None:
        """The bound is above nothing."""
        super().check_options()
        if not 1 <= self.max <= limits.LIST_ITEMS_MAX:
            raise BadOption("max", f"'max' is between 1 and {limits.LIST_ITEMS_MAX}.")

    def column(self) -> sa.types.TypeEngine[Any]:
        """Each id on a line of its own."""
        return columns.TextList()

    def parse(self, raw: object, reader: Reader) -> tuple[str, ...]:
        """The ids, each once. In CSV their words, between commas, will do."""
        taken = {self.one(item, reader) for item in items_of(raw, self.max)}
        return tuple(name for name in self.choices if name in taken)

    def show(self, value: tuple[str, ...], shower: Shower) -> str:
        """Their words."""
        return joined([self.label(name, shower.locale) for name in value], shower.locale)

    def edit(self, value: tuple[str, ...], shower: Shower) -> str:
        """The ids, between commas."""
        return ",".join(value)

    def to_json(self, value: tuple[str, ...]) -> list[str]:
        """A list of ids."""
        return list(value)

    def json_schema(self) -> dict[str, Any]:
        """A list of ids."""
        items = {"type": "string", "enum": list(self.choices)}
        return {"type": "array", "items": items, "uniqueItems": True, "maxItems": self.max}

    def sample(self, number: int) -> tuple[str, ...]:
        """One or two."""
        offered = list(self.offered)
        taken = {offered[number % len(offered)], offered[(number // 2) % len(offered)]}
        return tuple(name for name in offered if name in taken)[: self.max]

    def search_text(self, value: tuple[str, ...]) -> str:
        """Their words in every language."""
        found = [self.choices[name].label for name in value if name in self.choices]
        return " ".join(text for label in found for text in label.by_locale.values())


def joined(texts: list[str], locale: str) -> str:
    """Several texts as one, as the language lists things."""
    return ("、" if locale.startswith("zh") else ", ").join(texts)
