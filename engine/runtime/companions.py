"""Values that go together: an amount and the currency that its record names."""

from __future__ import annotations

from collections.abc import Iterator

from engine.change import FieldError
from engine.kinds import BadValue
from engine.model import Field
from engine.runtime import permission
from engine.runtime.access import Access
from engine.runtime.figures import Figures
from engine.runtime.tree import Node


def settle_companions(access: Access, figures: Figures) -> Iterator[FieldError]:
    """Hold what was entered to its companion, now that both are known; what does not go together is told."""
    session = figures.session
    for node in figures.tree.root.walk():
        for field in node.entity.accompanied:
            name = field.kind.companion()
            value = node.values.get(field.name)
            touched = node.is_new or node.changed(field.name) or (name is not None and node.changed(name))
            if value is None or not touched:
                continue
            try:
                if field.kind.names_companion(value) and not _knows(access, figures, node, field):
                    raise BadValue("currency_unseen")
                node.values[field.name] = field.kind.settled(value, figures.companion(node, field), session.locale)
            except BadValue as bad:
                label = field.label.text(session.locale)
                yield session.error(node.place(field.name), bad.code, **{"field": label, **bad.details})


def _knows(access: Access, figures: Figures, node: Node, field: Field) -> bool:
    """Whether the actor may know the companion: else neither a refusal nor an acceptance of its name may tell of it."""
    name = field.kind.companion()
    if name is None or name not in node.entity.fields or name in node.named:
        return True
    return access.readable(node.entity.name, name, permission.rows_of(figures, node))
