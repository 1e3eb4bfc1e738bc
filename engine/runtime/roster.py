"""Who works here: everybody with their roles, and handing a leaver's records over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.change import Actor, Draft, Forbidden, NotFound
from engine.model import Field
from engine.runtime.access import Access
from engine.runtime.browse import browse
from engine.runtime.listing import ListQuery
from engine.runtime.people import as_engine
from engine.runtime.save import save_in
from engine.runtime.session import Session
from engine.runtime.site import Site
from engine.runtime.transaction import in_transaction
from engine.store import credentials, records, security_log

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
    query = ListQuery(
        entity="user", fields=("name", "login", "active"), sort=("name",), size=PEOPLE_MAX, total="no"
    )
    page = browse(site, as_engine(actor), query)
    with site.database.reading() as connection:
        return tuple(
            Person(row[0], row[2] or "", row[3] or "", bool(row[4]), credentials.roles(connection, site.tables, row[0]))
            for row in page.rows
        )


def hand_over(site: Site, actor: Actor, *, leaver: int, heir: int) -> int:
    """Put another person in place of one who leaves, in every field of kind `user` of every live record.

    How many records changed. All of them or none. Raises Forbidden, NotFound, InvalidRecord.
    """
    require_people(site, actor)

    def work(session: Session) -> int:
        _require_user(session, leaver)
        _require_user(session, heir)
        engine = _engine_session(session)
        done = 0
        for field in _entered_people(site):
            for id in records.linking(session.connection, session.tables, field.entity, field.name, leaver):
                done += _give(engine, field, id, heir)
        _note(session, "records_handed_over", leaver, {"to": heir, "records": done})
        return done

    return in_transaction(site, actor, work)


def _engine_session(session: Session) -> Session:
    return Session.open(session.site, session.connection, as_engine(session.actor))


def _entered_people(site: Site) -> Iterator[Field]:
    """The fields that name a person as owner, assignee and the like; who is whose manager stays."""
    for entity in site.model.entities.values():
        for field in entity.fields.values():
            if field.kind.key == "user" and field.stored and field.computed is None and not field.system:
                yield field


def _give(engine: Session, field: Field, id: int, heir: int) -> int:
    entity = engine.entity(field.entity)
    if entity.root:
        save_in(engine, Draft(entity.name, {field.name: heir}, id=id))
    else:
        records.update(engine.connection, engine.tables, entity.name, id, {field.name: heir})
    return 1


def _require_user(session: Session, user: int) -> None:
    rows = records.read(session.connection, session.tables, "user", [user], lock=True)
    if not rows or rows[0]["deleted_at"] is not None:
        raise NotFound("user")


def _note(session: Session, event: str, user: int, details: dict[str, object]) -> None:
    security_log.write(
        session.connection, session.tables, event, session.now, user=session.actor.user,
        details={"person": user, **details},
    )  # fmt: skip

