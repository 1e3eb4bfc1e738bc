"""One attached file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.api import NUMBER, BadOption, FieldType, Operator, Reader, Type, Words, columns, limits, words
from engine.fields.link import read_id


@dataclass(frozen=True, kw_only=True)
class Attachment(FieldType):
    """What every kind that holds one file has in common: the value is the file's id."""

    type: ClassVar[Type] = NUMBER
    operators: ClassVar[tuple[Operator, ...]] = ("empty", "not_empty")
    widget: ClassVar[str] = "file"
    sortable: ClassVar[bool] = False
    expressible: ClassVar[bool] = False

    max_megabytes: int = limits.FILE_BYTES_MAX // 1_000_000
    """The largest file, in millions of bytes."""

    def check_options(self) -> None:
        """The bound is within the engine's own."""
        check_megabytes(self.max_megabytes)

    def column(self) -> sa.types.TypeEngine[Any]:
        """The file's id."""
        return columns.BigInteger()

    def parse(self, raw: object, reader: Reader) -> int:
        """The id of a file that was sent before, alone or as {"id": 12}."""
        return read_id(raw)

    def json_schema(self) -> dict[str, Any]:
        """An id."""
        return {"type": "integer", "minimum": 1}

    def sample(self, number: int) -> int:
        """The ids of the first files."""
        return number + 1

    def search_text(self, value: int) -> str:
        """Nothing."""
        return ""


@dataclass(frozen=True, kw_only=True)
class File(Attachment):
    """One attached file: a contract, a drawing."""

    key: ClassVar[str] = "file"
    words: ClassVar[Words] = words("文件", "File")

    accept: tuple[str, ...] = ()
    """Ends of names that are taken, as [.pdf, .docx]; empty takes all."""

    def check_options(self) -> None:
        """Each end begins with a dot."""
        super().check_options()
        check_accept(self.accept)


def check_megabytes(most: int) -> None:
    """Raise BadOption for a bound above the engine's own."""
    if not 1 <= most <= limits.FILE_BYTES_MAX // 1_000_000:
        raise BadOption("max_megabytes", f"'max_megabytes' is between 1 and {limits.FILE_BYTES_MAX // 1_000_000}.")


def check_accept(ends: tuple[str, ...]) -> None:
    """Raise BadOption for an end of a name that no name has."""
    for end in ends:
        if not (end.startswith(".") and end[1:].isalnum() and end == end.lower()):
            raise BadOption("accept", f"'{end}' is no end of a file's name.", "Write .pdf, in small letters.")
