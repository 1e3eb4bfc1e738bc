"""How a worked-out figure came about: its formula, what went into it, and what was looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar.params import FromPath
from litestar.response import Response

from engine.change import NotFound
from engine.model import Entity
from engine.runtime.browse import browse
from engine.runtime.contributions import Contribution
from engine.runtime.explanation import Explanation, Input
from engine.runtime.explanation import explain as explain_figure
from engine.runtime.listing import ListQuery
from engine.runtime.record import read_record
from web.pages.cells import NOTHING, Cell, Painter
from web.pages.record import Fact
from web.pages.shell import Crumb, make_shell
from web.render import html
from web.route import Route
from web.visit import AnyRequest, Visit, open_visit


@dataclass(frozen=True, slots=True)
class ExplainPage:
    """All that explain.html may use."""

    title: str
    label: str
    value: Cell
    formula: str
    """Empty where it names something that this person may not see."""
    notes: tuple[str, ...]
    inputs: tuple[Fact, ...]
    found: tuple[Cell, ...]
    rows: tuple[tuple[Cell, Cell], ...]
    """The rows that went in, each with what was taken of it."""
    further: str
    """How many more there are, in words."""
    back: str


def show_explanation(
    request: AnyRequest, entity: FromPath[str], id: FromPath[int], field: FromPath[str]
) -> Response[Any]:
    """The explanation of one figure of a record, or of a line of one."""
    visit = open_visit(request)
    found = explain_figure(visit.site, visit.actor, entity, id, field)
    root, root_id, title = holder_of(visit, visit.site.model.entities[entity], id)
    page = bind_explanation(visit, found, f"/{root.name}/{root_id}")
    crumbs = (
        Crumb(root.plural.text(visit.locale), f"/{root.name}"),
        Crumb(title, page.back),
        Crumb(page.label),
    )
    return html(visit, make_shell(visit, page.title, crumbs=crumbs, current=root.name), "explain.html", page)


def holder_of(visit: Visit, entity: Entity, id: int) -> tuple[Entity, int, str]:
    """The record that a line stands in, up to the root, with its title; itself when it is none. Raises NotFound."""
    if entity.owned_by is None:
        return entity, id, read_record(visit.site, visit.actor, entity.name, id).title
    parent = entity.owned_by[0]
    query = ListQuery(entity=entity.name, fields=(parent,), total="no", size=1).on("id", "is", str(id))
    page = browse(visit.site, visit.actor, query)
    if not page.rows:
        raise NotFound(entity.name)
    return holder_of(visit, visit.site.model.entities[parent], page.rows[0][2].id)


def bind_explanation(visit: Visit, found: Explanation, back: str) -> ExplainPage:
    """The page object."""
    say, painter = visit.say, Painter.of(visit)
    label = found.field.label.text(visit.locale)
    notes = []
    if found.formula is None:
        notes.append(say("explain_hidden"))
    if found.typed:
        notes.append(say("explain_typed"))
    if found.frozen:
        notes.append(say("explain_frozen"))
    if found.counted is not None:
        notes.append(say("explain_rows", count=found.counted))
    return ExplainPage(
        title=say("explain_title", label=label), label=label, value=painter.cell(found.field, found.value),
        formula=found.formula or "", notes=tuple(notes),
        inputs=tuple(bind_input(painter, one) for one in found.inputs),
        found=tuple(painter.record_cell(one) for one in found.found),
        rows=tuple(bind_row(painter, one) for one in found.rows),
        further=say("explain_further", count=found.further) if found.rows and found.further else "", back=back,
    )  # fmt: skip


def bind_row(painter: Painter, one: Contribution) -> tuple[Cell, Cell]:
    """A row that went in, and its value; what is no field's own value is told as it is."""
    if one.field is None:
        return painter.record_cell(one.record), Cell("text", str(one.value)) if one.value is not None else NOTHING
    return painter.record_cell(one.record), painter.cell(one.field, one.value)


def bind_input(painter: Painter, one: Input) -> Fact:
    """One value that went in; one that is worked out itself leads on to its own explanation."""
    address = "/{}/{}/explain/{}".format(*one.figure) if one.figure else ""
    return Fact(one.label, painter.cell(one.field, one.value), address)


ROUTES = (Route("GET", "/{entity:str}/{id:int}/explain/{field:str}", show_explanation),)
