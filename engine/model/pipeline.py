"""Stages that a record passes through, and what each asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from engine.expression import Expression
from engine.problems import NOWHERE, Mark
from engine.words import Words


@dataclass(frozen=True, slots=True)
class StageCheck:
    """A condition under which a stage may not be entered."""

    name: str
    refuse_when: Expression
    message: Words
    mark: Mark = NOWHERE


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pipeline."""

    name: str
    label: Words
    probability: Decimal | None = None
    """A fraction: 20 % is 0.20."""
    outcome: Literal["won", "lost"] | None = None
    """A stage with an outcome is an end."""
    requires: tuple[str, ...] = ()
    """Fields that must hold a value to enter (and while in) it."""
    checks: tuple[StageCheck, ...] = ()
    moves: tuple[str, ...] | None = None
    """The stages that may follow; None allows all."""
    roles: frozenset[str] | None = None
    """Roles that may move a record here; None allows whoever may update the stage field."""
    stale_after: timedelta | None = None
    color: str = ""
    mark: Mark = NOWHERE


@dataclass(frozen=True, slots=True)
class Pipeline:
    """An ordered set of stages; a new record starts in the first."""

    name: str
    label: Words
    stages: Mapping[str, Stage]
    mark: Mark = NOWHERE

    @property
    def first(self) -> Stage:
        """Where a new record starts."""
        return next(iter(self.stages.values()))


@dataclass(frozen=True, slots=True)
class PipelineChoice:
    """Which pipeline a record follows: the first whose condition holds (None always does)."""

    pipeline: str
    when: Expression | None = None
