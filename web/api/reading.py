"""Lists, records and explained figures: every handler is one call of the read path."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl

from engine.change import InvalidQuery, NotFound
from engine.model import Entity
from engine.runtime.access import Access
from engine.runtime.inquiry import Inquiry
from engine.runtime.listing import ListQuery
from engine.runtime.question import Question
from engine.runtime.record import read_record_in
from engine.runtime.site import Site
from web.api.call import Call, Found, encode
from web.api.page import page_json
from web.api.records import as_json
from web.openapi import document_for

PARAMETERS = frozenset({"where", "q", "sort", "fields", "page", "size", "after", "total"})
"""What a list may be asked. Filters as `f.stage=won` are the pages' own."""


def listing(call: Call) -> Found:
    """Some records of an entity."""
    entity = root_entity(call)
    query = read_query(call.site, entity.name, call.scope["query_string"])
    return Found(content=page_json(Question.read(call.inquiry, query)))


def listing_at_once(inquiry: Inquiry, entity: str, query_string: bytes) -> bytes | None:
    """The same where it is known to be over at once; None where it may take a while."""
    known = known_root(inquiry.site, inquiry.access, entity)
    question = Question.known(inquiry, read_query(inquiry.site, known.name, query_string))
    return page_json(question) if question is not None and question.plan.pace.quick else None


def read_query(site: Site, entity: str, query_string: bytes) -> ListQuery:
    """The question that an address asks: the same for whoever asks it."""
    if b"after=" in query_string or b"q=" in query_string:
        # Each of these is asked but once: kept, they would put away what is asked again and again.
        return make_query(entity, query_string)
    return site.kept.get(("api-query", entity, query_string), lambda: make_query(entity, query_string))


def make_query(entity: str, query_string: bytes) -> ListQuery:
    """Read the address; raises InvalidQuery."""
    query = ListQuery.from_url(entity, read_pairs(query_string), source="json")
    if query.fields is None:
        return query
    # Every row has its id and version; a field stands there once.
    names = dict.fromkeys(name for name in query.fields if name not in ("id", "version"))
    return replace(query, fields=tuple(names))


def read_pairs(query_string: bytes, known: frozenset[str] = PARAMETERS) -> list[tuple[str, str]]:
    """The URL's parameters; raises InvalidQuery for one that is unknown, given twice or not text."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise InvalidQuery("The address cannot be read.") from error
    names = [name for name, _ in pairs]
    for name, value in pairs:
        if name not in known:
            raise InvalidQuery("There is no such parameter.", field=name[:40], code="unknown_parameter")
        if names.count(name) > 1:
            raise InvalidQuery("This parameter is given twice.", field=name)
        if "\x00" in value:
            raise InvalidQuery("This cannot be read.", field=name)
    return pairs


def root_entity(call: Call) -> Entity:
    """The entity that the address names; raises NotFound for a line's, and for one that the caller may not know."""
    access = Access(call.site, call.actor) if call.reading is None else call.reading.access
    return known_root(call.site, access, call.entity)


def known_root(site: Site, access: Access, name: str) -> Entity:
    """The same for a name."""
    entity = site.model.entities.get(name)
    if entity is None or not entity.root or entity.links_table:
        raise NotFound(name)
    if not access.ever("read", entity.name) and not access.ever("create", entity.name):
        raise NotFound(name)
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
