"""E-mail addresses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

from engine.api import BadValue, FieldType, Operator, Reader, Words, columns, words
from engine.fields.reading import half_width, one_line, within
from engine.fields.text import TEXT_OPERATORS

_CHARACTERS_MAX = 254


@dataclass(frozen=True, kw_only=True)
class Email(FieldType):
    """An e-mail address; its domain is kept in small letters."""

    key: ClassVar[str] = "email"
    words: ClassVar[Words] = words("邮箱", "E-mail")
    operators: ClassVar[tuple[Operator, ...]] = TEXT_OPERATORS
    widget: ClassVar[str] = "email"
    searchable: ClassVar[bool] = True

    def column(self) -> sa.types.TypeEngine[Any]:
        """Text."""
        return columns.PlainText()

    def parse(self, raw: object, reader: Reader) -> str:
        """The address in its normal form; whether it can be reached is not asked."""
        return _normal(within(half_width(one_line(raw)), None, _CHARACTERS_MAX))

    def json_schema(self) -> dict[str, Any]:
        """An e-mail address."""
        return {"type": "string", "format": "email", "maxLength": _CHARACTERS_MAX}

    def sample(self, number: int) -> str:
        """At the domain kept for examples."""
        return f"person{number}@example.com"


@lru_cache(maxsize=10_000)
def _normal(text: str) -> str:
    # The same addresses come again with every form that shows them, and the library takes its time.
    try:
        return validate_email(text, check_deliverability=False, test_environment=True).normalized
    except (EmailNotValidError, UnicodeError) as error:
        raise BadValue("bad_email") from error
