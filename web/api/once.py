"""`Idempotency-Key`: the same request sent twice is carried out once.

The outcome is stored in the transaction that did the work, so it is there if and only if the work is. What is kept
is which record came of it, not its content: a repeated request reads the record anew, with the rights of that moment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from engine.change import Change
from engine.runtime.session import Session
from engine.runtime.transaction import in_transaction
from engine.store import idempotency
from engine.store.errors import Undecided
from engine.store.idempotency import Answer as Kept
from engine.store.idempotency import InProgress, KeyReused
from web.api.call import Call
from web.problems import Answer

_KEY: Final = re.compile(r"[!-~]{1,100}")


def once(call: Call, work: Callable[[Session], Change], *, row: int | None = None) -> Change:
    """Do the work in a transaction; with an Idempotency-Key only the first time. `row` is one of many in a request."""
    key = read_key(call)
    if key is None:
        return in_transaction(call.site, call.actor, work)
    key = key if row is None else f"{key}#{row}"
    who, route = f"user:{call.actor.user}", f"{call.scope['method']} {call.scope['path']}"
    tables = call.site.tables
    try:
        with call.site.database.writing() as connection:
            kept = idempotency.begin(connection, tables, who, route, key, call.body, call.site.now())
    except InProgress as busy:
        raise Answer(409, "Being worked on", "The first request with this key has not ended.") from busy
    except KeyReused as reused:
        raise Answer(422, "Nothing was stored", "This Idempotency-Key was sent with another body.") from reused
    if kept is not None:
        return read_change(kept.body)

    def keeping(session: Session) -> Change:
        done = work(session)
        idempotency.finish(
            session.connection, tables, who, route, key, Kept(status=200, headers="", body=write_change(done))
        )
        return done

    try:
        return in_transaction(call.site, call.actor, keeping)
    except Undecided:
        # The key stays taken: if the work was stored, so was its answer; if not, the key is free again after a while.
        raise
    except BaseException:
        # Nothing was stored: the request may be mended and sent again under the same key.
        with call.site.database.writing() as connection:
            idempotency.abandon(connection, tables, who, route, key)
        raise


def read_key(call: Call) -> str | None:
    """The key that was sent; raises Answer 400 for one that cannot be one."""
    key = call.header("idempotency-key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Answer(400, "Bad request", "`Idempotency-Key` is 1 to 100 visible ASCII characters.")
    return key


def write_change(done: Change) -> str:
    """A change as text."""
    return json.dumps([done.entity, done.id, done.version, done.action])


def read_change(text: str) -> Change:
    """The change that `write_change` wrote down."""
    entity, id, version, action = json.loads(text)
    return Change(entity, id, version, action)
