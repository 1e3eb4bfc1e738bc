"""Files of records: sent only to those who may read the field, and never shown in our own pages' origin."""

from __future__ import annotations

from typing import Any

from litestar.params import FromPath
from litestar.response import Response, Stream

from engine.change import NotFound
from engine.runtime.record import read_record
from engine.store import files
from web.api.files import disposition
from web.route import Route
from web.routes.listing import entity_of
from web.visit import AnyRequest, open_visit


def send_file(
    request: AnyRequest, entity: FromPath[str], id: FromPath[int], field: FromPath[str], number: FromPath[int]
) -> Response[Any]:
    """The file at this place (from 1) of a record's field, as a download."""
    visit = open_visit(request)
    known = entity_of(visit, entity)
    record = read_record(visit.site, visit.actor, entity, id)
    value = record.values.get(field)
    if field not in known.fields or known.fields[field].kind.widget != "file" or value is None:
        raise NotFound(field)
    ids = list(value) if isinstance(value, list | tuple) else [value]
    if not 1 <= number <= len(ids) or not isinstance(ids[number - 1], int):
        raise NotFound(field)
    with visit.site.database.reading() as connection:
        found = files.read(connection, visit.site.tables, [ids[number - 1]]).get(ids[number - 1])
    if found is None:
        raise NotFound(field)
    headers = {
        "Content-Disposition": disposition(found.name),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Content-Length": str(found.size),
    }
    return Stream(files.content(visit.site.files_folder, found), media_type="application/octet-stream", headers=headers)


ROUTES = (Route("GET", "/{entity:str}/{id:int}/{field:str}/{number:int}", send_file),)
