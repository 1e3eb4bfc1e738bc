"""What a record is called for one asker: its title's parts, of which only those show that the asker may read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from engine.expression import Expression, Step
from engine.expression.nodes import TEXT, Node, Path
from engine.expression.sql import Source, to_sql
from engine.kinds import FieldType, Shower
from engine.model import Entity, Model
from engine.runtime.inquiry import Inquiry
from engine.store.queries import RecordSql

DEPTH_MAX = 3
"""A title that names a record that names a record ... ends somewhere."""


class Linked(NamedTuple):
    """A record that another one points at."""

    entity: str
    id: int
    title: str | None
    """None: the asker may not see that record (or it is gone: the two look the same)."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a title that stands in the row: which column, and the kind that shows it."""

    index: int
    kind: FieldType | None
    companion: int | None = None
    """Where stands what the value is told together with."""
    untold: bool = False
    """Whether the asker may not see that."""


@dataclass(frozen=True, slots=True)
class TitlePlan:
    """How the title of an entity's records is read and written."""

    entity: Entity
    columns: tuple[sa.ColumnElement[Any], ...]
    parts: tuple[str | Part, ...]

    def text(self, id: int, row: Sequence[Any], shower: Shower, start: int = 0) -> str:
        """The title from a row in which its values begin at `start`; where all its parts are empty or hidden, the
        entity's word and the id."""
        texts, named = [], False
        for part in self.parts:
            if isinstance(part, str):
                texts.append(part)
            elif (value := row[start + part.index]) is not None:
                if part.kind is not None and (part.untold or part.companion is not None):
                    beside = "" if part.companion is None else row[start + part.companion]
                    value = part.kind.beside(value, beside)
                texts.append(_shown(part, value, shower))
                named = True
        return "".join(texts).strip() if named else f"{self.entity.label.text(shower.locale)} {id}"


def plan_title(sql: RecordSql, source: Source) -> TitlePlan:
    """The columns of the title, as the asker of this RecordSql may see them."""
    entity = sql.model.entities[source.entity]
    columns: list[sa.ColumnElement[Any]] = []
    parts: list[str | Part] = []
    for part in pieces(sql.model, entity):
        if isinstance(part, str):
            parts.append(part)
            continue
        index, kind, beside = len(columns), kind_of(sql.model, part), companion_path(sql.model, part)
        columns.append(_column(sql, source, part))
        told = beside is not None and sql.reading(beside.steps[-1].entity, beside.steps[-1].field).everywhere
        if beside is not None and told:
            columns.append(_column(sql, source, beside))
        parts.append(Part(index, kind, index + 1 if told else None, untold=beside is not None and not told))
    return TitlePlan(entity, tuple(columns), tuple(parts))


def pieces(model: Model, entity: Entity, prefix: tuple[Step, ...] = (), depth: int = 0) -> Iterable[str | Node]:
    """The title's texts and expressions, a link in it replaced by the title of the record that it names."""
    for part in entity.title:
        if isinstance(part, str):
            yield part
            continue
        node = _rebased(part, prefix)
        target = node.type.entity if isinstance(node, Path) and node.type.kind == "record" else None
        if target is not None and isinstance(node, Path):
            if depth < DEPTH_MAX:
                yield from pieces(model, model.entities[target], node.steps, depth + 1)
        elif node is not None:
            yield node


def sort_key(sql: RecordSql, source: Source) -> sa.ColumnElement[Any] | None:
    """The first readable part of the title: what records are ordered by when they stand in a column."""
    plan = plan_title(sql, source)
    return plan.columns[0] if plan.columns else None


def title_order(inquiry: Inquiry, entity: Entity) -> tuple[str, ...] | None:
    """The field that records of an entity are ordered by as a list of titles; None where no field makes the title."""
    for part in entity.title:
        if isinstance(part, Expression) and isinstance(part.node, Path) and part.node.root == "this":
            step = part.node.steps[0]
            known = inquiry.model.field(entity.name, step.field)
            if inquiry.vocabulary.knows(entity.name, step.field) and known.kind.sortable and known.kind.expressible:
                return (step.field,)
    return None


def kind_of(model: Model, node: Node) -> FieldType | None:
    """The kind that shows what a node gives, where it is a field."""
    if isinstance(node, Path) and node.steps:
        return model.field(node.steps[-1].entity, node.steps[-1].field).kind
    return None


def companion_path(model: Model, node: Node) -> Path | None:
    """The path of what a field's value is told together with: of an amount's currency."""
    kind = kind_of(model, node)
    name = kind.companion() if kind is not None else None
    if name is None or not isinstance(node, Path) or name not in model.entities[node.steps[-1].entity].fields:
        return None
    return replace(node, steps=(*node.steps[:-1], Step(node.steps[-1].entity, name)), type=TEXT)


def titles(inquiry: Inquiry, entity: str, ids: Iterable[int]) -> Mapping[int, str]:
    """The titles of those of these records that the asker may see."""
    wanted = sorted(set(ids))
    found: dict[int, str] = {}
    for start in range(0, len(wanted), CHUNK):
        found |= _titles(inquiry, entity, wanted[start : start + CHUNK])
    return found


CHUNK = 100
"""Ids in one statement: few shapes to prepare, and far below every limit on parameters."""


def _titles(inquiry: Inquiry, entity: str, ids: Sequence[int]) -> dict[int, str]:
    size = next(size for size in (1, 10, CHUNK) if size >= len(ids))
    source = inquiry.sql.open(entity)
    plan = inquiry.site.kept.get(
        ("title", entity, inquiry.access.key), lambda: plan_title(inquiry.sql, Source(entity, source.alias, None))
    )

    def build() -> sa.Select[Any]:
        fresh = inquiry.sql.open(entity)
        names = [sa.bindparam(f"id_{number}", None, type_=fresh.alias.c.id.type) for number in range(size)]
        columns = plan_title(inquiry.sql, fresh).columns
        statement = sa.select(fresh.alias.c.id, *columns).where(sa.or_(*(fresh.alias.c.id == name for name in names)))
        return statement if fresh.condition is None else statement.where(fresh.condition)

    padded = [*ids, *[None] * (size - len(ids))]
    values = {f"id_{number}": id for number, id in enumerate(padded)}
    rows = inquiry.rows(("titles", entity, size), build, values)
    return {row[0]: plan.text(row[0], row, inquiry.shower, 1) for row in rows}


def _column(sql: RecordSql, source: Source, node: Node) -> sa.ColumnElement[Any]:
    if isinstance(node, Path) and node.root == "this" and len(node.steps) == 1:
        return sql.column(source, source.entity, node.steps[0].field)
    return to_sql(node, sql, source)


def _rebased(part: Expression, prefix: tuple[Step, ...]) -> Node | None:
    """The node as seen from a record that reaches this one by the prefix; None where it cannot be."""
    if not prefix:
        return part.node
    if isinstance(part.node, Path) and part.node.root == "this":
        return replace(part.node, steps=(*prefix, *part.node.steps))
    return None


def _shown(part: Part, value: Any, shower: Shower) -> str:
    if part.kind is not None:
        return part.kind.show(value, shower)
    return format(value, "f") if isinstance(value, Decimal) else str(value)
