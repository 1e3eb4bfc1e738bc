"""What programs ask for most, answered around the web framework's routing: lists, records, and saves of one record.

These requests are so short that finding a route, building a request and response of the framework, and for a list on
SQLite a thread's hop, would each cost more than the work itself. Everything else goes on to the framework, with the
same handlers behind it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Final, cast

from litestar import Litestar
from litestar.concurrency import get_asyncio_executor
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from engine.limits import BODY_BYTES_MAX
from engine.runtime import people
from engine.runtime.dependencies import dependencies_of
from engine.runtime.inquiry import Inquiry
from engine.runtime.pace import Pace
from engine.runtime.site import Site, SiteHolder
from web.api import reading, writing
from web.api.call import Found, Handler, caller, encode, failure, header_of, hurried, read, run, run_at_once, short_here
from web.problems import MEDIA_TYPE, Answer

ADDRESS: Final = re.compile(r"/api/v1/([a-z][a-z0-9_]*)(?:/([0-9]+))?")
NO_HEADERS: Final[Mapping[str, str]] = {}
ELSEWHERE: Final = frozenset({"files"})
"""An address of its own, though it looks like an entity's."""
READ: Final[Mapping[tuple[str, bool], Handler]] = {("GET", False): reading.listing, ("GET", True): reading.one}
"""By method, and whether one record is meant."""
WRITTEN: Final[Mapping[tuple[str, bool], Handler]] = {("POST", False): writing.create, ("PATCH", True): writing.change}

QUICK_SECONDS: Final = 0.002
"""What a save may take that does without a thread of its own."""
QUICK_BYTES: Final = 20_000
"""How large a body such a save may have."""


class Disconnected(Exception):
    """Whoever asked has gone: there is nobody to answer."""


class Direct:
    """The layer that answers them."""

    def __init__(self, app: ASGIApp, litestar: Litestar) -> None:
        self.app, self.litestar = app, litestar

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        asked = cast("HTTPScope", scope)
        found = ADDRESS.fullmatch(scope["path"]) if scope["type"] == ScopeType.HTTP else None
        kind = (str(asked["method"]), found[2] is not None) if found is not None else ("", False)
        if found is None or found[1] in ELSEWHERE or not (kind in READ or kind in WRITTEN):
            await self.app(scope, receive, send)
            return
        asked["path_params"] = {"entity": found[1], "id": found[2]}
        try:
            answer = await self.answer(asked, receive, kind)
            content = encode(answer.value) if answer.content is None else answer.content
        except Disconnected:
            return
        except Exception as error:
            refusal = failure(asked, error)
            await send_whole(send, refusal.status, encode(refusal.body()), MEDIA_TYPE, refusal.headers)
            return
        await send_whole(send, answer.status, content, answer.media_type, answer.headers)

    async def answer(self, scope: HTTPScope, receive: Receive, kind: tuple[str, bool]) -> Found:
        """What the handler answers with, on the event loop where that is over at once."""
        holder: SiteHolder = self.litestar.state.holder
        in_thread, executor = asyncio.get_running_loop().run_in_executor, get_asyncio_executor()
        handler = READ.get(kind)
        if handler is None:
            body = await read_body(scope, receive)
            pace = pace_of(holder.site, scope, body)
            started = time.perf_counter()
            found = run_at_once(scope, holder.site, WRITTEN[kind], body) if pace.quick else None
            if found is None:
                found = await in_thread(executor, run, scope, holder, WRITTEN[kind], body)
            pace.seconds = time.perf_counter() - started
            return found
        site = holder.site
        if handler is reading.listing:
            content = at_once(site, scope)
            if content is not None:
                return Found(content=content)
        elif short_here(scope, site):
            return read(scope, holder, handler)
        return await in_thread(executor, read, scope, holder, handler)


def pace_of(site: Site, scope: HTTPScope, body: bytes) -> Pace:
    """The pace of saves such as this one."""
    if len(body) > QUICK_BYTES or header_of(scope, b"idempotency-key") is not None:
        return Pace(QUICK_SECONDS)
    name = scope["path_params"]["entity"]
    if name not in site.model.entities:
        # Whoever asks is not known yet: strangers leave nothing behind.
        return Pace(QUICK_SECONDS)
    return site.kept.get(("pace", name), lambda: Pace(QUICK_SECONDS, stands_alone(site, name)))


def stands_alone(site: Site, name: str) -> bool:
    """Whether saves of an entity touch the record alone: no lines, no figures of others, nothing looked up."""
    entity = site.model.entities[name]
    asked = site.model.asked_by_saves(entity)
    return not (entity.lines() or dependencies_of(site).pushes(name) or any(one.looks_up for one in asked))


def at_once(site: Site, scope: HTTPScope) -> bytes | None:
    """A list, on the event loop, where it is known to take less than a thread's hop would; else None."""
    if site.database.dialect != "sqlite":
        return None
    with site.database.reading() as connection:
        actor, token = caller(scope, site, connection)
        inquiry = Inquiry.on(site, actor, connection)
        found = reading.listing_at_once(inquiry, scope["path_params"]["entity"], scope["query_string"])
    if found is not None:
        people.note_use(hurried(site), token)
    return found


async def read_body(scope: HTTPScope, receive: Receive) -> bytes:
    """The whole body; raises Answer 413 for one that is too large."""
    stated = header_of(scope, b"content-length") or ""
    size, parts, more = 0, [], True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Disconnected
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > BODY_BYTES_MAX or (stated.isascii() and stated.isdigit() and int(stated) > BODY_BYTES_MAX):
            raise Answer(413, "Too large")
    return b"".join(parts)


async def send_whole(
    send: Send, status: int, content: bytes, media_type: str, headers: Mapping[str, str] = NO_HEADERS
) -> None:
    """Send an answer in one piece."""
    sent = [(b"content-type", media_type.encode("ascii")), (b"content-length", b"%d" % len(content))]
    sent += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": content, "more_body": False})
