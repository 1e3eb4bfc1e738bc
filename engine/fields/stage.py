"""The stage of a pipeline that a record has reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import sqlalchemy as sa

from engine.api import BadOption, BadValue, FieldType, Operator, Reader, Shower, Words, columns, filled, words
from engine.fields.choice import Choice


@dataclass(frozen=True, kw_only=True)
class Stage(FieldType):
    """The stage that a record has reached in its pipeline; an entity has at most one such field."""

    key: ClassVar[str] = "stage"
    words: ClassVar[Words] = words("阶段", "Stage")
    operators: ClassVar[tuple[Operator, ...]] = ("is", "is_not", "among", "empty", "not_empty")
    widget: ClassVar[str] = "select"

    pipeline: str | None = None
    """The pipeline, when all records follow the same."""
    pipelines: Mapping[str, str] = field(
        default_factory=dict, metadata={"schema": {"type": "object", "additionalProperties": {}}}
    )
    """Pipelines with the condition under which a record follows each; the first that is true counts."""
    choices: Mapping[str, Choice] = filled({})
    """The stages of all its pipelines in order, which the compiler fills in."""

    def check_options(self) -> None:
        """Exactly one of the two options."""
        if bool(self.pipeline) == bool(self.pipelines):
            raise BadOption("pipeline", "A stage field names one 'pipeline', or 'pipelines' with their conditions.")

    def column(self) -> sa.types.TypeEngine[Any]:
        """The stage's id."""
        return columns.PlainText()

    def parse(self, raw: object, reader: Reader) -> str:
        """The stage's id; in CSV its words will do. Whether the record's own pipeline has it, the save knows."""
        text = raw.strip() if isinstance(raw, str) and len(raw) <= 500 else ""
        if text in self.choices:
            return text
        if reader.source == "csv":
            named = [name for name, stage in self.choices.items() if text in stage.label.by_locale.values()]
            if len(named) == 1:
                return named[0]
        raise BadValue("not_a_choice", choices=tuple(stage.label or name for name, stage in self.choices.items()))

    def show(self, value: str, shower: Shower) -> str:
        """The stage's words; its id when it is no longer known."""
        stage = self.choices.get(value)
        return stage.label.text(shower.locale) or value if stage else value

    def json_schema(self) -> dict[str, Any]:
        """The ids."""
        return {"type": "string", "enum": list(self.choices)} if self.choices else {"type": "string"}

    def sample(self, number: int) -> str:
        """Each in turn."""
        stages = list(self.choices)
        return stages[number % len(stages)]
