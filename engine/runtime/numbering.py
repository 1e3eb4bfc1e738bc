"""Numbers given by a pattern (`Q-{yyyy}{mm}-{seq:4}`), inside the transaction that makes the record."""

from __future__ import annotations

from datetime import date
from typing import Protocol, cast

from engine.runtime.session import Session
from engine.runtime.tree import Tree
from engine.store import sequence


class Numbering(Protocol):
    """What the number kind knows of its pattern."""

    def period(self, today: date) -> str:
        """The span in which numbers count on."""

    def format(self, number: int, today: date) -> str:
        """The number as it is written."""


def give_numbers(session: Session, tree: Tree) -> None:
    """Give every new record of the tree its numbers. A refused save gives them back with its transaction."""
    for node in tree.root.walk():
        for field in node.entity.stored:
            if field.kind.key != "number" or node.values.get(field.name) is not None:
                continue
            numbering = cast("Numbering", field.kind)
            period = numbering.period(session.today)
            number = sequence.next_number(session.connection, session.tables, node.entity.name, field.name, period)
            node.values[field.name] = numbering.format(number, session.today)
