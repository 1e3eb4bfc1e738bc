"""How a computed figure came about: its formula, what went into it, and the records that were found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from engine.change import Actor, InvalidRecord, NotFound
from engine.expression import Expression, Step
from engine.expression.nodes import Aggregate, Find, Path, record, walk
from engine.expression.run import Tie
from engine.expression.wording import in_words
from engine.kinds import Shower
from engine.model import Field
from engine.runtime import permission
from engine.runtime.access import Access
from engine.runtime.contributions import Contribution, Contributions, contributions
from engine.runtime.figures import Figures, stored_value
from engine.runtime.inquiry import Inquiry
from engine.runtime.push import frozen_keys
from engine.runtime.session import Session
from engine.runtime.site import Site
from engine.runtime.titles import Linked, companion_path, titles
from engine.runtime.tree import Node, load_tree
from engine.store import records
from engine.store.sight import always


@dataclass(frozen=True, slots=True)
class Input:
    """A value that a formula reads."""

    path: str
    """As written: `part.plates`."""
    label: str
    """In the firm's words: `部件 › 印版张数`."""
    field: Field
    value: Any
    """As stored; a link as Linked."""
    figure: tuple[str, int, str] | None = None
    """Of one that is worked out itself: entity, id and field, by which it can be explained in turn."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a figure is made of, as far as the asker may see it."""

    field: Field
    value: Any
    formula: str | None
    """In the firm's words; None where it names something that the asker may not read."""
    text: str | None
    """As written in the config; None like the formula."""
    typed: bool
    """Whether a person typed over the formula."""
    frozen: bool
    """Whether the figure stands still, whatever its inputs have become since."""
    inputs: tuple[Input, ...]
    found: tuple[Linked, ...]
    """The records that the formula looked up, where they still give the stored value."""
    counted: int | None = None
    """Of a rollup: how many rows it goes over; None where that would tell of rows that the asker may not see."""
    rows: tuple[Contribution, ...] = ()
    """Of a rollup: the first of the rows that went in, of those that the asker may read."""
    further: int = 0
    """How many more went in, as far as the asker may know of them."""


def explain(site: Site, actor: Actor, entity: str, id: int, name: str) -> Explanation:
    """Explain a computed field of a record or line. Raises NotFound for all that the actor may not see."""
    known = site.model.entities.get(entity)
    field = known.fields.get(name) if known is not None else None
    if known is None or field is None or field.computed is None:
        raise NotFound(entity)
    with site.database.reading() as connection:
        session, access = Session.open(site, connection, actor), Access(site, actor)
        root = _root_of(session, entity, id)
        tree = load_tree(session, session.entity(root[0]), root[1], lock=False) if root else None
        node = tree.node(entity, id) if tree is not None else None
        if tree is None or node is None:
            raise NotFound(entity)
        figures = Figures(session, tree)
        permission.require_readable(access, figures)
        seen = access.readable(entity, name, permission.rows_of(figures, node)) and figures.visible(node, field)
        if not seen:
            raise NotFound(entity)
        return _Explainer(session, access, figures, node, field).explain()


@dataclass(frozen=True, slots=True)
class _Explainer:
    session: Session
    access: Access
    figures: Figures
    node: Node
    field: Field

    def explain(self) -> Explanation:
        formula = self.field.computed
        assert formula is not None
        paths = list(dict.fromkeys(_own_paths(formula)))
        shown = [path for path in paths if self.may_read(path)]
        whole = all(self.may_read(path) for path in formula.paths())
        own = Step(self.node.entity.name, self.field.name)
        value = self.figures.context(self.node).raw("this", (own,))
        counted = self.counted(formula) if whole else None
        listed = self.listed(formula, value, whole=whole)
        return Explanation(
            field=self.field,
            value=self.told(Path("this", (own,), self.field.kind.expression_type()), value),
            formula=in_words(formula.node, _Labels(self.session), self.session.locale) if whole else None,
            text=formula.text if whole else None,
            typed=self.field.name in self.node.typed,
            frozen=self.field.frozen and self.node.key in frozen_keys(self.figures),
            inputs=tuple(self.input(path) for path in shown),
            found=tuple(self.found(formula, value)),
            counted=counted,
            rows=listed.rows,
            further=listed.further,
        )

    def input(self, path: Path) -> Input:
        """One value that the formula reads."""
        locale = self.session.locale
        fields = [self.session.model.field(step.entity, step.field) for step in path.steps]
        value = self.figures.context(self.node).raw(path.root, path.steps)
        return Input(
            path=".".join(step.field for step in path.steps),
            label=" › ".join(field.label.text(locale) or field.name for field in fields),
            field=fields[-1],
            value=self.told(path, value),
            figure=self.figure(path, fields[-1]),
        )

    def figure(self, path: Path, field: Field) -> tuple[str, int, str] | None:
        """Where a value that is worked out itself stands; None for one that was entered, or whose record is none."""
        if field.computed is None or not field.stored:
            return None
        holder = self.figures.context(self.node).raw(path.root, path.steps[:-1])
        return (field.entity, int(holder), field.name) if holder is not None else None

    def told(self, path: Path, value: Any) -> Any:
        """A value as readers get it: a link with its title, an amount in its currency if that may be read."""
        field = self.session.model.field(path.steps[-1].entity, path.steps[-1].field)
        beside = companion_path(self.session.model, path)
        if value is None or beside is None:
            return self.linked(field, value)
        known = self.figures.context(self.node).raw(beside.root, beside.steps) if self.may_read(beside) else ""
        return field.kind.beside(value, known)

    def linked(self, field: Field, value: Any) -> Any:
        """A link as Linked, with its title if the asker may see it."""
        target = field.kind.target()
        if target is None or not isinstance(value, int):
            return value
        inquiry = Inquiry.on(self.session.site, self.access.actor, self.session.connection)
        return Linked(target, value, titles(inquiry, target, [value]).get(value))

    def found(self, formula: Expression, value: Any) -> Iterator[Linked]:
        """The records that the lookups of the formula name, while they are what the figure was worked out with."""
        context = self.figures.context(self.node)
        for node in walk(formula.node):
            if not isinstance(node, Find) or not node.value or not self.rows_open(node.entity):
                continue
            try:
                id = context.find(replace(node, value=(), type=record(node.entity)))
                same = node is not formula.node or context.find(node) == value
            except (Tie, InvalidRecord):
                continue
            if id is not None and same:
                inquiry = Inquiry.on(self.session.site, self.access.actor, self.session.connection)
                title = titles(inquiry, node.entity, [int(id)]).get(int(id))
                if title is not None:
                    yield Linked(node.entity, int(id), title)

    def counted(self, formula: Expression) -> int | None:
        """How many rows a rollup goes over, its condition aside."""
        if not isinstance(formula.node, Aggregate):
            return None
        count = replace(formula.node, function="count", value=None)
        return int(self.figures.context(self.node).aggregate(count) or 0)

    def listed(self, formula: Expression, value: Any, *, whole: bool) -> Contributions:
        """The rows of a rollup that the asker may read, while the stored figure is still what they come to."""
        node = formula.node
        if not isinstance(node, Aggregate) or self.field.name in self.node.typed or not self.still(node, value):
            return Contributions()
        if not whole and not self.tells_nothing(node):
            return Contributions()
        inquiry = Inquiry.on(self.session.site, self.access.actor, self.session.connection)
        # A count says itself how many there are.
        known = int(value) if node.function == "count" and value is not None else None
        return contributions(inquiry, self.session, self.field, node, self.node.key, known)

    def still(self, node: Aggregate, value: Any) -> bool:
        """Whether the rows of today come to the figure that is shown."""
        if not self.field.stored:
            return True
        try:
            fresh = self.figures.context(self.node).aggregate(node)
            return bool(stored_value(self.field, fresh, self.session, self.field.name) == value)
        except InvalidRecord:
            return False

    def tells_nothing(self, node: Aggregate) -> bool:
        """Whether that a row went in, and what was taken of it, says nothing that may not be read on the row itself."""
        parts = [below for part in (node.value, node.where) if part is not None for below in walk(part)]
        if any(isinstance(below, Find | Aggregate) for below in parts):
            return False
        hops = [Path("this", (hop,), node.type) for hop in node.through]
        paths = [below for below in parts if isinstance(below, Path)]
        return self.hops_lead_down(node) and all(
            self.may_read(path) if path.root != "this" else self.may_read_row(path) for path in (*hops, *paths)
        )

    def hops_lead_down(self, node: Aggregate) -> bool:
        """Whether whoever may read a row may read all that it was reached through."""
        root = self.session.model.root_of(node.entity)
        middle = {hop.entity for hop in node.through[1:]}
        return all(self.session.model.root_of(one) == root or self.rows_open(one) for one in middle)

    def may_read_row(self, path: Path) -> bool:
        """Whether a path from a row may be read wherever that row may."""
        if not all(self.access.reading(step.entity, step.field).everywhere for step in path.steps):
            return False
        return all(self.rows_open(step.entity) for step in path.steps[1:])

    def may_read(self, path: Path) -> bool:
        """Whether every hop of a path may be read wherever its record may, and every record on the way."""
        tree = {line.entity.name for line in self.figures.tree.root.walk()}
        for step in path.steps:
            reading = self.access.reading(step.entity, step.field)
            if not reading.everywhere:
                return False
            if step.entity not in tree and not self.rows_open(step.entity):
                return False
        return True

    def rows_open(self, entity: str) -> bool:
        """Whether all records of an entity may be read."""
        return always(self.access.rights.rows("read", entity))


@dataclass(frozen=True, slots=True)
class _Labels:
    """What things are called in the asker's language."""

    session: Session

    def field(self, entity: str, field: str) -> str:
        known = self.session.entity(entity).fields.get(field)
        return (known.label.text(self.session.locale) if known is not None else "") or field

    def entity(self, entity: str) -> str:
        return self.session.entity(entity).label.text(self.session.locale)

    def choice(self, entity: str, field: str, choice: str) -> str:
        app = self.session.model.app
        kind = self.session.model.field(entity, field).kind
        return kind.show(choice, Shower(self.session.locale, app.timezone, app.currency))


def _own_paths(formula: Expression) -> Iterator[Path]:
    """The paths that start at the record itself: not those over what a lookup or rollup goes through."""
    inside = {
        id(below)
        for node in walk(formula.node)
        if isinstance(node, Find | Aggregate)
        for part in (node.where, getattr(node, "value", None) if isinstance(node, Aggregate) else None)
        if part is not None
        for below in walk(part)
    }
    for path in formula.paths():
        if path.steps and path.root == "this" and id(path) not in inside:
            yield path
        elif path.steps and path.root == "outer":
            yield replace(path, root="this")


def _root_of(session: Session, entity: str, id: int) -> tuple[str, int] | None:
    owner = session.entity(entity).owned_by
    if owner is None:
        return entity, id
    rows = records.read(session.connection, session.tables, entity, [id])
    if not rows or rows[0]["deleted_at"] is not None:
        return None
    return _root_of(session, owner[0], rows[0][owner[0]])
