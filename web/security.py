"""What every request must pass and every answer must carry: known host, safe headers, forged-form check.

The CSRF token is an HMAC over the id of the session that the form belongs to, so that no token of one session is
good for another; beside it the browser's own word (Sec-Fetch-Site, Origin) is asked.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""No inline script or style and no eval, anywhere."""

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
ALWAYS = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())
HTTPS_ONLY = (b"strict-transport-security", b"max-age=31536000")
UNSTORED = ((b"cache-control", b"no-store"), (b"vary", b"Cookie, HX-Request"))
"""What stands on all answers but the built assets."""
EVERY_PAGE = (*ALWAYS, *UNSTORED)
OURS = frozenset(name for name, _ in (*EVERY_PAGE, HTTPS_ONLY))
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the product is reached."""

    hosts: tuple[str, ...] = LOCAL_HOSTS
    """Host names that requests may ask for, without port; `*` allows any."""
    https: bool = False
    """Whether browsers reach it by https: cookies become Secure and take the `__Host-` prefix."""
    proxies: frozenset[str] = frozenset()
    """Addresses of proxies whose X-Forwarded-For is believed."""

    @property
    def session_cookie(self) -> str:
        """The name of the cookie that holds the session's id."""
        return "__Host-forme" if self.https else "forme"

    @property
    def visitor_cookie(self) -> str:
        """The name of the cookie that ties the sign-in form to its visitor."""
        return "__Host-forme-visitor" if self.https else "forme-visitor"

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names one of ours."""
        if "*" in self.hosts:
            return bool(host)
        name, colon, port = (host, "", "") if host.endswith("]") else host.rpartition(":")
        if not colon:
            return host.lower() in self.hosts
        return name.lower() in self.hosts and port.isascii() and port.isdigit()


def new_secret() -> str:
    """An id that nobody can guess."""
    return secrets.token_urlsafe(32)


def csrf_token(key: bytes, session: str) -> str:
    """The token that forms of this session carry."""
    return hmac.new(key, b"csrf:" + session.encode(), sha256).hexdigest()


def token_fits(key: bytes, session: str, token: str) -> bool:
    """Whether a sent token belongs to the session."""
    return bool(session) and hmac.compare_digest(csrf_token(key, session).encode(), token.encode())


def same_site(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that an unsafe request comes from our own pages.

    Clients that send neither header (scripts, old browsers) are left to the token.
    """
    site = headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def local_path(path: str) -> str:
    """Where to go next: the path when it is one of our own pages, else the home page."""
    if not path.startswith("/") or path.startswith(("//", "/\\")):
        return "/"
    if any(ord(character) < 0x21 or character == "\\" for character in path):
        return "/"
    parts = urlsplit(path)
    return "/" if parts.scheme or parts.netloc or not path.isascii() else path


def address_of(client: str, forwarded: str, settings: Settings) -> str:
    """The address of who asks: the last one that no trusted proxy vouches for itself."""
    if client not in settings.proxies:
        return client
    for address in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if address not in settings.proxies:
            return address
    return client


class Gate:
    """The outermost layer: refuses strange hosts, numbers the request, adds headers to every answer."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app, self.settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(6)
        scope.setdefault("state", {})["request_id"] = request_id
        static = scope["path"].startswith("/static/")

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_headers(message, request_id=request_id, static=static, https=self.settings.https)
            await send(message)

        host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
        if not self.settings.knows_host(host):
            await refuse_host(send_guarded)
            return
        await self.app(scope, receive, send_guarded)


def add_headers(message: Message, *, request_id: str, static: bool, https: bool) -> None:
    """Put the headers that every answer carries on this one; a header already set stays."""
    assert message["type"] == "http.response.start"
    sent = message.get("headers", ())
    present = {name.lower() for name, _ in sent}
    wanted = ALWAYS if static else EVERY_PAGE
    if https:
        wanted = (*wanted, HTTPS_ONLY)
    more = wanted if present.isdisjoint(OURS) else [pair for pair in wanted if pair[0] not in present]
    message["headers"] = [*sent, *more, (b"x-request-id", request_id.encode())]


async def refuse_host(send: Send) -> None:
    """Answer a request for a host that is not ours."""
    body = b"This address is not served here.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 400, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
