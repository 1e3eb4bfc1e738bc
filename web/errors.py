"""What a person sees when something is refused or goes wrong: never a traceback, always the request's number."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar.exceptions import HTTPException, PermissionDeniedException
from litestar.response import Response

from engine.change import Conflict, Forbidden, InvalidQuery, InvalidRecord, NotFound, VersionRequired
from engine.runtime.transaction import StaleSite
from engine.store.errors import Duplicate, StoreError, Unavailable
from engine.store.files import Missing
from web.api import call
from web.pages.shell import make_shell
from web.render import html, see
from web.routes.login import ACCOUNT, door_again
from web.security import SAFE_METHODS
from web.visit import AnyRequest, PasswordNeeded, SignInNeeded, Visit, open_door, open_visit
from web.words import WORDS

log = logging.getLogger("forme.web")


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """All that error.html may use."""

    title: str
    lead: str
    detail: str
    request_id: str
    signed_in: bool


STATUS: dict[type[Exception], int] = {
    NotFound: 404,
    Forbidden: 403,
    InvalidQuery: 400,
    InvalidRecord: 422,
    Conflict: 409,
    VersionRequired: 409,
    Duplicate: 409,
    StaleSite: 503,
    Missing: 410,
    StoreError: 503,
}


def answer_error(request: AnyRequest, error: Exception) -> Response[Any]:
    """The answer to any request that did not come to its own end."""
    if request.url.path.startswith("/api/"):
        return call.answer(request, error)
    if isinstance(error, SignInNeeded):
        return ask_to_sign_in(request)
    if isinstance(error, PasswordNeeded):
        return send_on(request, ACCOUNT)
    status = status_of(error)
    if status >= 500:
        log.error("request %s failed", request_id(request), exc_info=error)
    return error_page(request, status, key=key_of(error, status), detail=detail_of(error))


def status_of(error: Exception) -> int:
    """The HTTP status of an error."""
    if isinstance(error, HTTPException):
        return error.status_code
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def key_of(error: Exception, status: int) -> str:
    """The words for an error, by its status unless it has its own."""
    if isinstance(error, PermissionDeniedException):
        return "error.csrf"
    if isinstance(error, Unavailable) and not error.retry:
        return "error.store"
    if f"error.{status}" in WORDS:
        return f"error.{status}"
    return "error.500" if status >= 500 else "error.400"


def detail_of(error: Exception) -> str:
    """What an error says to the person besides its kind."""
    if isinstance(error, InvalidQuery):
        return error.message
    if isinstance(error, InvalidRecord):
        return " ".join(found.message for found in error.errors)
    return ""


def error_page(request: AnyRequest, status: int, *, key: str = "", detail: str = "") -> Response[Any]:
    """A whole page that says what went wrong, in the person's language."""
    visit = visitor(request)
    key = key or f"error.{status}"
    page = ErrorPage(
        visit.say(key), visit.say(f"{key}.lead"), detail, request_id(request), signed_in=visit.actor.user is not None
    )
    return html(visit, make_shell(visit, page.title), "error.html", page, status=status)


def visitor(request: AnyRequest) -> Visit:
    """Who asks, signed in or not."""
    try:
        return open_visit(request)
    except Exception:
        # Whatever broke must not break the page that reports it.
        return open_door(request)


def ask_to_sign_in(request: AnyRequest) -> Response[Any]:
    """To the sign-in page, and from there back to the page that was asked for."""
    path = request.url.path
    if request.method in SAFE_METHODS and request.url.query:
        path = f"{path}?{request.url.query}"
    target = f"/login?next={quote(path, safe='/')}"
    kept = request.method not in SAFE_METHODS and "posted" in request.scope["state"]
    if kept and request.headers.get("hx-request") != "true":
        return door_again(request)
    return send_on(request, target)


def send_on(request: AnyRequest, target: str) -> Response[Any]:
    """To another page; htmx, which would put that page into a part of this one, is told to leave the page."""
    if request.headers.get("hx-request") == "true":
        return Response(b"", status_code=401, media_type="text/plain", headers={"HX-Redirect": target})
    return see(target)


def request_id(request: AnyRequest) -> str:
    """The number under which the log knows this request."""
    return str(request.scope["state"].get("request_id", ""))
