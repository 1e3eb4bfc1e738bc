"""What one request or job holds while it changes records: who asks, the transaction, the moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from engine.change import Actor, FieldError, InvalidRecord
from engine.messages import message
from engine.model import Entity, Model
from engine.runtime.site import Site
from engine.store import records
from engine.store.tables import Tables


@dataclass(slots=True)
class Session:
    """One transaction of one actor on one site."""

    site: Site
    connection: sa.Connection
    actor: Actor
    now: datetime
    today: date
    """In the firm's time zone."""
    locale: str
    read: dict[tuple[str, int], Mapping[str, Any] | None] = field(default_factory=dict)
    """Rows of other records read so far in this transaction."""
    found: dict[Any, int | None] = field(default_factory=dict)
    """What each `find` has found so far: lines of one record often look for the same rate."""

    @classmethod
    def open(cls, site: Site, connection: sa.Connection, actor: Actor) -> Session:
        """A session at the site's present moment."""
        return cls(site, connection, actor, site.now(), site.today(), actor.locale or site.model.app.locale)

    @property
    def model(self) -> Model:
        """The compiled config."""
        return self.site.model

    @property
    def tables(self) -> Tables:
        """The tables of that config."""
        return self.site.tables

    def entity(self, name: str) -> Entity:
        """An entity that is known to exist."""
        return self.site.model.entities[name]

    def row(self, entity: str, id: int) -> Mapping[str, Any] | None:
        """A live record's stored row, read once; None when there is none."""
        key = (entity, id)
        if key not in self.read:
            found = records.read(self.connection, self.tables, entity, [id])
            self.read[key] = found[0] if found and found[0]["deleted_at"] is None else None
        return self.read[key]

    def hold(self, entity: str, id: int) -> None:
        """Keep a record from being deleted until this transaction ends: it is linked to. Many may hold it at once."""
        found = records.hold(self.connection, self.tables, entity, id)
        self.read[entity, id] = found if found is not None and found["deleted_at"] is None else None

    def forget(self) -> None:
        """Read and look up anew from here on: something was stored."""
        self.read.clear()
        self.found.clear()

    def say(self, code: str, **details: object) -> str:
        """One of the engine's sentences, in the actor's language."""
        return message(code, self.locale, **details)

    def error(self, path: str, code: str, **details: object) -> FieldError:
        """A field error with the engine's sentence for its code."""
        return FieldError(path, code, self.say(code, **details))

    def refuse(self, path: str, code: str, **details: object) -> InvalidRecord:
        """An InvalidRecord for one thing wrong."""
        return InvalidRecord((self.error(path, code, **details),))
