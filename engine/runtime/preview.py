"""What a form would become: conditions, defaults and figures worked out on what is typed, with nothing stored.

The same tree, figures and rules as in a save, over a connection that only reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.change import Actor, Draft, FieldError, InvalidRecord, NotFound
from engine.model import Entity, Field
from engine.runtime import permission
from engine.runtime.access import Access, Rows
from engine.runtime.dependencies import dependencies_of
from engine.runtime.draft import DraftReader, expect_figures, expect_formulas
from engine.runtime.figures import Figures
from engine.runtime.inquiry import Inquiry
from engine.runtime.push import Key, frozen_keys
from engine.runtime.session import Session
from engine.runtime.site import Site
from engine.runtime.stages import pipeline_of, settle_stage
from engine.runtime.titles import titles
from engine.runtime.tree import Node, Tree, load_tree, new_line, new_tree


@dataclass(frozen=True, slots=True)
class Look:
    """How one field stands on one record of the form."""

    value: Any = None
    """As it would be stored; of a new record the default."""
    visible: bool = True
    readable: bool = True
    writable: bool = True
    """Whether this person may give it a value now."""
    required: bool = False
    fixed: bool = False
    """Of lines: whether the rows that stand may be changed, but none added or taken away."""
    typed: bool = False
    """Of a computed field: whether a person typed over it."""
    shut: frozenset[str] = frozenset()
    """Choices that are not offered just now."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The looks of every field of the form, by path (`parts.0.pages`)."""

    looks: Mapping[str, Look]
    pipeline: str | None = None
    """The pipeline that the record would follow."""
    errors: tuple[FieldError, ...] = ()
    """What could not be read or worked out."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Ids of the lines that stand, by path (`parts.0`)."""
    version: int | None = None
    """Of a record that stands: the version that was looked at."""
    title: str = ""
    """What the record is called, as far as this person may read what makes its title."""

    def look(self, path: str) -> Look:
        """How a field stands; one that is unknown is neither seen nor written."""
        return self.looks.get(path, HIDDEN)


HIDDEN = Look(visible=False, readable=False, writable=False)


@dataclass(slots=True)
class Rehearsal(DraftReader):
    """A reader of drafts that takes no ids from the database: its new lines have negative ones."""

    next_id: int = -2

    def make(self, node: Node, holder: Field, path: str) -> Node:
        """A new line below a record."""
        line = new_line(self.session.model.line_entity(holder), self.next_id, node, path)
        self.next_id -= 1
        expect_figures(line)
        self.tree.add(line)
        return line


def preview(site: Site, actor: Actor, draft: Draft) -> Preview:
    """How the form of this draft stands. Raises NotFound for a record that the actor may not see."""
    with site.database.reading() as connection:
        session = Session.open(site, connection, actor)
        access = Access(site, actor)
        entity = permission.known_entity(session, access, draft.entity)
        tree, before = _tree(session, entity, draft.id)
        if before is not None:
            permission.require_readable(access, before)
        return _look_at(session, access, tree, before, draft)


def _tree(session: Session, entity: Entity, id: int | None) -> tuple[Tree, Figures | None]:
    if id is None:
        tree = new_tree(entity, -1)
        expect_figures(tree.root)
        return tree, None
    standing = load_tree(session, entity, id, lock=False)
    if standing is None:
        raise NotFound(entity.name)
    before = Figures(session, standing.copy())
    frozen = frozen_keys(before)
    for node in standing.root.walk():
        expect_formulas(node, frozen=node.key in frozen)
    return standing, before


def _look_at(session: Session, access: Access, tree: Tree, before: Figures | None, draft: Draft) -> Preview:
    reader = Rehearsal.of(session, access, tree, draft)
    reader.read(draft.values)
    for node, named in list(permission.withheld(access, Figures(session, tree))):
        # As if it were empty: no default or figure may tell of what this person may not see.
        node.values[named.name] = None
    figures = Figures(session, tree, before=before)
    for node in tree.root.walk():
        settle_stage(figures, node)
    frozen = frozen_keys(before) if before is not None else set()
    feeding = dependencies_of(session.site).feeding(tree.root.entity.name) if frozen else frozenset()
    observer = Observer(access, before, figures, list(reader.errors), frozen, frozenset(feeding))
    looks = {
        f"{node.path}{found.name}": observer.look(node, found)
        for node in tree.root.walk()
        for found in node.entity.fields.values()
        if not found.system or found.name == node.entity.stage
    }
    pipeline = pipeline_of(figures, tree.root) if tree.root.entity.stage else None
    lines = {node.path.rstrip("."): node.id for node in tree.root.walk() if node.path and node.id > 0}
    root = tree.root
    return Preview(
        looks, pipeline.name if pipeline else None, tuple(observer.errors), lines,
        version=int(root.before["version"]) if root.before is not None else None,
        title="" if root.is_new else titles(Inquiry.on(session.site, access.actor, session.connection),
                                           root.entity.name, [root.id]).get(root.id, ""),
    )  # fmt: skip


@dataclass(slots=True)
class Observer:
    """Looks at the fields of one tree; a figure that cannot be worked out is noted once and shows empty."""

    access: Access
    before: Figures | None
    figures: Figures
    errors: list[FieldError]
    frozen: set[Key] = field(default_factory=set)
    feeding: frozenset[tuple[str, str]] = frozenset()
    """(entity, field) from which frozen figures were worked out."""

    def feeds(self, node: Node, found: Field) -> bool:
        """Whether the field is a figure that stands still on this record, or one was worked out from it."""
        stands = node.key in self.frozen and found.frozen and found.name != node.entity.stage
        return stands and (found.computed is not None or (found.entity, found.name) in self.feeding)

    def look(self, node: Node, found: Field) -> Look:
        """How one field stands."""
        visible = self.asks(found.visible_when, node, otherwise=True)
        readable = self.access.readable(node.entity.name, found.name, self.rows(node))
        if not visible or not readable:
            return Look(visible=visible, readable=readable, writable=False)
        closed = {choice for choice, when in found.choices_when.items() if not self.asks(when, node)}
        return Look(
            value=self.value(node, found),
            writable=self.writable(node, found),
            required=found.required or self.asks(found.required_when, node),
            typed=found.name in node.typed,
            fixed=found.name in node.lines and self.feeds(node, found),
            shut=frozenset(closed),
        )

    def rows(self, node: Node) -> Rows:
        """What the rules on reading are asked of: the record as it stands, whatever is typed over it."""
        stood = self.before.tree.node(*node.key) if self.before is not None else None
        if self.before is None or stood is None:
            return permission.rows_of(self.figures, node)
        return permission.rows_of(self.before, stood)

    def writable(self, node: Node, found: Field) -> bool:
        """Whether the field takes a value here and now."""
        held = node.entity.each is not None and found.name in node.entity.each.lists
        listed = found.kind.key in ("lines", "links")
        if held or not (found.writable or listed) or self.asks(found.readonly_when, node):
            return False
        if self.feeds(node, found) and found.kind.key != "lines":
            return False
        return permission.writer(self.access, self.before, self.figures, node)(found)

    def value(self, node: Node, found: Field) -> Any:
        """The value as it would be stored."""
        if found.kind.key == "links":
            return tuple(target for line in node.lines[found.name] if (target := line.values.get("target")) is not None)
        if not found.stored or found.name in node.lines or (found.computed is not None and not found.override):
            return None
        try:
            return self.told(node, found, self.figures.kept(node, found.name))
        except InvalidRecord as refused:
            self.note(refused)
            return None

    def told(self, node: Node, found: Field, value: Any) -> Any:
        """The value with its companion's, as far as that may be read."""
        name = found.kind.companion()
        if value is None or name is None or name not in node.entity.fields:
            return value
        if not self.access.readable(node.entity.name, name, self.rows(node)):
            return found.kind.beside(value, "")
        return found.kind.beside(value, self.figures.companion(node, found))

    def asks(self, condition: Any, node: Node, *, otherwise: bool = False) -> bool:
        """Whether a condition holds; `otherwise` where there is none."""
        if condition is None:
            return otherwise
        try:
            return self.figures.holds(condition, node)
        except InvalidRecord as refused:
            self.note(refused)
            return False

    def note(self, refused: InvalidRecord) -> None:
        """Keep what was wrong."""
        self.errors.extend(error for error in refused.errors if error not in self.errors)
