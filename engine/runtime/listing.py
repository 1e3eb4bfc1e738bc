"""What a list is asked for: filters, order, columns and page, read from a URL or made by a caller."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

from engine.change import InvalidQuery
from engine.kinds import Operator
from engine.limits import FILTER_TERMS_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, QUERY_TEXT_MAX
from engine.messages import message

Total = Literal["capped", "exact", "no"]
OPERATORS: Final = frozenset(get_args(Operator))
PAGE_MAX: Final = 1_000_000
"""Far past the last page of any list; what is asked beyond it is an empty page."""
SORT_MAX: Final = 5
FIELDS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on one field, its values as a person or program wrote them."""

    field: str
    operator: Operator = "is"
    raw: tuple[Any, ...] = ()
    """One value for most operators, two for `between`, any number for `among`, none for `empty`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """A question to one entity's records."""

    entity: str
    where: str = ""
    """A condition in the expression language, under the asker's own rights."""
    filters: tuple[Filter, ...] = ()
    q: str = ""
    """Text to find in the fields that are searched."""
    sort: tuple[str, ...] | None = None
    """Field ids, `-` before one sorts down; None takes the entity's own order."""
    fields: tuple[str, ...] | None = None
    """The columns; None takes those of the entity's list that the asker may see."""
    page: int = 1
    size: int = PAGE_SIZE_DEFAULT
    after: str | None = None
    """The `next` of the page before: walks by key, whatever is inserted meanwhile. Takes the place of `page`."""
    total: Total = "capped"
    """Counting: up to 1,000, exactly, or not at all."""
    deleted: bool = False
    """Ask the recycle bin instead: deleted records that the asker may restore."""
    verb: Literal["read", "export"] = "read"
    """What the rows are for: an export needs a grant of its own."""
    titles: bool = False
    """Whether each row's title is asked for beside its columns."""
    source: Literal["form", "json"] = "form"
    """How raw values of filters are written."""

    def on(self, field: str, operator: Operator, *raw: Any) -> ListQuery:
        """This question with one more filter."""
        return replace(self, filters=(*self.filters, Filter(field, operator, raw)))

    locale: str = "en"
    """The language in which the question is refused, if it is."""

    @classmethod
    def from_url(
        cls, entity: str, pairs: Iterable[tuple[str, str]], *, source: Literal["form", "json"] = "form",
        locale: str = "en",
    ) -> ListQuery:  # fmt: skip
        """The question that a URL's parameters ask; raises InvalidQuery for one that is not known.

        `f.stage=won`, `f.amount.at_least=100`, `f.stage.among=won,lost`, `f.amount.between=10..20`, `where=`, `q=`,
        `sort=-amount,name`, `fields=`, `page=`, `size=`, `after=`, `total=exact|no`, `deleted=1`.
        """
        query = cls(entity=entity, source=source, locale=locale)
        for key, value in pairs:
            if "\x00" in value:
                raise InvalidQuery("This cannot be read.", field=key[:40])
            if key.startswith("f."):
                query = replace(query, filters=(*query.filters, read_filter(key, value, locale)))
            elif key in _READERS:
                query = replace(query, **{key: _READERS[key](key, value, locale)})
            else:
                raise wrong("unknown_parameter", locale, field=key[:40], value=key[:40])
        return query.clamped()

    def clamped(self) -> ListQuery:
        """The same question within the product's limits; raises InvalidQuery where nothing sensible is left."""
        if len(self.filters) > FILTER_TERMS_MAX or sum(len(f.raw) for f in self.filters) > 4 * FILTER_TERMS_MAX:
            raise wrong("too_many_filters", self.locale, code="too_many", limit=FILTER_TERMS_MAX)
        if self.sort is not None and len(self.sort) > SORT_MAX:
            raise wrong("too_many_keys", self.locale, field="sort", code="too_many", limit=SORT_MAX)
        if self.fields is not None and len(self.fields) > FIELDS_MAX:
            raise wrong("too_many_columns", self.locale, field="fields", code="too_many", limit=FIELDS_MAX)
        page, size = min(max(self.page, 1), PAGE_MAX), min(max(self.size, 1), PAGE_SIZE_MAX)
        return replace(self, page=page, size=size, q=self.q.strip()[:QUERY_TEXT_MAX])


def wrong(sentence: str, locale: str, *, field: str = "", code: str = "", **details: object) -> InvalidQuery:
    """The refusal of a question, in the asker's language."""
    return InvalidQuery(message(sentence, locale, **details), field=field, code=code or sentence)


def read_filter(key: str, value: str, locale: str = "en") -> Filter:
    """A filter from a URL's parameter: `f.FIELD` or `f.FIELD.OPERATOR`."""
    field, _, word = key.removeprefix("f.").partition(".")
    operator = word or "is"
    if operator not in OPERATORS:
        raise wrong("unknown_operator", locale, field=key[:80], value=word[:40])
    raw: tuple[str, ...] = (value,)
    if operator in ("empty", "not_empty"):
        raw = ()
    elif operator == "among":
        raw = tuple(part for part in value.split(",") if part.strip())
    elif operator == "between":
        low, _, high = value.partition("..")
        raw = (low, high)
    return Filter(field, operator, raw)  # type: ignore[arg-type]  # looked up in the enumeration just above


def _names(_key: str, value: str, _locale: str) -> tuple[str, ...]:
    return tuple(name for name in (part.strip() for part in value.split(",")) if name)


def _number(key: str, value: str, locale: str) -> int:
    digits = value.strip()
    if not (digits.isascii() and digits.removeprefix("-").isdigit() and len(digits) <= 20):
        raise wrong("not_whole", locale, field=key, code="bad_query", value=key)
    return int(digits)


def _total(key: str, value: str, locale: str) -> str:
    if value not in get_args(Total):
        raise wrong("no_total", locale, field=key, code="bad_query")
    return value


def _text(_key: str, value: str, _locale: str) -> str:
    return value


_READERS: Final[dict[str, Any]] = {
    "where": _text,
    "q": _text,
    "sort": _names,
    "fields": _names,
    "page": _number,
    "size": _number,
    "after": lambda _key, value, _locale: value or None,
    "total": _total,
    "deleted": lambda _key, value, _locale: value in ("1", "true"),
}


# ---- cursors


def write_cursor(key: bytes, purpose: str, values: Sequence[Any]) -> str:
    """A place in an order, signed so that it can only come from us and only be used for the same question."""
    body = _PLACE.encode(values).encode()
    return base64.urlsafe_b64encode(_signature(key, purpose, body) + body).decode().rstrip("=")


def read_cursor(key: bytes, purpose: str, text: str, locale: str = "en") -> list[Any]:
    """The place that a cursor names; raises InvalidQuery for one that is not ours, or another question's."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    signature, body = raw[:16], raw[16:]
    if not hmac.compare_digest(signature, _signature(key, purpose, body)):
        raise wrong("bad_cursor", locale, field="after")
    found: list[Any] = json.loads(body)
    return found


def _signature(key: bytes, purpose: str, body: bytes) -> bytes:
    return hmac.digest(key, b"cursor\0" + purpose.encode() + b"\0" + body, "sha256")[:16]


_PLACE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
