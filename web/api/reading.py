"""Lists, records and explained figures: every handler is one call of the read path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from engine.change import InvalidQuery, NotFound
from engine.model import Entity
from engine.runtime.access import Access
from engine.runtime.browse import Column, ListQuery, Page, browse_in
from engine.runtime.record import read_record_in
from engine.runtime.site import Site
from engine.runtime.titles import Linked
from web.api.call import Call, Found, encode
from web.api.records import as_json, value_json
from web.openapi import document_for

PARAMETERS = frozenset({"where", "q", "sort", "fields", "page", "size", "after", "total"})
"""What a list may be asked. Filters as `f.stage=won` are the pages' own."""
ToJson = Callable[[Any], Any]


def listing(call: Call) -> Found:
    """Some records of an entity."""
    entity = root_entity(call)
    pairs = read_pairs(call.request.scope["query_string"])
    query = ListQuery.from_url(entity.name, pairs, source="json")
    if query.fields is not None:
        # Every row has its id and version; a field stands there once.
        names = dict.fromkeys(name for name in query.fields if name not in ("id", "version"))
        query = replace(query, fields=tuple(names))
    page = browse_in(call.inquiry, query)
    return Found(content=page_json(call.site, page))


def read_pairs(query_string: bytes) -> list[tuple[str, str]]:
    """The URL's parameters; raises InvalidQuery for one that is unknown, given twice or not text."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise InvalidQuery("The address cannot be read.") from error
    names = [name for name, _ in pairs]
    for name, value in pairs:
        if name not in PARAMETERS:
            raise InvalidQuery("There is no such parameter.", field=name[:40], code="unknown_parameter")
        if names.count(name) > 1:
            raise InvalidQuery("This parameter is given twice.", field=name)
        if "\x00" in value:
            raise InvalidQuery("This cannot be read.", field=name)
    return pairs


def page_json(site: Site, page: Page) -> bytes:
    """A page of a list as JSON."""
    names = ("id", "version", *(column.name for column in page.columns))
    # One shape for each set of columns: making its rows costs a third of making dicts.
    make = site.kept.get(("api-row", names), lambda: msgspec.defstruct("Row", names))
    converters = [(index, to_json) for index, column in enumerate(page.columns, 2) if (to_json := converter(column))]
    body: dict[str, Any] = {
        "items": [make(*row) for row in converted(page.rows, converters)],
        "page": page.page,
        "size": page.size,
    }
    if page.total is not None:
        body["total"] = page.total
        if page.total_is == "at_least":
            body["total_is"] = "at_least"
    if page.next is not None:
        body["next"] = page.next
    return encode(body)


def converted(rows: Sequence[Sequence[Any]], converters: Sequence[tuple[int, ToJson]]) -> Sequence[Sequence[Any]]:
    """The rows with the values of some columns as JSON has them."""
    if not converters:
        return rows
    found = []
    for row in rows:
        values = list(row)
        for index, to_json in converters:
            if values[index] is not None:
                values[index] = to_json(values[index])
        found.append(values)
    return found


PLAIN = frozenset({"text", "long_text", "integer", "boolean", "choice", "stage", "date", "decimal", "money", "percent"})
"""Kinds whose stored values the encoder writes as `to_json` would: text, whole numbers, ISO dates, exact decimals."""


def converter(column: Column) -> ToJson | None:
    """How the values of a column become JSON; None where the encoder needs no help."""
    kind = column.field.kind
    if not column.masked and kind.key in PLAIN:
        return None
    if not column.masked and kind.target() is not None and kind.expression_type().kind == "record":
        return plain_link
    return partial(value_json, column.field)


def plain_link(linked: Linked) -> dict[str, Any]:
    """A link to a record of one entity."""
    return {"id": linked[1], "title": linked[2]}


def root_entity(call: Call) -> Entity:
    """The entity that the address names; raises NotFound for a line's, and for one that the caller may not know."""
    entity = call.site.model.entities.get(call.entity)
    if entity is None or not entity.root or entity.links_table:
        raise NotFound(call.entity)
    access = Access(call.site, call.actor) if call.reading is None else call.reading.access
    if not access.ever("read", entity.name) and not access.ever("create", entity.name):
        raise NotFound(call.entity)
    return entity


def one(call: Call) -> Found:
    """One record."""
    found = as_json(read_record_in(call.inquiry, root_entity(call).name, call.id))
    return Found(found, headers={"ETag": f'"{found["version"]}"'})


def openapi(call: Call) -> Found:
    """What this caller may use, described."""
    content = call.site.kept.get(
        ("openapi-bytes", Access(call.site, call.actor).key, call.actor.locale),
        lambda: encode(document_for(call.site, Access(call.site, call.actor))),
    )
    return Found(content=content)
