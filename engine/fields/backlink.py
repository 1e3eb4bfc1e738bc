"""The records that link to this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from engine.api import BadOption, BadValue, Reader, Words, words
from engine.fields.lines import RecordList


@dataclass(frozen=True, kw_only=True)
class Backlink(RecordList):
    """The records that link to this one: the other side of a link, kept by the engine."""

    key: ClassVar[str] = "backlink"
    words: ClassVar[Words] = words("反向关联", "Backlink")
    widget: ClassVar[str] = "none"

    of: str
    """The link at the other side, as `deal.customer`."""

    def check_options(self) -> None:
        """An entity and one of its fields."""
        if self.of.count(".") != 1 or not all(self.of.split(".")):
            raise BadOption("of", "'of' names a link of another entity.", "Write it as deal.customer.")

    def target(self) -> str:
        """The entity at the other side."""
        return self.of.split(".")[0]

    @property
    def through(self) -> str:
        """The field at the other side that links here."""
        return self.of.split(".")[1]

    def parse(self, raw: object, reader: Reader) -> Any:
        """Nothing is written here: change the link at the other side."""
        raise BadValue("read_only")
