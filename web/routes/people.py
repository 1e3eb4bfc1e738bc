"""People and their roles, for those who may manage them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from litestar.params import FromPath
from litestar.response import Response

from engine.change import InvalidRecord
from engine.runtime import handover, people, roster, signin
from web.pages.controls import Option
from web.pages.shell import Crumb, make_shell
from web.render import html, see
from web.route import Route
from web.visit import AnyRequest, Visit, open_visit


@dataclass(frozen=True, slots=True)
class ShownPerson:
    """One person, as words."""

    id: int
    name: str
    login: str
    active: bool
    roles: tuple[Option, ...]
    roles_label: str
    save_label: str
    switch_value: str
    switch_label: str
    own: bool
    """Whether it is who asks."""


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """All that people.html may use."""

    title: str
    people: tuple[ShownPerson, ...]
    roles: tuple[Option, ...]
    password_min: int
    name: str = ""
    login: str = ""
    problem: str = ""
    message: str = ""


def show_people(request: AnyRequest) -> Response[Any]:
    """Everybody, with roles."""
    visit = open_visit(request)
    return people_page(visit, bind_people(visit))


def bind_people(visit: Visit) -> PeoplePage:
    """The page object."""
    say = visit.say
    shown = tuple(
        ShownPerson(
            one.id, one.name, one.login, one.active, role_options(visit, one.roles), say("roles_of", name=one.name),
            say("save_roles", name=one.name), "" if one.active else "yes",
            say("deactivate" if one.active else "activate", name=one.name), one.id == visit.actor.user,
        )
        for one in roster.roster(visit.site, visit.actor)
    )  # fmt: skip
    return PeoplePage(say("people_title"), shown, role_options(visit, frozenset()), signin.PASSWORD_MIN)


def role_options(visit: Visit, given: frozenset[str]) -> tuple[Option, ...]:
    """The roles of the config, with those that are given ticked."""
    return tuple(
        Option(name, role.label.text(visit.locale) or name, name in given)
        for name, role in visit.site.model.roles.items()
    )


def people_page(visit: Visit, page: PeoplePage, *, status: int = 200) -> Response[Any]:
    """The page as HTML."""
    shell = make_shell(visit, page.title, crumbs=(Crumb(visit.say("people")),), current="people")
    return html(visit, shell, "people.html", page, status=status)


def refused(visit: Visit, problem: str, *, name: str = "", login: str = "") -> Response[Any]:
    """The page with what stood in the way, and what was typed."""
    return people_page(visit, replace(bind_people(visit), problem=problem, name=name, login=login), status=422)


def add_person(request: AnyRequest) -> Response[Any]:
    """Add a person with a first password."""
    visit = open_visit(request)
    roster.require_people(visit.site, visit.actor)
    posted, roles = visit.posted, visit.posted.all("role")
    name, login, password = posted.get("name").strip(), posted.get("login").strip(), posted.get("password")
    if len(password) < signin.PASSWORD_MIN:
        return refused(visit, visit.say("password_short", count=signin.PASSWORD_MIN), name=name, login=login)
    try:
        people.add(visit.site, visit.actor, name=name, login=login, roles=roles, password=password, must_change=True)
    except InvalidRecord as error:
        return refused(visit, " ".join(found.message for found in error.errors), name=name, login=login)
    return see("/-/people?done=person_added")


def save_roles(request: AnyRequest, id: FromPath[int]) -> Response[Any]:
    """Give a person exactly the ticked roles."""
    visit = open_visit(request)
    return guarded(visit, lambda: people.give_roles(visit.site, visit.actor, id, visit.posted.all("role")))


def switch_active(request: AnyRequest, id: FromPath[int]) -> Response[Any]:
    """Open or close an account."""
    visit = open_visit(request)
    switch = people.reopen if visit.posted.get("active") == "yes" else people.close
    return guarded(visit, lambda: switch(visit.site, visit.actor, id))


def guarded(visit: Visit, work: Callable[[], None]) -> Response[Any]:
    """Do it, or say what stands against it."""
    try:
        work()
    except InvalidRecord as error:
        last = any(found.code == "last_manager" for found in error.errors)
        words = visit.say("last_administrator") if last else " ".join(found.message for found in error.errors)
        return refused(visit, words)
    return see("/-/people?done=person_saved")


def give_password(request: AnyRequest) -> Response[Any]:
    """Give somebody who has forgotten theirs a new password, to be changed at once."""
    visit = open_visit(request)
    roster.require_people(visit.site, visit.actor)
    id, password = posted_id(visit.posted.get("person")), visit.posted.get("password")
    if id == visit.actor.user:
        return refused(visit, visit.say("password_own"))
    if len(password) < signin.PASSWORD_MIN:
        return refused(visit, visit.say("password_short", count=signin.PASSWORD_MIN))
    people.set_password(visit.site, visit.actor, id, password)
    return see("/-/people?done=password_given")


def hand_over(request: AnyRequest) -> Response[Any]:
    """Give a leaver's records to another person."""
    visit = open_visit(request)
    leaver, heir = (posted_id(visit.posted.get(name)) for name in ("from", "to"))
    if not leaver or not heir or leaver == heir:
        return refused(visit, visit.say("hand_same"))
    outcome = handover.hand_over(visit.site, visit.actor, leaver=leaver, heir=heir)
    model, kept = visit.site.model, []
    for entity, id, reason in outcome.refused:
        kept.append(f"{model.entities[entity].label.text(visit.locale)} {id}: {reason}")
    page = replace(
        bind_people(visit), message=visit.say("handed_over", count=outcome.changed),
        problem=visit.say("hand_refused", records="; ".join(kept)) if kept else "",
    )  # fmt: skip
    return people_page(visit, page)


def posted_id(text: str) -> int:
    """An id as a form sends it; 0, which nobody has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


ROUTES = (
    Route("GET", "/-/people", show_people),
    Route("POST", "/-/people", add_person),
    Route("POST", "/-/people/{id:int}/roles", save_roles),
    Route("POST", "/-/people/{id:int}/active", switch_active),
    Route("POST", "/-/people/password", give_password),
    Route("POST", "/-/people/hand-over", hand_over),
)
