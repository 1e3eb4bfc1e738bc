"""One reading of one asker: the site, the rights, and a connection that sees one consistent state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.change import Actor, NotFound
from engine.kinds import Reader, Shower
from engine.model import Entity, Model
from engine.runtime.access import Access
from engine.runtime.site import Site
from engine.runtime.vocabulary import Vocabulary
from engine.store.prepared import Prepared, Row
from engine.store.queries import Asked, RecordSql


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What every read needs. Make one for each request or job, and not for longer."""

    site: Site
    actor: Actor
    connection: sa.Connection
    access: Access
    sql: RecordSql
    """Records as this asker may see them."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Who asks and when: parameters of every statement."""

    @classmethod
    def on(cls, site: Site, actor: Actor, connection: sa.Connection) -> Inquiry:
        """An inquiry on an open connection, within a transaction that somebody else ends."""
        access = Access(site, actor)
        sql = RecordSql.on(site, None if actor.system else access.rights)
        now = site.now()
        return cls(site, actor, connection, access, sql, Asked(actor.user, site.day_of(now), now).values())

    @property
    def model(self) -> Model:
        """The compiled config."""
        return self.site.model

    @property
    def vocabulary(self) -> Vocabulary:
        """The names that the asker may use."""
        return Vocabulary(self.site.model, self.access.rights)

    @property
    def shower(self) -> Shower:
        """How values are shown to the asker."""
        app = self.site.model.app
        return Shower(self.actor.locale, self.actor.timezone, app.currency)

    def reader(self, source: Any) -> Reader:
        """How the asker's raw values are read."""
        return Reader(source, self.actor.locale, self.actor.timezone)

    def prepared(self, key: tuple[Any, ...], build: Callable[[], sa.Select[Any]]) -> Prepared:
        """The statement of this shape under the asker's rights, which finds records by id; made when first used."""
        dialect = self.connection.dialect
        return self.site.kept.get((*key, self.access.key), lambda: Prepared(build(), dialect, steady=True))

    def rows(
        self, key: tuple[Any, ...], build: Callable[[], sa.Select[Any]], values: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """Run the statement of this shape."""
        return self.prepared(key, build).rows(self.connection, {**self.values, **(values or {})})


@contextmanager
def inquire(site: Site, actor: Actor) -> Iterator[Inquiry]:
    """An inquiry on a connection of its own."""
    with site.database.reading() as connection:
        yield Inquiry.on(site, actor, connection)


def known_entity(inquiry: Inquiry, name: str) -> Entity:
    """The entity, when the asker may know that it exists; raises NotFound."""
    entity = inquiry.model.entities.get(name)
    if entity is None or not inquiry.access.rights.rows("read", name):
        raise NotFound(name)
    return entity
