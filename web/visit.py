"""One request of one person: the site it began with, who asks, in which language, and what was posted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from litestar import Request
from litestar.exceptions import PermissionDeniedException

from engine.change import NOBODY, Actor, NotFound
from engine.kinds import Shower
from engine.limits import INTEGER_MAX
from engine.runtime import signin
from engine.runtime.site import Site, SiteHolder
from web import words
from web.posted import Posted, read_posted
from web.security import SAFE_METHODS, Settings, address_of, csrf_token, same_site, token_fits

AnyRequest: TypeAlias = Request[Any, Any, Any]
CSRF_FIELD = "_csrf"
CSRF_HEADER = "x-csrf-token"
SIGN_IN, SETUP = "/login", "/-/setup/"
"""Pages of people who are not signed in; their forms belong to a visitor, never to a session."""


class SignInNeeded(Exception):
    """The page needs a signed-in person."""


class PasswordNeeded(Exception):
    """The page needs a person with a password of their own; this one still has what somebody gave them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who asks for what, from start to end of one request."""

    request: AnyRequest
    site: Site
    settings: Settings
    session: str = ""
    """The session's id, or the visitor's on the sign-in page."""
    actor: Actor = NOBODY
    theme: str = "auto"
    must_change: bool = False
    """Whether the person has yet to choose a password of their own."""
    posted: Posted = field(default_factory=Posted)

    @property
    def locale(self) -> str:
        """The language of the page."""
        return self.actor.locale

    @property
    def partial(self) -> bool:
        """Whether htmx asks for a part of the page."""
        headers = self.request.headers
        return headers.get("hx-request") == "true" and headers.get("hx-boosted") != "true"

    @property
    def csrf(self) -> str:
        """The token that this visitor's forms carry."""
        return csrf_token(self.site.key, self.session) if self.session else ""

    @property
    def shower(self) -> Shower:
        """How values are shown to this person."""
        return Shower(self.locale, self.actor.timezone, self.site.model.app.currency)

    @property
    def address(self) -> str:
        """The network address of who asks."""
        return client_address(self.request)

    def say(self, key: str, **details: object) -> str:
        """One of the pages' own words in the person's language."""
        return words.say(self.locale, key, **details)


def open_visit(request: AnyRequest) -> Visit:
    """The signed-in person's visit. Raises SignInNeeded when there is no living session, and PasswordNeeded."""
    visit = open_session(request)
    if visit.must_change:
        raise PasswordNeeded
    return visit


def open_session(request: AnyRequest) -> Visit:
    """The same for the few pages that answer before a given password is changed. Raises SignInNeeded."""
    site, settings = site_of(request), settings_of(request)
    session = request.cookies.get(settings.session_cookie, "")
    found = signin.actor_of_session(site, session) if session else None
    if found is None:
        raise SignInNeeded
    return Visit(
        request=request, site=site, settings=settings, session=session, actor=found.actor, theme=found.theme,
        must_change=found.must_change, posted=posted_of(request),
    )  # fmt: skip


def open_door(request: AnyRequest) -> Visit:
    """The visit of one who need not be signed in: the sign-in page and errors."""
    site, settings = site_of(request), settings_of(request)
    actor = Actor(user=None, locale=guess_locale(request, site), timezone=site.model.app.timezone)
    visitor = request.cookies.get(settings.visitor_cookie, "")
    return Visit(request=request, site=site, settings=settings, session=visitor, actor=actor, posted=posted_of(request))


def guess_locale(request: AnyRequest, site: Site) -> str:
    """The first language that the browser prefers and the firm has, else the firm's own."""
    app = site.model.app
    for part in request.headers.get("accept-language", "").split(","):
        wanted = part.split(";")[0].strip().lower()
        for known in app.locales:
            if wanted and known.lower().split("-")[0] == wanted.split("-")[0]:
                return known
    return app.locale


def site_of(request: AnyRequest) -> Site:
    """The site that this request began with, whatever is applied meanwhile."""
    state = request.scope["state"]
    if "site" not in state:
        holder: SiteHolder = request.app.state.holder
        state["site"] = holder.site
    found: Site = state["site"]
    return found


def settings_of(request: AnyRequest) -> Settings:
    """How the product is reached."""
    found: Settings = request.app.state.settings
    return found


def posted_of(request: AnyRequest) -> Posted:
    """The form that `guard_forms` read for this request."""
    found: Posted = request.scope["state"].get("posted", Posted())
    return found


def client_address(request: AnyRequest) -> str:
    """The network address of who asks; proxies' word is taken only from proxies that are trusted."""
    client = request.client.host if request.client else ""
    return address_of(client, request.headers.get("x-forwarded-for", ""), settings_of(request))


async def guard_forms(request: AnyRequest) -> None:
    """Read what is posted, and refuse it unless it comes from one of our own forms of this very session.

    No address names a record past the last possible id.
    """
    if any(isinstance(part, int) and part > INTEGER_MAX for part in request.path_params.values()):
        raise NotFound
    if request.method in SAFE_METHODS:
        return
    if not same_site(request.headers):
        raise PermissionDeniedException("cross-site")
    posted = await read_posted(request)
    settings = settings_of(request)
    path = request.url.path
    at_door = path.rstrip("/") == SIGN_IN or path.startswith(SETUP)
    cookie = request.cookies.get(settings.visitor_cookie if at_door else settings.session_cookie, "")
    token = request.headers.get(CSRF_HEADER) or posted.get(CSRF_FIELD)
    if not cookie and not at_door:
        raise SignInNeeded
    if not token_fits(site_of(request).key, cookie, token):
        raise PermissionDeniedException("csrf")
    # Only now: what stands here came from a form of ours.
    request.scope["state"]["posted"] = posted
