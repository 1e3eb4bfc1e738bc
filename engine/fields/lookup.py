"""Another record's present value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from engine.api import BadOption, BadValue, FieldType, Operator, Reader, Words, words


@dataclass(frozen=True, kw_only=True)
class Lookup(FieldType):
    """Another record's present value, read live under the reader's rights; it is of that field's kind."""

    key: ClassVar[str] = "lookup"
    words: ClassVar[Words] = words("引用", "Lookup")
    operators: ClassVar[tuple[Operator, ...]] = ()
    widget: ClassVar[str] = "none"
    stored: ClassVar[bool] = False

    of: str
    """The path to the value through links, as `customer.phone`."""

    def check_options(self) -> None:
        """At least a link and a field."""
        if "." not in self.of or not all(self.of.split(".")):
            raise BadOption("of", "'of' is a path through a link.", "Write it as customer.phone.")

    def parse(self, raw: object, reader: Reader) -> Any:
        """Nothing is written here: change the record that is shown."""
        raise BadValue("read_only")
