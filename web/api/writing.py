"""Making, changing, deleting, restoring, moving, copying: every handler is one call of the write path."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from engine.change import Change, Conflict, Draft, NotFound, Refused
from engine.limits import BULK_RECORDS_MAX, INTEGER_MAX
from engine.runtime.copying import copy_in
from engine.runtime.removal import delete_in, restore_in
from engine.runtime.save import save_in
from engine.runtime.session import Session
from web import problems
from web.api.call import Call, Found
from web.api.once import once
from web.api.reading import read_pairs, root_entity
from web.api.records import record_json, record_json_in
from web.problems import Answer

T = TypeVar("T")

VERSION = frozenset({"version"})
"""What the address of a deletion may say."""
_ETAG = re.compile(r'(?:W/)?"([1-9][0-9]{0,17})"')


def create(call: Call) -> Found:
    """Make a record."""
    entity = root_entity(call)
    values = call.draft()
    confirmed = read_confirm(values)
    draft = Draft(entity.name, values, confirmed=confirmed)
    return made(call, lambda session: save_in(session, draft))


def change(call: Call) -> Found:
    """Change a record that the caller has seen in this version."""
    entity = root_entity(call)
    values = call.draft()
    confirmed, version = read_confirm(values), read_version(call, values)
    draft = Draft(entity.name, values, id=call.id, version=version, confirmed=confirmed)
    return changed(call, lambda session: save_in(session, draft))


def remove(call: Call) -> Found:
    """Put a record into the recycle bin."""
    entity = root_entity(call)
    asked = next((value for name, value in read_pairs(call.scope["query_string"], VERSION)), None)
    version = read_version(call, {"version": whole(asked)} if asked is not None else {})
    with_current(call, lambda: once(call, lambda session: delete_in(session, entity.name, call.id, version)))
    return Found(status=204)


def bring_back(call: Call) -> Found:
    """Take a record out of the recycle bin."""
    entity = root_entity(call)
    refuse_words(call.draft_or_nothing())
    return changed(call, lambda session: restore_in(session, entity.name, call.id))


def move(call: Call) -> Found:
    """Move a record to another stage."""
    entity = root_entity(call)
    values = call.draft()
    confirmed, version = read_confirm(values), read_version(call, values)
    target = values.pop("to", None)
    refuse_words(values)
    if entity.stage is None:
        raise NotFound(entity.name)
    draft = Draft(entity.name, {entity.stage: target}, id=call.id, version=version, confirmed=confirmed)
    return changed(call, lambda session: save_in(session, draft))


def make_copy(call: Call) -> Found:
    """Make a new version of a record with its lines."""
    entity = root_entity(call)
    refuse_words(call.draft_or_nothing())
    return made(call, lambda session: copy_in(session, entity.name, call.id))


# ---- many at once


def bulk(call: Call) -> Found:
    """Make and change many records, each for itself; the answer tells of each row, in order.

    A row with `id` changes that record, one without makes a new one.
    """
    entity = root_entity(call)
    body = call.draft()
    items = body.pop("items", None)
    refuse_words(body)
    if not isinstance(items, list) or len(items) > BULK_RECORDS_MAX:
        raise Answer(422, "Nothing was stored", f"`items` is a list of at most {BULK_RECORDS_MAX:,} rows.")
    return Found({"items": [one_of_many(call, entity.name, item, number) for number, item in enumerate(items)]})


def one_of_many(call: Call, entity: str, item: Any, number: int) -> Mapping[str, Any]:
    """What became of one row."""
    try:
        if not isinstance(item, dict):
            raise Answer(422, "A row is an object")
        values = dict(item)
        id, version, confirmed = values.pop("id", None), values.pop("version", None), read_confirm(values)
        if id is not None and (not isinstance(id, int) or isinstance(id, bool) or not 1 <= id <= INTEGER_MAX):
            raise problems.not_found()
        if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
            raise Answer(422, "`version` is a whole number")
        draft = Draft(entity, values, id=id, version=version, confirmed=confirmed)
        done = once(call, lambda session: save_in(session, draft), row=number)
    except Refused as refusal:
        return problems.answer_to(refusal).body()
    except Answer as refusal:
        return refusal.body()
    return {"status": 201 if done.action == "created" else 200, "id": done.id, "version": done.version}


# ---- what the handlers share


def made(call: Call, work: Callable[[Session], Change]) -> Found:
    """The answer to a record that was made."""
    done, record = told(call, work)
    location = {"Location": f"/api/v1/{done.entity}/{done.id}", "ETag": f'"{done.version}"'}
    return Found(record, 201, location)


def changed(call: Call, work: Callable[[Session], Change]) -> Found:
    """The answer to a record that was changed."""
    done, record = with_current(call, lambda: told(call, work))
    return Found(record, headers={"ETag": f'"{done.version}"'})


def told(call: Call, work: Callable[[Session], Change]) -> tuple[Change, Any]:
    """What was done, and the record as the caller may now see it; who may not see what they made is told its id alone.

    The record is read in the transaction that did the work; for a request that is only repeated, as it is by now.
    """
    records: list[Any] = []

    def telling(session: Session) -> Change:
        done = work(session)
        records.append(shown(done, lambda: record_json_in(session, done.entity, done.id)))
        return done

    done = once(call, telling)
    return done, records[-1] if records else shown(done, lambda: record_json(call, done.entity, done.id))


def shown(done: Change, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The record, or no more than its id to who may not read it."""
    try:
        return read()
    except NotFound:
        return {"id": done.id, "version": done.version}


def with_current(call: Call, work: Callable[[], T]) -> T:
    """Do it; a conflict answers with the record as it is now."""
    try:
        return work()
    except Conflict as conflict:
        raise Conflict(record_json(call, call.entity, call.id)) from conflict


def read_version(call: Call, values: dict[str, Any]) -> int | None:
    """The version that the caller has seen, from `If-Match` or the body, which it is taken out of."""
    stated = values.pop("version", None)
    if stated is not None and (not isinstance(stated, int) or isinstance(stated, bool)):
        raise Answer(422, "Nothing was stored", "`version` is a whole number.")
    header = call.header("if-match")
    if header is None:
        return stated
    matched = _ETAG.fullmatch(header.strip())
    if matched is None:
        raise Answer(400, "Bad request", '`If-Match` is the record\'s version in quotes, such as "3".')
    if stated is not None and stated != int(matched[1]):
        raise Answer(400, "Bad request", "`If-Match` and `version` differ.")
    return int(matched[1])


def read_confirm(values: dict[str, Any]) -> frozenset[str]:
    """The warnings that the caller accepts, taken out of the body."""
    stated = values.pop("confirm", [])
    if not isinstance(stated, list) or not all(isinstance(check, str) for check in stated):
        raise Answer(422, "Nothing was stored", "`confirm` is a list of texts.")
    return frozenset(stated)


def refuse_words(values: Mapping[str, Any]) -> None:
    """Refuse what this request does not know."""
    if values:
        names = ({"field": name, "code": "unknown_field", "message": "There is no such field."} for name in values)
        raise Answer(422, "Nothing was stored", errors=tuple(names))


def whole(text: str) -> int | None:
    """A whole number from a URL; raises Answer 400."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise problems.bad_query("A whole number is needed.", field="version")
    return int(text)
