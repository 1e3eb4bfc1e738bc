"""Signing in and out, and the one-time link that makes the first administrator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from litestar.datastructures import Cookie
from litestar.params import FromPath, FromQuery
from litestar.response import Response

from engine.change import InvalidRecord, NotFound
from engine.limits import SESSION_HOURS_MAX
from engine.runtime import people, signin
from web.pages.shell import make_shell
from web.posted import Posted
from web.render import html, see
from web.route import Route
from web.security import Settings, local_path, new_secret
from web.visit import CSRF_FIELD, AnyRequest, SignInNeeded, Visit, open_door, open_session

Pairs = tuple[tuple[str, str], ...]
ACCOUNT = "/-/account"
"""Where everybody goes whose password was given by somebody else."""
KEPT = "_kept."
"""Before the names of a form that the sign-in page carries along."""


@dataclass(frozen=True, slots=True)
class LoginPage:
    """All that login.html may use."""

    title: str
    next: str
    login: str = ""
    error: str = ""
    kept: Pairs = ()
    """What a form had sent when its session was over already: carried through the sign-in, to be sent again."""


@dataclass(frozen=True, slots=True)
class SetupPage:
    """All that setup.html may use."""

    token: str
    password_min: int
    name: str = ""
    login: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ResumePage:
    """All that resume.html may use: a form to be sent again, after signing in again."""

    title: str
    action: str
    kept: Pairs


def show_login(request: AnyRequest, next: FromQuery[str] = "/") -> Response[Any]:
    """The sign-in page; who is signed in already goes on."""
    try:
        open_session(request)
    except SignInNeeded:
        return door(open_door(request), local_path(next))
    return see(local_path(next))


def sign_in(request: AnyRequest) -> Response[Any]:
    """Check login and password; the same answer whether there is no such person or the password is wrong."""
    visit = open_door(request)
    login, target = visit.posted.get("login"), local_path(visit.posted.get("next", "/"))
    kept = kept_pairs(visit.posted)
    agent = request.headers.get("user-agent", "")
    try:
        opened = signin.sign_in(
            visit.site, login=login, password=visit.posted.get("password"), address=visit.address, agent=agent
        )
    except signin.TooManyTries:
        return door(visit, target, login=login, error=visit.say("sign_in_wait"), kept=kept, status=429)
    except signin.WrongPassword:
        return door(visit, target, login=login, error=visit.say("sign_in_wrong"), kept=kept, status=401)
    if kept and not opened.must_change:
        answer = resume(visit, opened.secret, target, kept)
    else:
        answer = see(ACCOUNT if opened.must_change else target)
    give_session(answer, visit.settings, opened.secret)
    answer.delete_cookie(visit.settings.visitor_cookie, path="/")
    return answer


def sign_out(request: AnyRequest) -> Response[Any]:
    """End the session, here and in the database."""
    visit = open_session(request)
    signin.sign_out(visit.site, visit.session)
    answer = see("/login?done=signed_out")
    end_session(answer, visit.settings)
    return answer


def show_setup(request: AnyRequest, secret: FromPath[str]) -> Response[Any]:
    """The form for the first administrator, while the link is good."""
    visit = open_door(request)
    if not people.setup_open(visit.site, secret):
        raise NotFound("setup")
    return setup_form(visit, SetupPage(secret, signin.PASSWORD_MIN))


def set_up(request: AnyRequest, secret: FromPath[str]) -> Response[Any]:
    """Make the first administrator; the link is used up."""
    visit = open_door(request)
    posted = visit.posted
    name, login = posted.get("name").strip(), posted.get("login").strip()
    page = SetupPage(secret, signin.PASSWORD_MIN, name, login)
    password = posted.get("password")
    if len(password) < signin.PASSWORD_MIN:
        error = visit.say("password_short", count=signin.PASSWORD_MIN)
        return setup_form(visit, replace(page, error=error), status=422)
    try:
        people.set_up(visit.site, secret=secret, name=name, login=login, password=password)
    except InvalidRecord as refused:
        error = " ".join(found.message for found in refused.errors)
        return setup_form(visit, replace(page, error=error), status=422)
    return see("/login?done=setup_done")


def kept_pairs(posted: Posted) -> Pairs:
    """The form that the sign-in page carries along, under its own names again."""
    return tuple((name.removeprefix(KEPT), value) for name, value in posted.pairs if name.startswith(KEPT))


def resume(visit: Visit, session: str, target: str, kept: Pairs) -> Response[Any]:
    """The form that was sent when the session had ended, to be sent again with one press."""
    visit = replace(visit, session=session)
    page = ResumePage(visit.say("resume_title"), target, kept)
    return html(visit, make_shell(visit, page.title), "resume.html", page)


def door_again(request: AnyRequest) -> Response[Any]:
    """The sign-in page for a form of our own whose session is over: nothing typed is lost."""
    visit = open_door(request)
    kept = tuple((name, value) for name, value in visit.posted.pairs if name != CSRF_FIELD)
    return door(visit, request.url.path, error=visit.say("session_gone"), kept=kept, status=401)


def door(
    visit: Visit, target: str, *, login: str = "", error: str = "", kept: Pairs = (), status: int = 200
) -> Response[Any]:
    """The sign-in form, tied to its visitor by a cookie that never becomes a session."""
    fresh = not visit.session
    visit = replace(visit, session=visit.session or new_secret())
    name = visit.site.model.app.name.text(visit.locale)
    page = LoginPage(visit.say("sign_in_title", name=name), target, login, error, kept)
    answer = html(visit, make_shell(visit, visit.say("sign_in")), "login.html", page, status=status)
    if fresh:
        answer.set_cookie(_cookie(visit.settings.visitor_cookie, visit.session, visit.settings, hours=24))
    return answer


def setup_form(visit: Visit, page: SetupPage, *, status: int = 200) -> Response[Any]:
    """The form for the first administrator."""
    fresh = not visit.session
    visit = replace(visit, session=visit.session or new_secret())
    answer = html(visit, make_shell(visit, visit.say("setup_title")), "setup.html", page, status=status)
    if fresh:
        answer.set_cookie(_cookie(visit.settings.visitor_cookie, visit.session, visit.settings, hours=24))
    return answer


def give_session(answer: Response[Any], settings: Settings, session: str) -> None:
    """Put the id of a new session into the browser."""
    answer.set_cookie(_cookie(settings.session_cookie, session, settings, hours=SESSION_HOURS_MAX))


def end_session(answer: Response[Any], settings: Settings) -> None:
    """Take the session's id out of the browser."""
    answer.set_cookie(_cookie(settings.session_cookie, "", settings, hours=0))


def _cookie(key: str, value: str, settings: Settings, *, hours: int) -> Cookie:
    return Cookie(
        key=key, value=value, path="/", httponly=True, samesite="lax", secure=settings.https, max_age=hours * 3600
    )


SETUP = people.SETUP_PATH + "/{secret:str}"
ROUTES = (
    Route("GET", "/login", show_login, short=True),
    Route("POST", "/login", sign_in),
    Route("POST", "/logout", sign_out),
    Route("GET", SETUP, show_setup),
    Route("POST", SETUP, set_up),
)
