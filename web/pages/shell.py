"""The frame around every page: the firm's name, the menu, where one is, who one is."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model import Entity
from engine.runtime.access import Access
from web.visit import Visit

NOTICES = frozenset({
    "saved", "created", "deleted", "restored", "moved", "copied", "password_changed", "password_given", "token_revoked",
    "person_added", "person_saved", "signed_out", "setup_done",
})  # fmt: skip
"""Words that a page may be asked to show after a form was carried out (`?done=saved`)."""
ENGINE_ENTITIES = frozenset({"user", "team"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu."""

    label: str
    href: str
    icon: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of the menu under a heading."""

    label: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way to the page; the last one has no address."""

    label: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """All that layout.html may use."""

    title: str
    app_name: str
    locale: str
    theme: str
    csrf: str
    signed_in: bool
    person: str = ""
    initials: str = ""
    hue: int = 0
    groups: tuple[Group, ...] = ()
    crumbs: tuple[Crumb, ...] = ()
    notice: str = ""


def make_shell(visit: Visit, title: str, *, crumbs: tuple[Crumb, ...] = (), current: str = "") -> Shell:
    """The frame for this person; `current` is the entity or engine page that the menu marks."""
    done = visit.request.query_params.get("done", "")
    signed_in = visit.actor.user is not None
    groups = menu(visit, current) if signed_in and not visit.must_change else ()
    return Shell(
        title=title, app_name=visit.site.model.app.name.text(visit.locale), locale=visit.locale, theme=visit.theme,
        csrf=visit.csrf, signed_in=signed_in, person=visit.actor.name, initials=initials(visit.actor.name),
        hue=(visit.actor.user or 0) % 10, groups=groups, crumbs=crumbs,
        notice=visit.say(done) if done in NOTICES else "",
    )  # fmt: skip


def menu(visit: Visit, current: str) -> tuple[Group, ...]:
    """What this person may open."""
    say, access = visit.say, Access(visit.site, visit.actor)
    top = [Entry(say("home"), "/", "home", current == "home")]
    records = [
        Entry(entity.plural.text(visit.locale), f"/{entity.name}", entity.icon or "folder", current == entity.name)
        for entity in readable_entities(visit, access)
    ]
    system = [Entry(say("people"), "/-/people", "users", current == "people")] if access.may("people") else []
    system.append(Entry(say("account"), "/-/account", "settings", current == "account"))
    groups = (Group("", tuple(top)), Group(say("records"), tuple(records)), Group(say("system"), tuple(system)))
    return tuple(group for group in groups if group.entries)


def readable_entities(visit: Visit, access: Access) -> list[Entity]:
    """The entities whose records stand on their own and that this person may see any of."""
    return [
        entity
        for entity in visit.site.model.entities.values()
        if entity.root and not entity.links_table and entity.name not in ENGINE_ENTITIES
        and access.ever("read", entity.name)
    ]  # fmt: skip


def initials(name: str) -> str:
    """One Chinese character or two Latin initials, for the round mark beside a name."""
    words = name.split()
    if not words:
        return "?"
    if words[0][0].isascii():
        return "".join(word[0] for word in words[:2]).upper()
    return words[0][0]
