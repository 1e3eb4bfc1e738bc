"""Lists asked for by programs, answered around the web framework's routing.

They are the most frequent request by far, and so short that finding a route, building a request and response of the
framework, and a thread's hop would each cost more than the query. Everything else goes on to the framework.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from litestar import Litestar, Request
from litestar.concurrency import sync_to_thread
from litestar.types import ASGIApp, Receive, Scope, Send

from engine.runtime import people
from engine.runtime.inquiry import Inquiry
from engine.runtime.site import Site, SiteHolder
from web.api.call import JSON, AnyRequest, caller, encode, failure, read
from web.api.reading import listing, listing_at_once
from web.problems import MEDIA_TYPE

ADDRESS: Final = re.compile(r"/api/v1/([a-z][a-z0-9_]*)")
NO_HEADERS: Final[Mapping[str, str]] = {}
ELSEWHERE: Final = frozenset({"files"})
"""An address of its own, though it looks like an entity's."""


class Direct:
    """The layer that answers them."""

    def __init__(self, app: ASGIApp, litestar: Litestar) -> None:
        self.app, self.litestar = app, litestar

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand it on."""
        asked = cast("Mapping[str, Any]", scope)
        gets = asked["type"] == "http" and asked["method"] == "GET"
        found = ADDRESS.fullmatch(asked["path"]) if gets else None
        if found is None or found[1] in ELSEWHERE:
            await self.app(scope, receive, send)
            return
        holder: SiteHolder = self.litestar.state.holder
        try:
            content = at_once(holder.site, scope, found[1])
            if content is not None:
                await respond(send, 200, content, JSON)
                return
            answer = await sync_to_thread(read, self.request(scope, receive, send, found[1]), listing)
        except Exception as error:
            refusal = failure(self.request(scope, receive, send, found[1]), error)
            await respond(send, refusal.status, encode(refusal.body()), MEDIA_TYPE, refusal.headers)
            return
        await respond(send, answer.status, answer.content or b"", answer.media_type, answer.headers)

    def request(self, scope: Scope, receive: Receive, send: Send, entity: str) -> AnyRequest:
        """The request as the framework would have made it."""
        scope["litestar_app"] = self.litestar
        scope["path_params"] = {"entity": entity}
        return Request(scope, receive, send)  # type: ignore[arg-type, unused-ignore]


def at_once(site: Site, scope: Scope, entity: str) -> bytes | None:
    """The answer, on the event loop, where it is known to take less than a thread's hop would; else None."""
    if site.database.dialect != "sqlite":
        return None
    with site.database.reading() as connection:
        actor, token = caller(scope, site, connection)
        found = listing_at_once(Inquiry.on(site, actor, connection), entity, scope["query_string"])
    if found is not None:
        people.note_use(site, token)
    return found


async def respond(
    send: Send, status: int, content: bytes, media_type: str, headers: Mapping[str, str] = NO_HEADERS
) -> None:
    """Send a whole answer."""
    sent = [(b"content-type", media_type.encode("ascii")), (b"content-length", b"%d" % len(content))]
    sent += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": content, "more_body": False})
