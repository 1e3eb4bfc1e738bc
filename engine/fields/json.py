"""Data of another program, kept as it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.api import NULL, BadValue, FieldType, Operator, Reader, Shower, Type, Words, columns, limits, words

_CHARACTERS_MAX = 100_000
_DEPTH_MAX = 20


@dataclass(frozen=True, kw_only=True)
class JsonData(FieldType):
    """Data of another program, kept as JSON; formulas and filters do not look inside."""

    key: ClassVar[str] = "json"
    words: ClassVar[Words] = words("JSON 数据", "JSON")
    type: ClassVar[Type] = NULL
    operators: ClassVar[tuple[Operator, ...]] = ("empty", "not_empty")
    widget: ClassVar[str] = "textarea"
    sortable: ClassVar[bool] = False
    expressible: ClassVar[bool] = False

    def column(self) -> sa.types.TypeEngine[Any]:
        """Text on SQLite, JSONB on PostgreSQL."""
        return columns.Json()

    def parse(self, raw: object, reader: Reader) -> Any:
        """The data; in forms and CSV as JSON text. Numbers keep what a float keeps."""
        value = _load(raw) if reader.source in ("form", "csv") else raw
        try:
            clean = _clean(value, 0)
            size = len(json.dumps(clean, ensure_ascii=False))
        except (RecursionError, TypeError) as error:
            raise BadValue("bad_json") from error
        if size > _CHARACTERS_MAX:
            raise BadValue("too_long", length=size, max=_CHARACTERS_MAX)
        if clean is None:
            raise BadValue("required")
        return clean

    def show(self, value: Any, shower: Shower) -> str:
        """On one line."""
        return json.dumps(value, ensure_ascii=False)

    def edit(self, value: Any, shower: Shower) -> str:
        """Indented."""
        return json.dumps(value, ensure_ascii=False, indent=2)

    def json_schema(self) -> dict[str, Any]:
        """Anything but null."""
        return {"not": {"type": "null"}}

    def sample(self, number: int) -> Any:
        """A small object."""
        return {"source": "sample", "number": number}

    def search_text(self, value: Any) -> str:
        """Nothing."""
        return ""


def _load(raw: object) -> Any:
    if not isinstance(raw, str) or len(raw) > _CHARACTERS_MAX * 2:
        raise BadValue("bad_json")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadValue("bad_json") from error


def _clean(value: Any, depth: int) -> Any:
    """The value, if both databases give it back as it is. Raises BadValue."""
    if depth > _DEPTH_MAX:
        raise BadValue("bad_json")
    if isinstance(value, dict):
        return {_text(key): _clean(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and abs(value) <= limits.INTEGER_MAX:
        return value
    # A float below 2**53 with a fraction has the same digits in Python and in PostgreSQL's JSONB.
    if isinstance(value, float) and abs(value) < 2**53 and abs(value) > 1e-300:
        return value
    raise BadValue("bad_json")


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise BadValue("bad_character")
    return value
