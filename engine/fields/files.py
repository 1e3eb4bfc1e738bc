"""Several attached files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.api import (
    NUMBER,
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
from engine.fields.file import check_accept, check_megabytes
from engine.fields.link import read_id
from engine.fields.reading import items_of


@dataclass(frozen=True, kw_only=True)
class Files(FieldType):
    """Several attached files, in order."""

    key: ClassVar[str] = "files"
    words: ClassVar[Words] = words("多个文件", "Files")
    type: ClassVar[Type] = Type("list", item=NUMBER)
    operators: ClassVar[tuple[Operator, ...]] = ("empty", "not_empty")
    widget: ClassVar[str] = "file"
    sortable: ClassVar[bool] = False
    expressible: ClassVar[bool] = False

    accept: tuple[str, ...] = ()
    """Ends of names that are taken, as [.pdf, .docx]; empty takes all."""
    max: int = 20
    """The most files that one record may have."""
    max_megabytes: int = limits.FILE_BYTES_MAX // 1_000_000
    """The largest file, in millions of bytes."""

    def check_options(self) -> None:
        """The bounds are within the engine's own."""
        check_accept(self.accept)
        check_megabytes(self.max_megabytes)
        if not 1 <= self.max <= limits.LIST_ITEMS_MAX:
            raise BadOption("max", f"'max' is between 1 and {limits.LIST_ITEMS_MAX}.")

    def column(self) -> sa.types.TypeEngine[Any]:
        """The files' ids."""
        return columns.IdList()

    def parse(self, raw: object, reader: Reader) -> tuple[int, ...]:
        """The ids of files that were sent before."""
        ids = tuple(read_id(item) for item in items_of(raw, self.max))
        if len(set(ids)) < len(ids):
            raise BadValue("same_twice")
        return ids

    def show(self, value: tuple[int, ...], shower: Shower) -> str:
        """How many there are."""
        return str(len(value))

    def edit(self, value: tuple[int, ...], shower: Shower) -> str:
        """The ids, between commas."""
        return ",".join(map(str, value))

    def to_json(self, value: tuple[int, ...]) -> list[int]:
        """A list of ids."""
        return list(value)

    def json_schema(self) -> dict[str, Any]:
        """A list of ids."""
        return {"type": "array", "items": {"type": "integer", "minimum": 1}, "uniqueItems": True, "maxItems": self.max}

    def sample(self, number: int) -> tuple[int, ...]:
        """One or two of the first files."""
        return tuple(dict.fromkeys((number + 1, number // 2 + 1)))[: self.max]

    def search_text(self, value: tuple[int, ...]) -> str:
        """Nothing."""
        return ""
