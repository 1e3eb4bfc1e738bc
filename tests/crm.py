"""A running CRM for tests, in the domain's words: load a config, let people sign in, work with records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from engine import fields
from engine.catalog import Catalog, collect
from engine.change import Actor, Change, Draft, NotFound, system
from engine.compiler import compile_config, compile_sources
from engine.expression import BUILTIN, Function
from engine.hooks import hookimpl
from engine.model import Model, SourceText
from engine.runtime import removal
from engine.runtime.browse import ListQuery, Page, browse, pick
from engine.runtime.can import can
from engine.runtime.clock import SetClock
from engine.runtime.record import Record, read_record
from engine.runtime.save import save
from engine.runtime.site import Site, make_site
from engine.runtime.titles import Linked
from engine.store.apply import apply
from engine.store.database import open_database

KEY = b"a key for tests, 32 bytes long.."


class Functions:
    """The engine's own functions, offered as a plugin offers its."""

    @hookimpl
    def functions(self) -> Sequence[Function]:
        return tuple(BUILTIN.values())


@cache
def builtin_catalog() -> Catalog:
    """The engine's own kinds and functions."""
    return collect([("engine.fields", fields.plugin), ("engine.functions", Functions())])


@cache
def compile_text(text: str) -> Model:
    """The Model of one app.yaml."""
    return compile_sources((SourceText("", "app.yaml", text),), builtin_catalog())


@dataclass(slots=True)
class Crm:
    """One CRM on one database; everything is done as the system unless an actor is named."""

    site: Site
    clock: SetClock
    people: dict[str, Actor] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def load(cls, config: str | Path, database_url: str = "sqlite://") -> Iterator[Crm]:
        """A CRM of this YAML text or folder, applied to the database, closed at the end."""
        model = compile_text(config) if isinstance(config, str) else compile_config(config, builtin_catalog())
        database, clock = open_database(database_url), SetClock()
        try:
            revision = apply(database, model, base=None, by=None, at=clock.now())
            site = make_site(
                model, database=database, catalog=builtin_catalog(), clock=clock, folder=Path(), key=KEY,
                revision=revision.number,
            )  # fmt: skip
            yield cls(site, clock)
        finally:
            database.close()

    def sign_in(self, name: str, *roles: str, **values: Any) -> Actor:
        """A person with these roles; their user record is made at the first call."""
        known = self.people.get(name)
        id = known.user if known else self.create("user", name=name, login=name, **values)
        role_list = [self.site.model.roles[role] for role in roles]
        may = frozenset(word for role in role_list for word in role.may)
        self.people[name] = Actor(user=id, name=name, roles=frozenset(roles), may=may, locale="en")
        return self.people[name]

    def create(self, entity: str, actor: Actor | None = None, /, **values: Any) -> int:
        """Make a record; its id."""
        return save(self.site, actor or system(), Draft(entity, values)).id

    def update(self, entity: str, id: int, actor: Actor | None = None, /, **values: Any) -> Change:
        """Change a record, on its present version."""
        who = actor or system()
        draft = Draft(entity, values, id=id, version=self.version(entity, id))
        return save(self.site, who, draft)

    def delete(self, entity: str, id: int, actor: Actor | None = None, /) -> Change:
        """Put a record into the recycle bin."""
        return removal.delete(self.site, actor or system(), entity, id, self.version(entity, id))

    def version(self, entity: str, id: int) -> int:
        """The record's present version, whoever may see it."""
        return self.get(entity, id).version

    def get(self, entity: str, id: int, actor: Actor | None = None, /) -> Record:
        """The record as the actor sees it."""
        return read_record(self.site, actor or system(), entity, id)

    def sees(self, entity: str, id: int, actor: Actor) -> bool:
        """Whether there is such a record for the actor."""
        try:
            self.get(entity, id, actor)
        except NotFound:
            return False
        return True

    def page(self, entity: str, actor: Actor | None = None, /, **query: Any) -> Page:
        """A page of a list."""
        return browse(self.site, actor or system(), ListQuery(entity=entity, **query))

    def url(self, entity: str, query: str, actor: Actor | None = None, /) -> Page:
        """A page of a list, asked for as in a URL: `f.stage=won&sort=-amount`."""
        pairs = [part.partition("=")[::2] for part in query.split("&") if part]
        return browse(self.site, actor or system(), ListQuery.from_url(entity, pairs))

    def list(self, entity: str, actor: Actor | None = None, /, **query: Any) -> list[Mapping[str, Any]]:
        """The rows of a page, each by field."""
        page = self.page(entity, actor, **query)
        names = ("id", "version", *(column.name for column in page.columns))
        return [dict(zip(names, row, strict=True)) for row in page.rows]

    def titles(self, entity: str, actor: Actor | None = None, /, **query: Any) -> Sequence[str]:
        """What the records of a page are called, in order."""
        return list(self.page(entity, actor, titles=True, fields=(), **query).titles)

    def pick(self, entity: str, text: str, actor: Actor | None = None, /) -> tuple[Linked, ...]:
        """Records to choose from."""
        return pick(self.site, actor or system(), entity, text)

    def can(self, actor: Actor, verb: Any, entity: str, id: int | None = None) -> bool:
        """Whether the actor may do that."""
        return can(self.site, actor, verb, entity, id).allowed
