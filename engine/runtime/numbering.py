"""Numbers given by a pattern (`Q-{yyyy}{mm}-{seq:4}`), inside the transaction that makes the record."""

from __future__ import annotations

from engine.runtime.session import Session
from engine.runtime.tree import Tree, stored_fields
from engine.store import sequence


def give_numbers(session: Session, tree: Tree) -> None:
    """Give every new record of the tree its numbers. A refused save gives them back with its transaction."""
    for node in tree.root.walk():
        for field in stored_fields(node.entity):
            if field.kind.key != "number" or node.values.get(field.name) is not None:
                continue
            period = field.kind.period(session.today)
            number = sequence.next_number(session.connection, session.tables, node.entity.name, field.name, period)
            node.values[field.name] = field.kind.format(number, session.today)
