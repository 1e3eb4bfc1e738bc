"""The names that one asker's own expressions may use: what may not be read is not a name at all.

A hidden field, a field of which only the mask is shown, and a field that never existed get the same answer.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from engine.expression import Function, Scope, Signature
from engine.model import Field, Model
from engine.runtime.rights import Rights


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A Schema over the fields that these rights may read somewhere."""

    model: Model
    rights: Rights

    def scope(self, entity: str) -> Scope:
        """Where a filter of that entity's list stands."""
        return Scope(self, entity)

    def knows(self, entity: str, name: str) -> bool:
        """Whether the field is a name at all for this asker."""
        known = self.model.entities.get(entity)
        return known is not None and name in known.fields and bool(self.rights.reads(entity, name).open)

    def field(self, entity: str, name: str) -> Signature | None:
        """What is known of a field, or None."""
        return signature(self.model, self.model.field(entity, name)) if self.knows(entity, name) else None

    def field_names(self, entity: str) -> Collection[str]:
        """The fields that `field` knows."""
        known = self.model.entities.get(entity)
        return [] if known is None else [name for name in known.fields if self.knows(entity, name)]

    def entity_names(self) -> Collection[str]:
        """The entities of which anything may be read."""
        return [name for name in self.model.entities if self.rights.rows("read", name)]

    def dated(self, entity: str) -> tuple[str, str] | None:
        """The fields that `find(..., on=)` goes by, when both may be read."""
        known = self.model.entities.get(entity)
        if known is None or known.dated is None:
            return None
        return known.dated if all(self.knows(entity, name) for name in known.dated) else None

    def constant(self, name: str) -> object | None:
        """A named number of the config."""
        return self.model.constants.get(name)

    def functions(self) -> Mapping[str, Function]:
        """The declared functions."""
        return self.model.functions


def signature(model: Model, field: Field) -> Signature:
    """What an expression may know of a field of a compiled model."""
    return Signature(
        entity=field.entity,
        name=field.name,
        type=field.kind.expression_type(),
        lookup=field.declared == "lookup",
        choices=tuple(getattr(field.kind, "choices", None) or ()) or None,
        via=via(model, field),
    )


def via(model: Model, field: Field) -> tuple[str, str] | None:
    """Of a field that lists records: the entity of those, and their field that points back here."""
    if field.kind.key in ("lines", "links"):
        return model.line_entity(field).name, field.entity
    if field.kind.key == "backlink":
        entity, _, name = str(getattr(field.kind, "of", "")).partition(".")
        return entity, name
    return None
