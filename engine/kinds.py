"""What a field type is: its storage, reading, showing, filtering and its place in an expression.

A kind is one file in `engine/fields` (or a plugin). Its options in YAML are its dataclass fields; the
docstring under each option is its help in editors and docs.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self

import sqlalchemy as sa

from engine.expression.nodes import TEXT, Type
from engine.options import BadOption, Option, read_option, read_options
from engine.problems import did_you_mean
from engine.words import Words, words

Source = Literal["form", "json", "yaml", "csv"]
"""Where a raw value comes from: people type `20` for 20 %, JSON says "0.20", YAML and CSV `20%`."""

Operator = Literal[
    "is", "is_not", "contains", "starts_with", "among", "less", "at_most", "more", "at_least", "between",
    "empty", "not_empty", "has", "has_not",
]  # fmt: skip
"""Filter operators; each kind names those that make sense for it."""


class BadValue(Exception):
    """A value that a field refuses, with words that a person may read."""

    def __init__(self, code: str, **details: object) -> None:
        self.code = code
        """A key of engine.messages, such as `too_long`."""
        self.details = details
        """What the message's holes are filled with."""
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Reader:
    """How raw values are to be read."""

    source: Source
    locale: str = "en"
    timezone: str = "UTC"
    """Where a date and time without an offset belongs."""


@dataclass(frozen=True, slots=True)
class Shower:
    """How values are to be shown to one person."""

    locale: str = "en"
    timezone: str = "UTC"
    currency: str = ""
    """The currency of an amount whose field names none."""


@dataclass(frozen=True, kw_only=True)
class FieldType:
    """One kind of field. Subclass, set the class variables, add options as dataclass fields."""

    key: ClassVar[str]
    """Its word in YAML (`type: money`)."""
    words: ClassVar[Words] = words("", "")
    """Its name for people."""
    type: ClassVar[Type] = TEXT
    """Its type in expressions; kinds whose type depends on options override `expression_type`."""
    operators: ClassVar[tuple[Operator, ...]] = ("is", "is_not", "empty", "not_empty")
    widget: ClassVar[str] = "text"
    """The stock form widget: text, textarea, number, checkbox, select, multiselect, date, datetime,
    time, email, tel, url, color, file, password, picker, lines, none."""
    stored: ClassVar[bool] = True
    """Whether the entity's table has a column for it; lines, backlinks and lookups have none."""
    sortable: ClassVar[bool] = True
    searchable: ClassVar[bool] = False
    """Whether `search: true` may be asked of it."""
    align: ClassVar[Literal["start", "end"]] = "start"
    expressible: ClassVar[bool] = True
    """Whether expressions and filters may name it; json and secret values may not be compared."""
    secret: ClassVar[bool] = False
    """Whether the store keeps it encrypted: `parse` gives the plain text, the column holds bytes."""

    @classmethod
    def options(cls) -> Mapping[str, Option]:
        """What a config may write beside `type`, each with its help and the shape that its value has."""
        return read_options(cls)

    @classmethod
    def option_schema(cls) -> dict[str, Any]:
        """The options as JSON Schema 2020-12, described: {"properties": {...}, "required": [...]}."""
        found = cls.options().values()
        return {
            "properties": {option.name: deepcopy(option.described) for option in found},
            "required": [option.name for option in found if option.required],
        }

    @classmethod
    def build(cls, options: Mapping[str, Any], **filled: Any) -> Self:
        """The kind with these options, as the merged config holds them; None counts as not given.

        `filled` are the fields that the compiler fills in from elsewhere: money's `currency`, a stage's `choices`.
        Raises BadOption, which names the option.
        """
        known = cls.options()
        for name in options:
            if name not in known:
                raise BadOption(name, f"The kind '{cls.key}' has no option '{name}'.", did_you_mean(name, known))
        values = {name: cls.read_option(known[name], raw) for name, raw in options.items() if raw is not None}
        for option in known.values():
            if option.required and option.name not in values:
                raise BadOption(option.name, f"The kind '{cls.key}' needs '{option.name}'.", option.help)
        kind = cls(**values, **filled)
        kind.check_options()
        return kind

    @classmethod
    def read_option(cls, option: Option, raw: Any) -> Any:
        """One option's value from YAML; kinds with options of their own shape override this."""
        return read_option(option, raw)

    def check_options(self) -> None:
        """Raise BadOption if the options do not fit each other; called by `build`."""

    def is_empty(self, raw: object) -> bool:
        """Whether raw input means "no value": None, blank text, an empty list."""
        if isinstance(raw, str):
            return not raw.strip()
        return raw is None or raw == [] or raw == ()

    def expression_type(self) -> Type:
        """Its type in expressions."""
        return self.type

    def column(self) -> sa.types.TypeEngine[Any]:
        """The type of its column: one of engine.columns."""
        raise NotImplementedError(self.key)

    def parse(self, raw: object, reader: Reader) -> Any:
        """A stored value from a form's text, JSON, YAML or CSV. Never called with empty input.

        Raises BadValue with a message code.
        """
        raise NotImplementedError(self.key)

    def keeps(self, value: Any) -> bool:
        """Whether a stored value keeps the bounds that the options set. Never called with None.

        `parse` sees to it for what is entered; this is asked of what is worked out.
        """
        return True

    def companion(self) -> str | None:
        """Another field of the same record that values are told together with: the currency of an amount."""
        return None

    def beside(self, value: Any, companion: str | None) -> Any:
        """A stored value with what its companion holds, as `show`, `edit` and `to_json` take it.

        None: the companion is empty; "": the reader may not see it.
        """
        return value

    def places_beside(self, companion: str | None) -> int | None:
        """How many places a worked-out number is rounded to; None: those of its type."""
        return None

    def names_companion(self, value: Any) -> bool:
        """Whether a parsed value says itself what its companion is: an amount that was typed with a sign."""
        return False

    def settled(self, value: Any, companion: str | None, locale: str) -> Any:
        """A parsed value, once its companion is known. Raises BadValue when they do not go together."""
        return value

    def show(self, value: Any, shower: Shower) -> str:
        """The value for people. Never called with None."""
        return str(value)

    def edit(self, value: Any, shower: Shower) -> str:
        """The text that a form's input holds: `parse(edit(x)) == x` from source "form"."""
        return str(value)

    def to_json(self, value: Any) -> Any:
        """The value in the API: `parse(to_json(x)) == x` from source "json". Never called with None."""
        return value

    def json_schema(self) -> dict[str, Any]:
        """The shape of `to_json` as JSON Schema 2020-12, without null."""
        return {"type": "string"}

    def sample(self, number: int) -> Any:
        """A believable stored value, different for each number, for demo data and property tests."""
        raise NotImplementedError(self.key)

    def search_text(self, value: Any) -> str:
        """The text under which the value is found when `search: true`."""
        return str(value)

    def target(self) -> str | None:
        """The entity that values point at (link, user, lines, backlink), or None."""
        return None

    @property
    def points(self) -> bool:
        """Whether values name other records."""
        return self.expression_type().kind == "record"


def as_number(value: object) -> object:
    """Expressions know numbers as Decimal only; bool stays bool."""
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


Options = Mapping[str, Any]
"""What YAML says beside `type` for a kind, checked by its schema."""
