"""Entities and fields: what is kept of each record, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from engine.expression import Expression
from engine.kinds import FieldType
from engine.model.pipeline import PipelineChoice
from engine.problems import NOWHERE, Mark
from engine.words import NO_WORDS, Words


@dataclass(frozen=True, slots=True)
class Default:
    """A value taken when a record is made: a literal in stored form, an expression, or text with holes."""

    literal: Any = None
    expression: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One value kept for every record of an entity."""

    name: str
    """The column name and the API name. Never translated, never renamed by terms."""
    entity: str
    label: Words
    """What people read, in the firm's own words."""
    kind: FieldType
    """The kind with its options."""
    declared: str = ""
    """The word after `type:` in YAML. A rollup's or lookup's `kind` is the kind of what it gives."""
    help: Words = NO_WORDS
    required: bool = False
    """Refuse an empty value on save. The column stays nullable, so old records still open."""
    required_when: Expression | None = None
    visible_when: Expression | None = None
    """Where not true, the field is empty for every reader and never required; its value is kept."""
    readonly_when: Expression | None = None
    choices_when: Mapping[str, Expression] = field(default_factory=dict)
    """Choices that are offered only while their condition holds."""
    unique: bool = False
    default: Default | None = None
    computed: Expression | None = None
    """The formula (`expr`, `by`/`cases`, a rollup's Aggregate, or a lookup's path)."""
    stored: bool = True
    """Whether the table has a column: not for lines, links, backlinks, lookups, and formulas that depend
    on today(), now() or me (those are worked out at each reading)."""
    pushed: bool = False
    """A rollup over backlinks: kept right by the saves of the records it counts."""
    override: bool = False
    """A person may type over the formula; clearing returns to it. Kept in the column `{name}__typed`."""
    frozen: bool = True
    """Whether the entity's `frozen_when` holds it; stage fields and `frozen: false` stay live."""
    declassify: bool = False
    search: bool = False
    mask: str = ""
    """How a masked value is shown: `*` hides a character, `#` shows it, from the end."""
    track: bool = True
    quick: bool = False
    """Shown in quick-create dialogs."""
    system: bool = False
    """Kept by the engine: id, version, created_at ... Never written by a draft."""
    mark: Mark = NOWHERE

    @property
    def writable(self) -> bool:
        """Whether a draft may ever name it."""
        return not self.system and (self.computed is None or self.override) and self.kind.widget != "none"


@dataclass(frozen=True, slots=True)
class Check:
    """When to refuse or to warn, and the firm's words for it."""

    name: str
    when: Expression
    message: Words
    refuses: bool = True
    """False warns: the person may confirm."""
    declassify: bool = False
    fields: tuple[str, ...] = ()
    """Fields of the entity itself that it reads: the message stands beside them."""
    mark: Mark = NOWHERE


@dataclass(frozen=True, slots=True)
class Each:
    """One row is kept for every combination of these lists (paths start at the owner)."""

    lists: Mapping[str, tuple[str, ...]]
    """The link field of the row -> the path of lines fields from the owner (`part: (parts,)`), or through
    links of the owner first (`process: (part, processes)`)."""


@dataclass(frozen=True, slots=True)
class Copy:
    """How a new version of a record is made: these values, over those of the source (`old`)."""

    set: Mapping[str, Default]


@dataclass(frozen=True, slots=True)
class Section:
    """A group of fields on the form and the record page."""

    name: str
    label: Words
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """The form's sections in order."""

    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class ListView:
    """The columns, order and quick filters of an entity's list."""

    columns: tuple[str, ...]
    sort: tuple[str, ...] = ()
    """Field ids, `-` before one sorts down."""
    filters: tuple[str, ...] = ()
    """Fields offered as quick filters; with the order they get indexes of their own."""


@dataclass(frozen=True, kw_only=True)
class Entity:
    """A kind of thing that the firm keeps records of."""

    name: str
    label: Words
    """One."""
    plural: Words
    """Many."""
    fields: Mapping[str, Field]
    """All, in order: system fields first (id, version, ...), a line's parent field among them."""
    title: tuple[str | Expression, ...] = ()
    """Texts and expressions in turn; empty shows the id."""
    icon: str = ""
    table: str = ""
    """The table's name; engine entities (user, team) begin with `forme_`."""
    owned_by: tuple[str, str] | None = None
    """For lines: (parent entity, its lines field). The field named as the parent entity links up."""
    each: Each | None = None
    frozen_when: Expression | None = None
    dated: tuple[str, str] | None = None
    copy: Copy | None = None
    checks: Mapping[str, Check] = field(default_factory=dict)
    unique: tuple[tuple[str, ...], ...] = ()
    """Fields that are unique together."""
    stage: str | None = None
    """The name of its stage field."""
    pipelines: tuple[PipelineChoice, ...] = ()
    list: ListView = ListView(())
    form: Form = Form(())
    links_table: bool = False
    """Made by the engine for a `links` field: the rows between two entities."""
    mark: Mark = NOWHERE

    @property
    def root(self) -> bool:
        """Whether its records stand on their own (lines do not)."""
        return self.owned_by is None

    def lines(self) -> tuple[Field, ...]:
        """Its fields that hold lines."""
        return self._lines

    @cached_property
    def _lines(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields.values() if f.kind.key in ("lines", "links"))

    @cached_property
    def stored(self) -> tuple[Field, ...]:
        """The fields that its table has columns for, the engine's own left out."""
        return tuple(f for f in self.fields.values() if f.stored and not f.system)

    @cached_property
    def pointing(self) -> frozenset[str]:
        """The stored fields whose values name something outside of the record: other records, and files."""
        return frozenset(f.name for f in self.stored if f.kind.widget == "file" or f.kind.points)

    @cached_property
    def guarded(self) -> tuple[Field, ...]:
        """The fields that say when they must be filled in, may be changed, or which choices they offer."""
        return tuple(
            f
            for f in self.fields.values()
            if not f.system and (f.required or f.required_when or f.readonly_when or f.choices_when)
        )

    @cached_property
    def accompanied(self) -> tuple[Field, ...]:
        """The stored fields whose values are told together with another one's: amounts in a currency of their own."""
        return tuple(f for f in self.stored if f.kind.companion() in self.fields)

    @cached_property
    def unique_sets(self) -> tuple[tuple[str, ...], ...]:
        """The fields, alone or together, whose values only one live record may have."""
        return (*((f.name,) for f in self.stored if f.unique), *self.unique)


Locking = Literal["restrict", "clear", "cascade"]
"""What deleting a record does to those that link to it."""
