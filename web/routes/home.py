"""The home page: what this person may open, with counts, and what changed last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar.response import Response

from engine.runtime.access import Access
from engine.runtime.browse import browse
from engine.runtime.listing import ListQuery
from web.pages.moments import moment
from web.pages.shell import Crumb, make_shell, readable_entities
from web.render import html
from web.route import Route
from web.visit import AnyRequest, Visit, open_visit

RECENT_MAX = 8
RECENT_EACH = 4


@dataclass(frozen=True, slots=True)
class Tile:
    """One entity, with how many of its records this person sees."""

    label: str
    href: str
    icon: str
    count: str


@dataclass(frozen=True, slots=True)
class RecentRecord:
    """One record that changed lately."""

    title: str
    href: str
    kind: str
    at: str
    at_iso: str


@dataclass(frozen=True, slots=True)
class HomePage:
    """All that home.html may use."""

    title: str
    tiles: tuple[Tile, ...]
    recent: tuple[RecentRecord, ...]


def show_home(request: AnyRequest) -> Response[Any]:
    """The home page."""
    visit = open_visit(request)
    tiles: list[Tile] = []
    recent: list[tuple[Any, RecentRecord]] = []
    for entity in readable_entities(visit, Access(visit.site, visit.actor)):
        query = ListQuery(
            entity=entity.name, fields=("updated_at",), sort=("-updated_at",), size=RECENT_EACH, titles=True
        )
        page = browse(visit.site, visit.actor, query)
        label, href = entity.plural.text(visit.locale), f"/{entity.name}"
        count = "" if page.total is None else f"{page.total:,}" + ("" if page.total_is == "exact" else "+")
        tiles.append(Tile(label, href, entity.icon or "folder", count))
        for row, title in zip(page.rows, page.titles, strict=True):
            kind = entity.label.text(visit.locale)
            found = RecentRecord(title, f"{href}/{row[0]}", kind, moment(visit, row[2]), row[2].isoformat())
            recent.append((row[2], found))
    recent.sort(key=lambda pair: pair[0], reverse=True)
    shown = HomePage(visit.say("home"), tuple(tiles), tuple(found for _, found in recent[:RECENT_MAX]))
    return home_answer(visit, shown)


def home_answer(visit: Visit, page: HomePage) -> Response[Any]:
    """The page as HTML."""
    shell = make_shell(visit, page.title, crumbs=(Crumb(page.title),), current="home")
    return html(visit, shell, "home.html", page)


ROUTES = (Route("GET", "/", show_home),)
