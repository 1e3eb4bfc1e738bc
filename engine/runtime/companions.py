"""Values that go together: an amount and the currency that its record names."""

from __future__ import annotations

from collections.abc import Iterator

from engine.change import FieldError
from engine.kinds import BadValue
from engine.runtime.figures import Figures


def settle_companions(figures: Figures) -> Iterator[FieldError]:
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
                node.values[field.name] = field.kind.settled(value, figures.companion(node, field), session.locale)
            except BadValue as bad:
                label = field.label.text(session.locale)
                yield session.error(node.place(field.name), bad.code, **{"field": label, **bad.details})
