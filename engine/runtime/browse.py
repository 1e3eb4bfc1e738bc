"""Reading many records: the one way that lists, boards, pickers, exports, searches and the API take.

Row rules and filters become one SELECT; every field in it comes from engine.store.queries, which shows no more than
the asker may see. A page's ids are chosen first and its columns and titles joined to those few.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from engine.change import Actor
from engine.model import Entity
from engine.runtime.cells import Column, Masked, with_titles
from engine.runtime.inquiry import Inquiry, inquire, known_entity
from engine.runtime.listing import Filter, ListQuery
from engine.runtime.question import Question
from engine.runtime.record import Record, read_record
from engine.runtime.site import Site
from engine.runtime.titles import Linked, title_order
from engine.store.prepared import Row

__all__ = [
    "Column",
    "Filter",
    "Linked",
    "ListQuery",
    "Masked",
    "Page",
    "Record",
    "browse",
    "browse_in",
    "pick",
    "read_record",
]


@dataclass(frozen=True, slots=True)
class Page:
    """Some records of one entity, as one asker may see them."""

    entity: Entity = field(repr=False)
    columns: tuple[Column, ...] = field(repr=False)
    rows: tuple[Row, ...]
    """(id, version, then a value for each column): a link is a Linked (or None), a masked value a Masked."""
    titles: tuple[str, ...]
    """What each row's record is called, where the question asked for it."""
    page: int
    size: int
    total: int | None
    """How many there are; None where nobody counted."""
    total_is: Literal["exact", "at_least", "unknown"]
    next: str | None
    """The cursor of the page after; None on the last."""


def browse(site: Site, actor: Actor, query: ListQuery) -> Page:
    """The page that the question asks for.

    Raises NotFound for an entity that the actor may not know of, InvalidQuery for a field that does not exist or
    may not be read (one answer for both), and for values that cannot be read.
    """
    with inquire(site, actor) as inquiry:
        return browse_in(inquiry, query)


def browse_in(inquiry: Inquiry, query: ListQuery) -> Page:
    """As `browse`, within a reading that is open already."""
    question = Question.read(inquiry, query)
    query, cells = question.query, question.plan.cells
    rows = question.statement.convert(question.raw_rows())
    shown = rows[: query.size]
    more = len(rows) > query.size
    total, total_is = question.count(shown, more=more)
    return Page(
        entity=question.entity,
        columns=cells.columns,
        rows=with_titles(inquiry, cells.rows(shown, inquiry), cells),
        titles=tuple(cells.title(row, inquiry.shower) for row in shown) if query.titles else (),
        page=query.page,
        size=query.size,
        total=total,
        total_is=total_is,
        next=question.cursor(shown[-1]) if more else None,
    )


def pick(site: Site, actor: Actor, entity: str, text: str = "", limit: int = 20) -> tuple[Linked, ...]:
    """Records to choose from whose searched fields hold the text: those that the actor may see, by title."""
    with inquire(site, actor) as inquiry:
        known = known_entity(inquiry, entity)
        sort = title_order(inquiry, known)
        query = ListQuery(entity=entity, q=text, sort=sort, fields=(), size=limit, total="no", titles=True)
        page = browse_in(inquiry, query)
        return tuple(Linked(entity, row[0], title) for row, title in zip(page.rows, page.titles, strict=True))
