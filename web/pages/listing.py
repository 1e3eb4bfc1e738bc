"""The list page: columns, rows of cells, filters as chips, order and pages as links. The URL holds all state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from engine.model import Entity, Field
from engine.runtime import browse
from engine.runtime.access import Access
from engine.runtime.listing import Filter, ListQuery
from web.pages.cells import Cell, Painter, column_css
from web.pages.controls import Option
from web.pages.pickers import Pickers
from web.visit import Visit

SIZES = (25, 50, 100)
RANGED = frozenset({"number", "date", "datetime"})
INPUTS = {"date": "date", "datetime": "datetime-local", "time": "time"}
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One column's heading."""

    label: str
    css: str
    href: str = ""
    sorted: str = ""
    """For aria-sort; empty when the list is not sorted by it."""
    arrow: str = ""


@dataclass(frozen=True, slots=True)
class FilterChip:
    """One filter that is on, as words, with the way to take it off."""

    label: str
    operator: str
    value: str
    remove: str
    remove_label: str


@dataclass(frozen=True, slots=True)
class FilterField:
    """One field that may be filtered by."""

    name: str
    label: str
    operators: tuple[Option, ...]
    options: tuple[Option, ...]
    input: str
    ranged: bool


@dataclass(frozen=True, slots=True)
class QuickFilter:
    """One filter that stands open beside the search."""

    name: str
    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class PageSize:
    """A choice of how many rows a page has."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """All that list.html may use."""

    title: str
    path: str
    total: str
    table_label: str
    search_label: str
    q: str
    kept: Pairs
    """The URL's state without the page, for forms that add a filter."""
    kept_for_search: Pairs
    kept_for_quick: Pairs = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    chips: tuple[FilterChip, ...] = ()
    filter_fields: tuple[FilterField, ...] = ()
    quick: tuple[QuickFilter, ...] = ()
    clear: str = ""
    range: str = ""
    sizes: tuple[PageSize, ...] = ()
    previous: str = ""
    next: str = ""
    new_href: str = ""
    new_label: str = ""
    bin_href: str = ""
    bin_label: str = ""
    bin_icon: str = ""
    empty_title: str = ""
    empty_lead: str = ""
    empty_href: str = ""
    empty_label: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """The list's URL, with parts replaced."""

    path: str
    pairs: Pairs

    def with_(self, **changes: str) -> str:
        """The URL with these parameters set (or, given empty, left out), from its first page."""
        kept = [(name, value) for name, value in self.pairs if name not in changes and name != "page"]
        kept += [(name, value) for name, value in changes.items() if value]
        return self._url(kept)

    def without(self, index: int) -> str:
        """The URL without the filter at this place."""
        return self._url(pair for at, pair in enumerate(self.pairs) if at != index and pair[0] != "page")

    def plain(self, *names: str) -> str:
        """The URL with only these parameters left."""
        return self._url(pair for pair in self.pairs if pair[0] in names)

    def kept(self, *names: str) -> Pairs:
        """The parameters that a form repeats, without these and the page."""
        return tuple(pair for pair in self.pairs if pair[0] not in names and pair[0] != "page")

    def _url(self, pairs: Iterable[tuple[str, str]]) -> str:
        text = urlencode(list(pairs), safe=".,:")
        return f"{self.path}?{text}" if text else self.path


def columns_of(
    shown: Sequence[browse.Column], query: ListQuery, order: Sequence[str], address: Address, visit: Visit
) -> tuple[Column, ...]:
    """Headings; each sortable one goes up, then down, then back to the list's own order."""
    first = order[0] if order else ""
    found = []
    for column in shown:
        field = column.field
        label, css = field.label.text(visit.locale), column_css(field)
        if query.deleted or column.masked or not field.kind.sortable:
            found.append(Column(label, css))
            continue
        up, down = first == field.name, first == f"-{field.name}"
        following = f"-{field.name}" if up else ("" if down else field.name)
        found.append(
            Column(
                label, css, address.with_(sort=following), "ascending" if up else "descending" if down else "",
                "arrow-up" if up else "arrow-down" if down else "",
            )
        )  # fmt: skip
    return tuple(found)


def quick_filters(entity: Entity, query: ListQuery, access: Access, pickers: Pickers, visit: Visit,
                  ) -> tuple[QuickFilter, ...]:  # fmt: skip
    """The filters that the config names for this list and that a choice is made from."""
    given = {one.field: str(one.raw[0]) for one in query.filters if one.operator == "is" and one.raw}
    found = []
    for name in entity.list.filters:
        field = entity.fields[name]
        options = filter_options(field, pickers, visit) if access.reading(entity.name, name).open else ()
        if options:
            chosen = tuple(Option(one.value, one.label, one.value == given.get(name)) for one in options)
            found.append(QuickFilter(f"f.{name}", field.label.text(visit.locale), chosen))
    return tuple(found)


def filter_chips(
    entity: Entity, query: ListQuery, address: Address, visit: Visit, shown: frozenset[str] = frozenset()
) -> tuple[FilterChip, ...]:
    """The filters that are on, but for those that `shown` quick filters say already."""
    chips = []
    at = [index for index, (name, _) in enumerate(address.pairs) if name.startswith("f.")]
    for index, one in zip(at, query.filters, strict=True):
        field = entity.fields.get(one.field)
        if field is None or (one.operator == "is" and f"f.{one.field}" in shown):
            continue
        label = field.label.text(visit.locale)
        chips.append(
            FilterChip(
                label, operator_word(field, one.operator, visit), filter_value(field, one, visit),
                address.without(index), visit.say("filter_remove", name=label),
            )
        )  # fmt: skip
    return tuple(chips)


def operator_word(field: Field, operator: str, visit: Visit) -> str:
    """The operator for people: dates are before and after, not less and more."""
    if field.kind.widget in ("date", "datetime") and operator in ("less", "at_most", "more", "at_least"):
        return visit.say(f"op.date.{operator}")
    return visit.say(f"op.{operator}")


def filter_value(field: Field, one: Filter, visit: Visit) -> str:
    """What a filter compares with, as words."""
    painter, words = Painter.of(visit), []
    choices, target = getattr(field.kind, "choices", {}), field.kind.target()
    for raw in one.raw:
        text = str(raw)
        if text in choices:
            words.append(painter.chip(field, text).label)
        elif target is not None:
            words.append(visit.say("me") if text == "me" else Pickers(visit).title(target, text))
        elif field.kind.widget == "checkbox":
            words.append(visit.say("yes" if text.lower() in ("true", "1") else "no"))
        else:
            words.append(text)
    return (" – " if one.operator == "between" else ", ").join(words)


def filter_fields(entity: Entity, access: Access, pickers: Pickers, visit: Visit) -> tuple[FilterField, ...]:
    """The fields of the entity that this person may filter by."""
    found = []
    for field in entity.fields.values():
        wanted = (not field.system or field.name == entity.stage) and field.kind.operators and field.kind.expressible
        if not wanted or not access.reading(entity.name, field.name).open:
            continue
        operators = tuple(Option(name, operator_word(field, name, visit)) for name in field.kind.operators)
        found.append(
            FilterField(
                field.name, field.label.text(visit.locale), operators, filter_options(field, pickers, visit),
                INPUTS.get(field.kind.widget, "text"), "between" in field.kind.operators,
            )
        )  # fmt: skip
    return tuple(found)


def filter_options(field: Field, pickers: Pickers, visit: Visit) -> tuple[Option, ...]:
    """The values that may be chosen; empty where they are typed."""
    choices = getattr(field.kind, "choices", None)
    if choices:
        return tuple(Option(name, choice.label.text(visit.locale) or name) for name, choice in choices.items())
    if field.kind.widget == "checkbox":
        return (Option("true", visit.say("yes")), Option("false", visit.say("no")))
    target = field.kind.target()
    if target is not None:
        return tuple(Option(id, title) for id, title in pickers.listed(target).options)
    return ()


def page_sizes(query: ListQuery, address: Address) -> tuple[PageSize, ...]:
    """25, 50 or 100 rows."""
    return tuple(PageSize(str(size), address.with_(size=str(size)), size == query.size) for size in SIZES)
