"""A leaver's records in other hands: every entered link to the person, in records and in their lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.change import Actor, Draft, Forbidden, InvalidRecord, Refused
from engine.model import Entity, Field
from engine.runtime.inquiry import Inquiry
from engine.runtime.people import as_engine
from engine.runtime.record import Record, read_record_in
from engine.runtime.save import save_in
from engine.runtime.session import Session
from engine.runtime.site import Site
from engine.runtime.transaction import in_transaction
from engine.store import records

Spot = tuple[str, str]
"""An entity and a field of it."""


@dataclass(frozen=True, slots=True)
class Held:
    """A field in which a person stands, and in how many records."""

    field: Field
    count: int


@dataclass(slots=True)
class HandOver:
    """What became of it."""

    changed: int = 0
    """Records, lines counted with the record that they belong to."""
    refused: list[tuple[str, int, str]] = field(default_factory=list)
    """Entity, id and reason of records that stay as they are."""


def held_by(site: Site, user: int) -> tuple[Held, ...]:
    """The fields in which a person stands."""
    with site.database.reading() as connection:
        counted = (
            Held(link, len(records.linking(connection, site.tables, link.entity, link.name, user)))
            for link in user_fields(site)
        )
        return tuple(held for held in counted if held.count)


def user_fields(site: Site) -> Iterator[Field]:
    """Every entered field of the config that names a person."""
    for entity in site.model.entities.values():
        for link in entity.fields.values():
            if link.stored and not link.system and link.computed is None and link.kind.target() == "user":
                yield link


def hand_over(site: Site, actor: Actor, *, leaver: int, heir: int, spots: Collection[Spot] | None = None) -> HandOver:
    """Put the heir where the leaver stands: in these fields, or in all. History names the actor.

    Each record is saved for itself; one that its own rules refuse stays, and is told. Raises Forbidden.
    """
    if not actor.system and "people" not in actor.may:
        raise Forbidden("Only who may manage people hands records over.")
    outcome = HandOver()
    wanted: dict[tuple[str, int], set[Spot]] = {}
    with site.database.reading() as connection:
        for link in user_fields(site):
            if spots is None or (link.entity, link.name) in spots:
                for id in records.linking(connection, site.tables, link.entity, link.name, leaver):
                    root = _root_of(site, connection, link.entity, id)
                    if root is not None:
                        wanted.setdefault(root, set()).add((link.entity, link.name))
    for (entity, id), places in sorted(wanted.items()):
        try:
            in_transaction(site, as_engine(actor), _work(site, entity, id, places, leaver, heir))
        except Refused as refusal:
            outcome.refused.append((entity, id, _reason(refusal)))
        else:
            outcome.changed += 1
    return outcome


def _work(site: Site, entity: str, id: int, places: set[Spot], leaver: int, heir: int) -> Any:
    def work(session: Session) -> None:
        inquiry = Inquiry.on(site, session.actor, session.connection)
        values = _replaced(site, read_record_in(inquiry, entity, id), places, leaver, heir)
        save_in(session, Draft(entity, values, id=id, source="json"))

    return work


def _replaced(site: Site, record: Record, places: set[Spot], leaver: int, heir: int) -> dict[str, Any]:
    """The draft's values: changed links, and whole lists of the lines in which one changes."""
    entity = record.entity
    found: dict[str, Any] = {
        name: heir for place, name in places if place == entity.name and _stands(record.values, name, leaver)
    }
    for holder, lines in record.lines.items():
        rows = [{"id": line.id, **_replaced(site, line, places, leaver, heir)} for line in lines]
        if any(len(row) > 1 for row in rows):
            found[holder] = rows
    return found


def _stands(values: Mapping[str, Any], name: str, user: int) -> bool:
    value = values.get(name)
    return value is not None and value.id == user


def _root_of(site: Site, connection: Any, entity: str, id: int) -> tuple[str, int] | None:
    known: Entity = site.model.entities[entity]
    if known.owned_by is None:
        return entity, id
    rows = records.read(connection, site.tables, entity, [id])
    return _root_of(site, connection, known.owned_by[0], rows[0][known.owned_by[0]]) if rows else None


def _reason(refusal: Refused) -> str:
    if isinstance(refusal, InvalidRecord):
        return "; ".join(error.message for error in refusal.errors)
    return str(refusal)
