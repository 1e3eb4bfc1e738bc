"""Free words that group records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.api import (
    TEXT,
    BadOption,
    BadValue,
    FieldType,
    Operator,
    Reader,
    Shower,
    Type,
    Words,
    columns,
    limits,
    words,
)
from engine.fields.choices import LIST_OPERATORS, joined
from engine.fields.reading import items_of, one_line, within

_CHARACTERS_MAX = 50


@dataclass(frozen=True, kw_only=True)
class Tags(FieldType):
    """Free words that group records; new ones are made by typing them."""

    key: ClassVar[str] = "tags"
    words: ClassVar[Words] = words("标签", "Tags")
    type: ClassVar[Type] = Type("list", item=TEXT)
    operators: ClassVar[tuple[Operator, ...]] = LIST_OPERATORS
    sortable: ClassVar[bool] = False
    searchable: ClassVar[bool] = True

    max: int = 20
    """The most tags that one record may have."""
    suggest: tuple[str, ...] = ()
    """Tags that are offered before any were used."""

    def check_options(self) -> None:
        """The bound is above nothing."""
        if not 1 <= self.max <= limits.LIST_ITEMS_MAX:
            raise BadOption("max", f"'max' is between 1 and {limits.LIST_ITEMS_MAX}.")

    def column(self) -> sa.types.TypeEngine[Any]:
        """Each tag on a line of its own."""
        return columns.TextList()

    def parse(self, raw: object, reader: Reader) -> tuple[str, ...]:
        """The tags as typed, between commas; one that differs only in case from another is the same."""
        found: dict[str, str] = {}
        for item in items_of(raw, self.max):
            if not isinstance(item, str):
                raise BadValue("not_text")
            tag = within(one_line(item), None, _CHARACTERS_MAX)
            if any(separator in tag for separator in ",，、;；"):
                raise BadValue("bad_tag")
            found.setdefault(tag.casefold(), tag)
        return tuple(found.values())

    def show(self, value: tuple[str, ...], shower: Shower) -> str:
        """One after the other."""
        return joined(list(value), shower.locale)

    def edit(self, value: tuple[str, ...], shower: Shower) -> str:
        """Between commas."""
        return ", ".join(value)

    def to_json(self, value: tuple[str, ...]) -> list[str]:
        """A list of texts."""
        return list(value)

    def json_schema(self) -> dict[str, Any]:
        """A list of texts."""
        return {"type": "array", "items": {"type": "string", "maxLength": _CHARACTERS_MAX}, "maxItems": self.max}

    def sample(self, number: int) -> tuple[str, ...]:
        """One or two."""
        words = self.suggest or ("急件", "VIP", "老客户", "sample")
        return tuple(dict.fromkeys((words[number % len(words)], words[number // 2 % len(words)])))[: self.max]

    def search_text(self, value: tuple[str, ...]) -> str:
        """All of them."""
        return " ".join(value)
