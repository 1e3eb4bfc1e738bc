"""Working out what is not entered: defaults, formulas, rollups, and the rows kept for each combination.

Values are worked out when they are first asked for and kept, so that everything is in dependency order by
itself; the compiler has refused cycles already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from engine.expression import Expression, Function, Step
from engine.expression.nodes import Aggregate, Find, Root
from engine.expression.run import Tie, TooLarge, evaluate, fold
from engine.kinds import as_number
from engine.limits import INTEGER_MAX
from engine.model import Default, Field
from engine.runtime import lookup
from engine.runtime.dependencies import arrival
from engine.runtime.secrets import encrypt
from engine.runtime.session import Session
from engine.runtime.tree import Node, Tree

WIDE = Context(prec=80)
"""Enough digits for any product of two stored numbers; Python's own 28 are not."""

Place = Node | tuple[str, int]
"""A record that an expression stands on: one of the tree, or another by entity and id."""


@dataclass(slots=True)
class Figures:
    """The values of one tree, worked out on demand."""

    session: Session
    tree: Tree
    old: Node | None = None
    """What `old.` means in defaults of a copy: the source."""
    before: Figures | None = None
    """The tree as it stood before the change: what `old.` means otherwise. None for a record that is being made."""

    def value(self, node: Node, name: str) -> Any:
        """A value of a record of the tree, worked out now if it waits for its default or formula, or is live.

        A field whose `visible_when` is not true gives None here as for every reader.
        """
        field = node.entity.fields[name]
        if not self.visible(node, field):
            return None
        if not field.stored and field.computed is not None:
            return self.live(field, node)
        return self.kept(node, name)

    def live(self, field: Field, place: Place) -> Any:
        """A figure that is worked out at each reading, rounded as every reader sees it; empty past its limit."""
        assert field.computed is not None
        value = evaluate(field.computed.node, self.context(place))
        type_ = field.kind.expression_type()
        if type_.kind != "number" or not isinstance(value, Decimal):
            return value
        places = type_.scale or 0
        rounded = round_half_up(value, places)
        return None if _past_limit(rounded, places) else rounded

    def kept(self, node: Node, name: str) -> Any:
        """The value as stored, also while it is not visible."""
        if name in node.waiting:
            self._work_out(node, node.entity.fields[name])
        return node.values.get(name)

    def visible(self, node: Node, field: Field) -> bool:
        """Whether the field shows on this record."""
        return field.visible_when is None or self.holds(field.visible_when, node)

    def holds(self, condition: Expression, node: Node) -> bool:
        """Whether a condition is TRUE of a record of the tree; unknown is no."""
        return self.evaluate(condition, node) is True

    def evaluate(self, expression: Expression, place: Place, field: Field | None = None) -> Any:
        """An expression's value on a record. Raises InvalidRecord when it has none that could be told; the refusal
        names the `field` that it is worked out for."""
        try:
            return evaluate(expression.node, self.context(place))
        except TooLarge:
            what = expression.text if field is None else field.label.text(self.session.locale)
            raise self.session.refuse(_path(place, field), "too_large", field=what) from None
        except Tie as tie:
            entity = self.session.entity(tie.entity).label.text(self.session.locale)
            raise self.session.refuse(_path(place, field), "tie", entity=entity) from None

    def context(self, place: Place, outer: Place | None = None) -> PlaceContext:
        """Where an expression stands."""
        return PlaceContext(self, place, outer)

    def all_worked_out(self) -> None:
        """Work out whatever still waits."""
        for node in list(self.tree.root.walk()):
            for name in list(node.waiting):
                self.kept(node, name)

    def default(self, default: Default, node: Node, field: Field) -> Any:
        """A default's value for a field of this record, as the field's kind stores it."""
        if default.expression is not None:
            worked_out = self.evaluate(default.expression, node, field)
            return self._stored(field, worked_out, node)
        if field.kind.secret and default.literal is not None:
            return encrypt(self.session.site.key, (node.entity.name, field.name, node.id), default.literal)
        return default.literal

    def companion(self, node: Node, field: Field) -> str | None:
        """What the field's companion holds on this record; None for nothing, or where it has none."""
        name = field.kind.companion()
        found = self.value(node, name) if name is not None and name in node.entity.fields else None
        return found if isinstance(found, str) else None

    def _stored(self, field: Field, value: Any, node: Node) -> Any:
        places = field.kind.places_beside(self.companion(node, field)) if field.kind.companion() else None
        return stored_value(field, value, self.session, node.place(field.name), places=places)

    def _work_out(self, node: Node, field: Field) -> None:
        if field.name in node.working:
            raise self.session.refuse(node.place(field.name), "cycle", field=field.label.text(self.session.locale))
        node.working.add(field.name)
        try:
            node.values[field.name] = self._fresh(node, field)
        finally:
            node.working.discard(field.name)
            node.waiting.discard(field.name)

    def _fresh(self, node: Node, field: Field) -> Any:
        if field.computed is not None:
            if field.pushed and node.is_new:
                # Nothing can point at a record that is being made.
                assert isinstance(field.computed.node, Aggregate)
                nothing = fold(field.computed.node.function, (), field.computed.type)
                return stored_value(field, nothing, self.session, node.place(field.name))
            return self._stored(field, self.evaluate(field.computed, node, field), node)
        if field.default is not None:
            return self.default(field.default, node, field)
        return None


@dataclass(slots=True)
class PlaceContext:
    """What an expression sees at its place: engine.expression.run.Context over a tree and the database."""

    figures: Figures
    place: Place
    outer: Place | None

    @property
    def functions(self) -> Mapping[str, Function]:
        """The declared functions."""
        return self.figures.session.model.functions

    @property
    def today(self) -> date:
        """The firm's day."""
        return self.figures.session.today

    @property
    def now(self) -> datetime:
        """The moment of the transaction."""
        return self.figures.session.now

    def value(self, root: Root, steps: Sequence[Step]) -> Any:
        """Follow a path; empty as soon as a hop is empty."""
        value = self.raw(root, steps)
        if not steps or value is None:
            return value
        field = self.figures.session.model.field(steps[-1].entity, steps[-1].field)
        return as_number(value) if field.kind.expression_type().kind == "number" else value

    def raw(self, root: Root, steps: Sequence[Step]) -> Any:
        """The same as the field's kind stores it: whole numbers as int."""
        if root == "old" and self.figures.old is None:
            return self._before(steps)
        start = self._start(root)
        return None if start is None else self._follow(start, steps)

    def _before(self, steps: Sequence[Step]) -> Any:
        """What a path gave before the change; empty where there was no record."""
        before = self.figures.before
        stood = before.tree.node(*self.place.key) if before is not None and isinstance(self.place, Node) else None
        return None if before is None or stood is None else before.context(stood).raw("this", steps)

    def find(self, find: Find) -> Any:
        """Look a record up outside the tree; raises Tie."""
        return lookup.find(self.figures.session, find, self)

    def aggregate(self, node: Aggregate) -> Any:
        """Aggregate lines and backlinks of the tree; what lies outside is asked of the database."""
        if not isinstance(self.place, Node):
            return lookup.aggregate(self.figures.session, node, self.place)
        leaves = self._leaves(self.place, node.through)
        if leaves is None:
            return lookup.aggregate(self.figures.session, node, self.place.key)
        values = []
        for leaf in leaves:
            context = self.figures.context(leaf, outer=self.place)
            if node.where is not None and evaluate(node.where, context) is not True:
                continue
            values.append(True if node.value is None else evaluate(node.value, context))
        return fold(node.function, values, node.type)

    def follow(self, step: Step, record: Any) -> Any:
        """A link field of any record by its id: how `in_team` and `reports_to` climb."""
        return lookup.read(self.figures.session, (step.entity, int(record)), step.field, self)

    def _start(self, root: Root) -> Place | None:
        if root in ("this", "record"):
            return self.place
        if root == "outer":
            return self.outer
        if root == "me":
            user = self.figures.session.actor.user
            return None if user is None else ("user", user)
        return self.figures.old

    def _follow(self, place: Place, steps: Sequence[Step]) -> Any:
        if not steps:
            return place.id if isinstance(place, Node) else place[1]
        step, rest = steps[0], steps[1:]
        value = self._read(place, step)
        if not rest:
            return value
        if value is None:
            return None
        target = rest[0].entity
        node = self.figures.tree.node(target, value)
        return self._follow(node if node is not None else (target, value), rest)

    def _read(self, place: Place, step: Step) -> Any:
        if isinstance(place, Node):
            return self._read_node(place, step.field)
        return lookup.read(self.figures.session, place, step.field, self)

    def _read_node(self, node: Node, name: str) -> Any:
        field = node.entity.fields[name]
        if name == "id":
            return node.id
        if node.parent is not None and name == node.parent.entity.name:
            return node.parent.id
        if field.system:
            return lookup.system_value(self.figures.session, node, name)
        return self.figures.value(node, name)

    def _leaves(self, node: Node, hops: Sequence[Step]) -> list[Node] | None:
        """The nodes that the hops arrive at, or None when a hop leaves the tree."""
        nodes = [node]
        for hop in hops:
            field = self.figures.session.model.field(hop.entity, hop.field)
            if field.kind.key in ("lines", "links"):
                nodes = [line for each in nodes for line in each.lines[hop.field]]
                continue
            entity, link = arrival(self.figures.session.model, hop)
            root = self.figures.tree.root.entity.name
            if entity == root or self.figures.session.model.root_of(entity) != root:
                return None
            ids = {each.id for each in nodes}
            nodes = [line for line in self.figures.tree.of(entity) if self._links_into(line, link, ids)]
        return nodes

    def _links_into(self, line: Node, link: str, ids: set[int]) -> bool:
        return self.figures.value(line, link) in ids


def _path(place: Place, field: Field | None) -> str:
    if not isinstance(place, Node):
        return ""
    return place.path.rstrip(".") if field is None else place.place(field.name)


def stored_value(field: Field, value: Any, session: Session, place: str, *, places: int | None = None) -> Any:
    """A worked-out value as the field keeps it: rounded half up to its scale (or to fewer `places`), in the kind's own
    type.

    Raises InvalidRecord when it passes the kind's limit or the field's own bounds.
    """
    if value is None or value == "":
        return None
    kept = _in_own_type(field, value, session, place, places)
    if not field.kind.keeps(kept):
        raise session.refuse(place, "out_of_bounds", field=field.label.text(session.locale))
    return kept


def _in_own_type(field: Field, value: Any, session: Session, place: str, fewer: int | None) -> Any:
    type_ = field.kind.expression_type()
    if type_.kind != "number" or not isinstance(value, Decimal):
        return value
    places = type_.scale if type_.scale is not None else 0
    rounded = round_half_up(value, places if fewer is None else fewer)
    if _past_limit(rounded, places):
        raise session.refuse(place, "too_large", field=field.label.text(session.locale))
    return int(rounded) if field.kind.key == "integer" else rounded


def _past_limit(value: Decimal, places: int) -> bool:
    return abs(value.scaleb(places, context=WIDE)) > INTEGER_MAX


def round_half_up(value: Decimal, places: int) -> Decimal:
    """Half away from zero, as trade rounds; exact at any size that the engine works with."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=WIDE)
