"""Values that are kept encrypted, and shown one at a time to who may read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.api import (
    NULL,
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
from engine.fields.reading import one_line, within

MASK = "••••••••"


@dataclass(frozen=True, kw_only=True)
class Secret(FieldType):
    """A value that is kept encrypted and masked: a password, a key of another service.

    Lists, exports and the API never tell it. Who may read the field can have it shown on the page of a record; the
    security log keeps who did.
    """

    key: ClassVar[str] = "secret"
    words: ClassVar[Words] = words("密文", "Secret")
    type: ClassVar[Type] = NULL
    operators: ClassVar[tuple[Operator, ...]] = ("empty", "not_empty")
    widget: ClassVar[str] = "password"
    sortable: ClassVar[bool] = False
    expressible: ClassVar[bool] = False
    secret: ClassVar[bool] = True

    max: int = limits.TEXT_CHARACTERS_MAX
    """The most characters."""

    def check_options(self) -> None:
        """The bound is above nothing."""
        if not 1 <= self.max <= 10_000:
            raise BadOption("max", "'max' is between 1 and 10000 characters.")

    def column(self) -> sa.types.TypeEngine[Any]:
        """The encrypted bytes."""
        return columns.Bytes()

    def parse(self, raw: object, reader: Reader) -> str:
        """The plain text, which the store encrypts. The mask that readers get is refused: it is no secret."""
        text = within(one_line(raw), None, self.max)
        if text == MASK:
            raise BadValue("masked_value")
        return text

    def show(self, value: Any, shower: Shower) -> str:
        """A mask of one length, so that not even the length is told."""
        return MASK

    def edit(self, value: Any, shower: Shower) -> str:
        """Nothing: an empty input leaves it as it is."""
        return ""

    def to_json(self, value: Any) -> str:
        """The mask."""
        return MASK

    def json_schema(self) -> dict[str, Any]:
        """A string that is only ever written."""
        return {"type": "string", "maxLength": self.max}

    def sample(self, number: int) -> str:
        """No believable one."""
        return f"not-a-real-secret-{number}"

    def search_text(self, value: Any) -> str:
        """Nothing."""
        return ""
