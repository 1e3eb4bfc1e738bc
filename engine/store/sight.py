"""What one asker may see, as data: the rules that the asker's roles add up to.

A rule set is in disjunctive form: a tuple of clauses, one for each role that grants something. A clause holds where all
its rules hold; the set where any clause does; the empty set nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.change import Verb
from engine.model import Rule


@dataclass(frozen=True, slots=True)
class Clause:
    """What one role grants: all these rules must hold."""

    role: str
    """The role's id; empty for what every signed-in person may do."""
    rules: tuple[tuple[str, Rule], ...] = ()
    """Each over a row of the named entity: the record itself, or a record that it is a line of. Rules that
    always hold are left out."""


Clauses = tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a field may be read."""

    open: Clauses = ()
    """Where its value is shown."""
    masked: Clauses = ()
    """Where only its mask is shown (unless `open` holds too)."""
    everywhere: bool = False
    """Whether it is shown on every row that may be read at all."""

    @property
    def hidden(self) -> bool:
        """Whether there is no row on which anything of it is shown."""
        return not self.open and not self.masked


class Sight(Protocol):
    """One asker's rights, as SQL needs them."""

    def rows(self, verb: Verb, entity: str) -> Clauses:
        """Which rows the verb is granted on."""

    def reads(self, entity: str, field: str) -> Reading:
        """Where the field may be read."""


def always(clauses: Clauses) -> bool:
    """Whether the set holds on every row."""
    return any(not clause.rules for clause in clauses)


def covers(wide: Clauses, narrow: Clauses) -> bool:
    """Whether `wide` holds wherever `narrow` does, as far as can be told without looking at rows."""
    return all(any(set(w.rules) <= set(n.rules) for w in wide) for n in narrow)
