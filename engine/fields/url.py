"""Web addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import sqlalchemy as sa

from engine.api import BadValue, FieldType, Operator, Reader, Words, columns, words
from engine.fields.reading import one_line, within
from engine.fields.text import TEXT_OPERATORS

_CHARACTERS_MAX = 2_000
_WEB = ("http", "https")
_OTHERS = ("mailto", "tel")
_BARE = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?::[0-9]+)?(?:[/?#].*)?")
_FORBIDDEN = re.compile(r"[\s<>\"\\^`{|}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True, kw_only=True)
class Url(FieldType):
    """A web address, or a `mailto:` or `tel:` link. Nothing else can be opened, so that no link runs a script."""

    key: ClassVar[str] = "url"
    words: ClassVar[Words] = words("网址", "Link")
    operators: ClassVar[tuple[Operator, ...]] = TEXT_OPERATORS
    widget: ClassVar[str] = "url"
    searchable: ClassVar[bool] = True

    def column(self) -> sa.types.TypeEngine[Any]:
        """Text."""
        return columns.PlainText()

    def parse(self, raw: object, reader: Reader) -> str:
        """The address; one typed without `https://` gets it."""
        text = within(one_line(raw), None, _CHARACTERS_MAX)
        if reader.source in ("form", "csv") and _BARE.fullmatch(text):
            text = within(f"https://{text}", None, _CHARACTERS_MAX)
        if _FORBIDDEN.search(text):
            raise BadValue("bad_url")
        return _checked(text)

    def json_schema(self) -> dict[str, Any]:
        """An address."""
        return {"type": "string", "format": "uri", "maxLength": _CHARACTERS_MAX}

    def sample(self, number: int) -> str:
        """At the domain kept for examples."""
        return f"https://example.com/{number}"


def _checked(text: str) -> str:
    scheme, _, rest = text.partition(":")
    if scheme.lower() in _OTHERS and rest:
        return f"{scheme.lower()}:{rest}"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadValue("bad_url") from error
    if scheme.lower() not in _WEB or not rest.startswith("//") or not host:
        raise BadValue("bad_url")
    if parts.username is not None or parts.password is not None:
        # https://bank.example@evil.example leads to the second: nobody should be led there.
        raise BadValue("url_user")
    return f"{scheme.lower()}:{rest}"
