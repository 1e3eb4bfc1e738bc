"""Who works here: everybody with their roles."""

from __future__ import annotations

from dataclasses import dataclass

from engine.change import Actor, Forbidden
from engine.runtime.access import Access
from engine.runtime.browse import browse
from engine.runtime.listing import ListQuery
from engine.runtime.people import as_engine
from engine.runtime.site import Site
from engine.store import credentials

PEOPLE_MAX = 500
"""What one page of people shows."""


@dataclass(frozen=True, slots=True)
class Person:
    """One person, with the roles given to them."""

    id: int
    name: str
    login: str
    active: bool
    roles: frozenset[str]


def require_people(site: Site, actor: Actor) -> None:
    """Raises Forbidden for who may not manage people."""
    if not Access(site, actor).may("people"):
        raise Forbidden("people")


def roster(site: Site, actor: Actor) -> tuple[Person, ...]:
    """Everybody, by name. Raises Forbidden."""
    require_people(site, actor)
    query = ListQuery(entity="user", fields=("name", "login", "active"), sort=("name",), size=PEOPLE_MAX, total="no")
    page = browse(site, as_engine(actor), query)
    with site.database.reading() as connection:
        return tuple(
            Person(row[0], row[2] or "", row[3] or "", bool(row[4]), credentials.roles(connection, site.tables, row[0]))
            for row in page.rows
        )
