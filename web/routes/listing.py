"""The list of an entity: `/{entity}`, its state in the URL; with `deleted=1` its recycle bin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar.params import FromPath
from litestar.response import Response

from engine.change import InvalidQuery, NotFound
from engine.model import Entity
from engine.runtime.access import Access
from engine.runtime.browse import Page, browse
from engine.runtime.listing import ListQuery, read_filter
from web.pages.cells import Cell, Painter, cell_text
from web.pages.listing import (
    Address,
    ListPage,
    columns_of,
    filter_chips,
    filter_fields,
    page_sizes,
    quick_filters,
)  # fmt: skip
from web.pages.pickers import Pickers
from web.pages.shell import Crumb, make_shell
from web.render import html, see
from web.route import Route
from web.visit import AnyRequest, Visit, open_visit

OURS = frozenset({"done", "_filter", "_op", "_value", "_until"})
"""Parameters of the page that are no question to the records."""
FILTERS_IN_URL_MAX = 100


def show_list(request: AnyRequest, entity: FromPath[str]) -> Response[Any]:
    """The list page, or for htmx its table alone."""
    visit = open_visit(request)
    known = entity_of(visit, entity)
    pairs = url_pairs(request)
    if any(name == "_filter" for name, _ in pairs):
        return see(with_filter(f"/{entity}", pairs))
    state = tuple((name, value) for name, value in pairs if name not in OURS and not is_blank(name, value))
    query = replace(ListQuery.from_url(entity, state), titles=True)
    page = browse(visit.site, visit.actor, query)
    bound = bind_list(visit, known, query, page, Address(f"/{entity}", state))
    crumbs = [Crumb(known.plural.text(visit.locale), f"/{entity}" if query.deleted else "")]
    if query.deleted:
        crumbs.append(Crumb(visit.say("bin")))
    shell = make_shell(visit, bound.title, crumbs=tuple(crumbs), current=entity)
    return html(visit, shell, "list.html", bound, part="parts/list.html")


def is_blank(name: str, value: str) -> bool:
    """Whether a form sent a filter that nobody filled in."""
    return name.startswith("f.") and not value and not name.endswith((".empty", ".not_empty"))


def url_pairs(request: AnyRequest) -> list[tuple[str, str]]:
    """The URL's parameters in order, as many as a list may take."""
    try:
        return parse_qsl(request.url.query, keep_blank_values=True, max_num_fields=FILTERS_IN_URL_MAX)
    except ValueError as error:
        raise InvalidQuery("The address has too many parameters.", code="too_many") from error


def entity_of(visit: Visit, name: str) -> Entity:
    """The entity whose page is asked for; lines and link tables have none."""
    found = visit.site.model.entities.get(name)
    if found is None or not found.root or found.links_table:
        raise NotFound(name)
    if not Access(visit.site, visit.actor).ever("read", name):
        raise NotFound(name)
    return found


def with_filter(path: str, pairs: list[tuple[str, str]]) -> str:
    """The list's address with the filter that the small form asks for: its own names never stay in the URL."""
    sent = dict(pairs)
    field, operator = sent["_filter"], sent.get("_op", "is")
    value = sent.get("_value", "").strip()
    if operator == "between":
        value = f"{value}..{sent.get('_until', '').strip()}"
    kept = [(name, text) for name, text in pairs if name not in OURS and name != "page"]
    key = f"f.{field}" if operator == "is" else f"f.{field}.{operator}"
    read_filter(key, value)
    if value not in ("", "..") or operator in ("empty", "not_empty"):
        kept.append((key, value))
    return f"{path}?{urlencode(kept, safe='.,:')}" if kept else path


def bind_list(visit: Visit, entity: Entity, query: ListQuery, page: Page, address: Address) -> ListPage:
    """The page object of one answer."""
    say, access = visit.say, Access(visit.site, visit.actor)
    plural, label = entity.plural.text(visit.locale), entity.label.text(visit.locale)
    order = query.sort if query.sort is not None else entity.list.sort
    quick = quick_filters(entity, query, access, Pickers(visit), visit)
    open_now = frozenset(one.name for one in quick)
    chips = filter_chips(entity, query, address, visit, open_now)
    may_create = access.ever("create", entity.name) and not query.deleted
    common = ListPage(
        title=say("bin_of", name=plural) if query.deleted else plural,
        path=address.path, total=total_words(page, visit), table_label=say("table_of", name=plural),
        search_label=say("search_in", name=plural), q=query.q, kept=address.kept(),
        kept_for_search=address.kept("q"), kept_for_quick=address.kept(*open_now), quick=quick,
        chips=chips, clear=address.plain("sort", "size", "deleted"),
        filter_fields=() if visit.partial else filter_fields(entity, access, Pickers(visit), visit),
        new_href=f"/{entity.name}/new" if may_create else "", new_label=say("new_record", name=label),
    )  # fmt: skip
    if access.ever("restore", entity.name):
        common = replace(
            common, bin_href=address.path if query.deleted else f"{address.path}?deleted=1",
            bin_label=say("leave_bin" if query.deleted else "bin"), bin_icon="trash",
        )  # fmt: skip
    if not page.rows:
        return nothing_to_show(visit, plural, query, common)
    first = (query.page - 1) * query.size + 1
    return replace(
        common,
        columns=columns_of(page.columns, query, order, address, visit),
        rows=rows_of(visit, entity, page),
        range=say("page_of", first=first, last=first + len(page.rows) - 1, total=common.total),
        sizes=page_sizes(query, address),
        previous=address.with_(page="") if query.page == 2 else page_href(address, query.page - 1),
        next=page_href(address, query.page + 1) if page.next is not None else "",
    )


def page_href(address: Address, number: int) -> str:
    """The address of another page; none before the first."""
    if number < 1:
        return ""
    pairs = urlencode([*address.kept(), ("page", str(number))], safe=".,:")
    return f"{address.path}?{pairs}"


def total_words(page: Page, visit: Visit) -> str:
    """How many records there are: past the bound, how many at least."""
    if page.total is None:
        return ""
    count = f"{page.total:,}"
    return count if page.total_is == "exact" else visit.say("count_at_least", count=count)


def nothing_to_show(visit: Visit, plural: str, query: ListQuery, common: ListPage) -> ListPage:
    """Why there is nothing to see, and what to do."""
    say = visit.say
    if query.q or query.filters or query.page > 1:
        return replace(
            common, empty_title=say("no_match_title"), empty_lead=say("no_match"), empty_href=common.clear,
            empty_label=say("filter_clear"),
        )  # fmt: skip
    if query.deleted:
        return replace(common, empty_title=say("bin_empty_title"), empty_lead=say("bin_empty"))
    title = say("no_records_title", name=plural.lower() if plural.isascii() else plural)
    if not common.new_href:
        return replace(common, empty_title=title, empty_lead=say("no_records_readable"))
    return replace(
        common, empty_title=title, empty_lead=say("no_records"), empty_href=common.new_href,
        empty_label=common.new_label,
    )  # fmt: skip


def rows_of(visit: Visit, entity: Entity, page: Page) -> tuple[tuple[Cell, ...], ...]:
    """The rows as cells; the first one is the way to the record."""
    painter = Painter.of(visit)
    fields = [column.field for column in page.columns]
    found = []
    for row, title in zip(page.rows, page.titles, strict=True):
        base = f"/{entity.name}/{row[0]}"
        cells = [painter.cell(field, value, base=base) for field, value in zip(fields, row[2:], strict=True)]
        found.append((linked(cells[0], base, title), *cells[1:]) if cells else (Cell("link", title, base),))
    return tuple(found)


def linked(cell: Cell, href: str, title: str) -> Cell:
    """The first cell of a row, as a link to its record."""
    return Cell("link", cell_text(cell) or title, href)


ROUTES = (Route("GET", "/{entity:str}", show_list),)
