"""One call of the API: who asks, on which site, with what; and how its outcome becomes an answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import msgspec
import sqlalchemy as sa
from litestar import Request
from litestar.concurrency import sync_to_thread
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.response import Response
from litestar.types import HTTPScope

from engine.change import Actor, Refused
from engine.runtime import people
from engine.runtime.inquiry import Inquiry
from engine.runtime.site import Site, SiteHolder
from engine.runtime.transaction import StaleSite
from engine.store.errors import Duplicate, Occupied, StoreError, Unavailable, Undecided
from engine.store.tokens import Token
from web import problems
from web.api.body import read_draft
from web.problems import Answer

log = logging.getLogger("forme.api")

AnyRequest: TypeAlias = Request[Any, Any, Any]
JSON = "application/json"
_encoder = msgspec.json.Encoder(enc_hook=str, decimal_format="string")


@dataclass(frozen=True, slots=True)
class Found:
    """What a handler answers with when all went well."""

    value: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    """Given instead of a value: bytes that are sent as they are."""
    media_type: str = JSON


@dataclass(slots=True)
class Call:
    """One request of one caller."""

    scope: HTTPScope
    site: Site
    actor: Actor
    body: bytes = b""
    upload: Upload | None = None
    reading: Inquiry | None = None
    """Of a request that only reads: the one state of the database that its caller, too, was looked up in."""

    @property
    def inquiry(self) -> Inquiry:
        """The reading that is open."""
        assert self.reading is not None
        return self.reading

    @property
    def entity(self) -> str:
        """The entity that the address names."""
        return self.part("entity")

    @property
    def id(self) -> int:
        """The record that the address names; 0, which no record has, for what is no id."""
        text = self.part("id")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0

    def part(self, name: str) -> str:
        """A part of the address, such as the entity."""
        return str(self.scope["path_params"][name])

    def header(self, name: str) -> str | None:
        """A header of the request, by its name in small letters."""
        return header_of(self.scope, name.encode("ascii"))

    def draft(self) -> dict[str, Any]:
        """The JSON object that was sent."""
        return read_draft(self.body, self.header("content-type") or "")

    def draft_or_nothing(self) -> dict[str, Any]:
        """The same, where nothing need be sent."""
        return self.draft() if self.body.strip() else {}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent."""

    name: str
    media_type: str
    content: bytes


Handler = Callable[[Call], Found]


def reading_endpoint(handler: Handler) -> Callable[[AnyRequest], Awaitable[Response[bytes]]]:
    """A route handler around a function that only reads, in a thread."""

    async def handle(request: AnyRequest) -> Response[bytes]:
        try:
            return respond(await sync_to_thread(read, request.scope, holder_of(request), handler))
        except Exception as error:
            return answer(request, error)

    return handle


def endpoint(handler: Handler) -> Callable[[AnyRequest], Awaitable[Response[bytes]]]:
    """A route handler around a function that writes, in a thread."""

    async def handle(request: AnyRequest) -> Response[bytes]:
        try:
            body = await request.body()
            return respond(await sync_to_thread(run, request.scope, holder_of(request), handler, body))
        except Exception as error:
            return answer(request, error)

    return handle


def upload_endpoint(handler: Handler) -> Callable[[AnyRequest], Awaitable[Response[bytes]]]:
    """A route handler that takes one file as `multipart/form-data`, in a part named `file`."""

    async def handle(request: AnyRequest) -> Response[bytes]:
        try:
            # Asked before the body is read: strangers' files are not taken in.
            holder = holder_of(request)
            await sync_to_thread(authenticate, request.scope, holder.site)
            upload = await read_upload(request)
            return respond(await sync_to_thread(run, request.scope, holder, handler, b"", upload))
        except Exception as error:
            return answer(request, error)

    return handle


async def read_upload(request: AnyRequest) -> Upload | None:
    """The file in a multipart body; None when there is none. Raises Answer 415."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "multipart/form-data":
        raise Answer(415, "A file is needed", "Send `multipart/form-data`.")
    try:
        form = await request.form()
    except UnicodeDecodeError as error:
        raise Answer(400, "Bad request", "A part is not UTF-8.") from error
    sent = form.get("file")
    if not isinstance(sent, UploadFile):
        return None
    return Upload(sent.filename, sent.content_type or "application/octet-stream", await sent.read())


SCANS = (b"q=", b"where=", b"total=exact")
"""Parameters with which a list may look at every record."""


def short_here(scope: HTTPScope, site: Site) -> bool:
    """Whether this very request may run on the event loop: searches, conditions and exact counts may scan."""
    return site.database.dialect == "sqlite" and not any(word in scope["query_string"] for word in SCANS)


def read(scope: HTTPScope, holder: SiteHolder, handler: Handler) -> Found:
    """Answer a question; caller and answer come from one state of the database."""
    site = holder.site
    with site.database.reading() as connection:
        actor, token = caller(scope, site, connection)
        found = handler(Call(scope, site, actor, reading=Inquiry.on(site, actor, connection)))
    # This may be the event loop of a server, which waits for no writer.
    people.note_use(hurried(site), token)
    return found


def run(scope: HTTPScope, holder: SiteHolder, handler: Handler, body: bytes, upload: Upload | None = None) -> Found:
    """Do what is asked; once more when a newer revision was applied meanwhile."""
    for attempt in (1, 2):
        site = holder.site
        actor = authenticate(scope, site)
        try:
            return handler(Call(scope, site, actor, body, upload))
        except StaleSite:
            if attempt == 2:
                raise
            holder.refresh()
    raise AssertionError("the loop returns or raises")


def holder_of(request: AnyRequest) -> SiteHolder:
    """The holder of the site that is being served."""
    found: SiteHolder = request.app.state.holder
    return found


def run_at_once(scope: HTTPScope, site: Site, handler: Handler, body: bytes) -> Found | None:
    """The same on the event loop of a server; None, and nothing done, where it would have to wait for anybody."""
    patient, site = site, hurried(site)
    if site is patient:
        return None
    try:
        return handler(Call(scope, site, authenticate(scope, site), body))
    except (Occupied, StaleSite):
        return None


def hurried(site: Site) -> Site:
    """The site over the same database for who may not wait; itself where there is no such way."""

    def over() -> Site:
        database = site.database.without_waiting()
        return site if database is None else replace(site, database=database)

    return site.kept.get("without waiting", over)


def authenticate(scope: HTTPScope, site: Site) -> Actor:
    """Who asks; raises Answer 401."""
    with site.database.reading() as connection:
        actor, token = caller(scope, site, connection)
    people.note_use(site, token)
    return actor


def caller(scope: HTTPScope, site: Site, connection: sa.Connection) -> tuple[Actor, Token]:
    """Who holds the bearer token; raises Answer 401. Cookies are not looked at, nor is the query string."""
    kind, _, text = (header_of(scope, b"authorization") or "").partition(" ")
    found = people.actor_of_token(site, connection, text.strip()) if kind.lower() == "bearer" else None
    if found is None:
        raise problems.unauthorized()
    return found


def header_of(scope: HTTPScope, name: bytes) -> str | None:
    """A header of a request; the first, where it was sent twice."""
    return next((value.decode("latin-1") for sent, value in scope["headers"] if sent == name), None)


# ---- answers


def respond(found: Found) -> Response[bytes]:
    """A good outcome as an HTTP answer."""
    content = found.content
    if content is None:
        content = b"" if found.status == 204 else encode(found.value)
    return Response(content, status_code=found.status, headers=dict(found.headers), media_type=found.media_type)


def encode(value: Any) -> bytes:
    """JSON, decimals as strings."""
    return _encoder.encode(value)


def answer(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Whatever went wrong as a problem document."""
    found = failure(request.scope, error)
    return Response(
        encode(found.body()), status_code=found.status, headers=dict(found.headers), media_type=problems.MEDIA_TYPE
    )


def failure(scope: HTTPScope, error: Exception) -> Answer:
    """The refusal that an exception means; failures of ours are logged."""
    found = answer_for(error, str(scope.get("state", {}).get("request_id", "")))
    if found.status >= 500:
        log.error("API request failed: %s %s", scope["method"], scope["path"], exc_info=error)
    return found


def answer_for(error: Exception, request_id: str = "") -> Answer:
    """The refusal that an exception means; what is not foreseen tells nothing but the request's number."""
    match error:
        case Answer():
            return error
        case Refused():
            return problems.answer_to(error)
        case StaleSite():
            return Answer(503, "The config is being changed", headers={"Retry-After": "1"})
        case Undecided():
            return Answer(503, "It is not known whether this was stored", str(error))
        case Unavailable():
            return Answer(503, "The database cannot do this now", str(error), headers={"Retry-After": "1"})
        case Duplicate():
            return Answer(409, "Another record holds this value already")
        case StoreError():
            return Answer(503, "The database cannot be used")
        case HTTPException():
            titles = {404: "Not found", 405: "Method not allowed", 413: "Too large", 400: "Bad request"}
            if error.status_code == 404:
                return problems.not_found()
            return Answer(error.status_code, titles.get(error.status_code, "Refused"), headers=error.headers or {})
    detail = f"Something went wrong. It is logged as request {request_id}." if request_id else "Something went wrong."
    return Answer(500, "Internal error", detail)
