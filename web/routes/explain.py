"""How a worked-out figure came about: its formula, what went into it, and what was looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar.params import FromPath
from litestar.response import Response

from engine.model import Entity
from engine.runtime.explanation import Explanation
from engine.runtime.explanation import explain as explain_figure
from engine.runtime.record import read_record
from web.pages.cells import Cell, Painter
from web.pages.record import Fact
from web.pages.shell import Crumb, make_shell
from web.render import html
from web.route import Route
from web.routes.listing import entity_of
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
    back: str


def show_explanation(
    request: AnyRequest, entity: FromPath[str], id: FromPath[int], field: FromPath[str]
) -> Response[Any]:
    """The explanation of one figure of a record."""
    visit = open_visit(request)
    known = entity_of(visit, entity)
    record = read_record(visit.site, visit.actor, entity, id)
    page = bind_explanation(visit, known, id, explain_figure(visit.site, visit.actor, entity, id, field))
    crumbs = (
        Crumb(known.plural.text(visit.locale), f"/{entity}"),
        Crumb(record.title, page.back),
        Crumb(page.label),
    )
    return html(visit, make_shell(visit, page.title, crumbs=crumbs, current=entity), "explain.html", page)


def bind_explanation(visit: Visit, entity: Entity, id: int, found: Explanation) -> ExplainPage:
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
        inputs=tuple(Fact(one.label, painter.cell(one.field, one.value)) for one in found.inputs),
        found=tuple(painter.record_cell(one) for one in found.found), back=f"/{entity.name}/{id}",
    )  # fmt: skip


ROUTES = (Route("GET", "/{entity:str}/{id:int}/explain/{field:str}", show_explanation),)
