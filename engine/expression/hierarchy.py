"""`in_team` and `reports_to`: climbing a link of an entity to itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.expression.nodes import Step


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """A function over records of one entity that know who is above them."""

    name: str
    entity: str
    field: str
    """The link to the one above."""
    itself: bool
    """Whether a record is below itself."""


HIERARCHIES: Mapping[str, Hierarchy] = {
    "in_team": Hierarchy("in_team", "team", "parent", itself=True),
    "reports_to": Hierarchy("reports_to", "user", "manager", itself=False),
}


def below(hierarchy: Hierarchy, record: Any, above: Any, follow: Callable[[Step, Any], Any]) -> bool | None:
    """Whether `above` is reached from `record` by climbing; unknown when either is empty. Loops end."""
    if record is None or above is None:
        return None
    if hierarchy.itself and record == above:
        return True
    step = Step(hierarchy.entity, hierarchy.field)
    seen = set()
    current = follow(step, record)
    while current is not None and current not in seen:
        if current == above:
            return True
        seen.add(current)
        current = follow(step, current)
    return False
