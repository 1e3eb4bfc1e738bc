"""A figure over lines or backlinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from engine.api import BadOption, BadValue, FieldType, Operator, Reader, Words, words
from engine.fields.decimal import check_scale

AGGREGATES = ("sum", "count", "min", "max", "avg")


@dataclass(frozen=True, kw_only=True)
class Rollup(FieldType):
    """A figure over lines or backlinks. Its kind is that of what it aggregates; a count is a whole number."""

    key: ClassVar[str] = "rollup"
    words: ClassVar[Words] = words("汇总", "Rollup")
    operators: ClassVar[tuple[Operator, ...]] = ()
    widget: ClassVar[str] = "none"

    of: str
    """The lines or backlink field, or a path down through several, as `runs.process_runs`."""
    sum: str | None = None
    """Add this field or expression of each row; of no rows, 0."""
    count: bool | None = None
    """`true` counts the rows."""
    min: str | None = None
    """The least of this field or expression; of no rows, empty."""
    max: str | None = None
    """The greatest of this field or expression; of no rows, empty."""
    avg: str | None = None
    """The mean of this field or expression; of no rows, empty."""
    where: str | None = None
    """Only rows for which this is true; `outer.` is the record that holds the rollup."""
    scale: int | None = None
    """Places to keep; not given, those of what is aggregated (for a mean, two more)."""

    def check_options(self) -> None:
        """Exactly one figure is asked for."""
        asked = [name for name in AGGREGATES if getattr(self, name)]
        if len(asked) != 1:
            given = " and ".join(asked) or "none"
            raise BadOption(
                "of",
                f"A rollup gives one figure, here {given} is asked for.",
                "Write one of sum, count, min, max, avg.",
            )
        if self.scale is not None:
            check_scale(self.scale)

    @property
    def function(self) -> str:
        """Which figure: sum, count, min, max or avg."""
        return next(name for name in AGGREGATES if getattr(self, name))

    @property
    def value(self) -> str | None:
        """The field or expression that is aggregated; None for a count."""
        return None if self.function == "count" else getattr(self, self.function)

    def parse(self, raw: object, reader: Reader) -> Any:
        """Nothing is written here: the figure is worked out."""
        raise BadValue("read_only")
