"""One's own account: language, theme, time zone, password, API tokens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from litestar.params import FromPath
from litestar.response import Response

from engine.change import NotFound
from engine.limits import TOKEN_DAYS_DEFAULT
from engine.runtime import signin
from engine.store.tokens import Token
from web.pages.controls import Option
from web.pages.moments import day, moment
from web.pages.shell import Crumb, make_shell
from web.render import html, see
from web.route import Route
from web.routes.login import give_session
from web.visit import AnyRequest, Visit, open_session, open_visit

THEMES = ("auto", *signin.THEMES)


@dataclass(frozen=True, slots=True)
class ShownToken:
    """One API token, as words."""

    id: int
    name: str
    made: str
    used: str
    ends: str
    expired: bool
    revoke: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """All that account.html may use."""

    title: str
    locales: tuple[Option, ...]
    themes: tuple[Option, ...]
    timezone: str
    zones: tuple[str, ...]
    login: str
    password_min: int
    must_change: bool
    """The password is all that can be changed yet."""
    tokens: tuple[ShownToken, ...]
    terms: tuple[Option, ...]
    """For how long a new token may be in force."""
    token: str = ""
    """A new token's text, shown once."""
    problem: str = ""


def show_account(request: AnyRequest) -> Response[Any]:
    """The account page."""
    return account(open_session(request))


def account(visit: Visit, *, token: str = "", problem: str = "", status: int = 200) -> Response[Any]:
    """The account page, with a new token or what was wrong."""
    say = visit.say
    page = AccountPage(
        title=say("account_title"),
        locales=tuple(
            Option(code, Locale.parse(code, sep="-").get_display_name() or code, code == visit.locale)
            for code in visit.site.model.app.locales
        ),
        themes=tuple(Option(name, say(f"theme.{name}"), name == visit.theme) for name in THEMES),
        timezone=visit.actor.timezone, zones=zone_names(), login=visit.actor.name, password_min=signin.PASSWORD_MIN,
        must_change=visit.must_change,
        tokens=tuple(shown_token(visit, one) for one in signin.own_tokens(visit.site, visit.actor)),
        terms=tuple(
            Option(str(days), say("token_days", count=days), days == TOKEN_DAYS_DEFAULT) for days in signin.TOKEN_DAYS
        ),
        token=token, problem=problem,
    )  # fmt: skip
    shell = make_shell(visit, page.title, crumbs=(Crumb(say("account")),), current="account")
    return html(visit, shell, "account.html", page, status=status)


def shown_token(visit: Visit, token: Token) -> ShownToken:
    """A token as the list shows it: its last day, or that it is over."""
    say, until = visit.say, token.expires_at
    return ShownToken(
        token.id, f"{token.name} ({token.prefix}…)", moment(visit, token.created_at),
        moment(visit, token.used_at) if token.used_at else say("never"),
        day(visit, until) if until is not None else say("token_endless"),
        until is not None and until <= visit.site.now(), say("token_revoke", name=token.name),
    )  # fmt: skip


@cache
def zone_names() -> tuple[str, ...]:
    """Time zones that people choose from, the area first."""
    return tuple(sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/")))


def save_preferences(request: AnyRequest) -> Response[Any]:
    """Keep language, theme and time zone."""
    visit = open_visit(request)
    posted, app = visit.posted, visit.site.model.app
    locale, timezone = posted.get("locale"), posted.get("timezone").strip()
    if timezone and timezone not in available_timezones():
        return account(visit, problem=visit.say("timezone_unknown"), status=422)
    signin.set_preferences(
        visit.site, visit.actor, locale=locale if locale in app.locales else "", theme=posted.get("theme"),
        timezone=timezone,
    )  # fmt: skip
    return see("/-/account?done=saved")


def change_password(request: AnyRequest) -> Response[Any]:
    """Change the password; this device gets a new session, all others are signed out."""
    visit = open_session(request)
    posted, say = visit.posted, visit.say
    if posted.get("new") != posted.get("again"):
        return account(visit, problem=say("password_differs"), status=422)
    try:
        session = signin.change_password(
            visit.site, visit.actor, old=posted.get("now"), new=posted.get("new"), address=visit.address,
            agent=request.headers.get("user-agent", ""),
        )  # fmt: skip
    except signin.WeakPassword:
        return account(visit, problem=say("password_short", count=signin.PASSWORD_MIN), status=422)
    except signin.SamePassword:
        return account(visit, problem=say("password_same"), status=422)
    except signin.WrongPassword:
        return account(visit, problem=say("password_wrong"), status=422)
    except signin.TooManyTries:
        return account(visit, problem=say("sign_in_wait"), status=429)
    answer = see("/-/account?done=password_changed")
    give_session(answer, visit.settings, session)
    return answer


def make_token(request: AnyRequest) -> Response[Any]:
    """Make an API token; its text is on this one answer and nowhere else."""
    visit = open_visit(request)
    name, days = visit.posted.get("name").strip()[:80], visit.posted.get("days", str(TOKEN_DAYS_DEFAULT))
    if days not in map(str, signin.TOKEN_DAYS):
        return account(visit, problem=visit.say("token_days_unknown"), status=422)
    return account(visit, token=signin.make_token(visit.site, visit.actor, name, days=int(days)))


def revoke_token(request: AnyRequest, id: FromPath[int]) -> Response[Any]:
    """Let a token be of no use."""
    visit = open_visit(request)
    if not signin.revoke_token(visit.site, visit.actor, id):
        raise NotFound("token")
    return see("/-/account?done=token_revoked")


ROUTES = (
    Route("GET", "/-/account", show_account),
    Route("POST", "/-/account/preferences", save_preferences),
    Route("POST", "/-/account/password", change_password),
    Route("POST", "/-/account/tokens", make_token),
    Route("POST", "/-/account/tokens/{id:int}/revoke", revoke_token),
)
