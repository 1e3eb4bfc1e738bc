"""What the tests of plugins import: a CRM in memory, from a few lines of YAML. Keeps its names between releases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine.boot import BuiltinFunctions
from engine.catalog import Catalog, collect
from engine.change import Draft, system
from engine.compiler import compile_sources
from engine.fields import plugin as built_in_kinds
from engine.model import SourceText
from engine.problems import ConfigError
from engine.runtime.clock import SetClock
from engine.runtime.record import read_record
from engine.runtime.save import save
from engine.runtime.site import Site, make_site
from engine.store.apply import apply
from engine.store.database import open_database

__all__ = ["ConfigError", "Crm", "crm"]


@dataclass(frozen=True, slots=True)
class Crm:
    """A running CRM; everything is done as the system."""

    site: Site
    clock: SetClock

    def create(self, entity: str, **values: Any) -> int:
        """Make a record from values as the JSON API takes them; its id."""
        return save(self.site, system(), Draft(entity, values)).id

    def update(self, entity: str, id: int, **values: Any) -> None:
        """Change a record."""
        save(self.site, system(), Draft(entity, values, id=id))

    def read(self, entity: str, id: int) -> Mapping[str, Any]:
        """A record's values as stored, by field."""
        return read_record(self.site, system(), entity, id).values

    def advance(self, **span: int) -> None:
        """Let time pass: `advance(days=3)`."""
        self.clock.advance(timedelta(**span))


@contextmanager
def crm(config: str, *plugins: object, database: str = "sqlite://") -> Iterator[Crm]:
    """A CRM of this app.yaml with these plugins, in memory unless a database is named.

    Raises ConfigError when the config does not compile. Name a plugin's module and its word in `app.plugins`.
    """
    catalog = _catalog(plugins)
    model = compile_sources((SourceText("", "app.yaml", config),), catalog)
    opened, clock = open_database(database), SetClock()
    try:
        revision = apply(opened, model, base=None, by=None, at=clock.now())
        site = make_site(
            model, database=opened, catalog=catalog, clock=clock, folder=Path(),
            key=b"nothing to keep secret".ljust(32), revision=revision.number,
        )  # fmt: skip
        yield Crm(site, clock)
    finally:
        opened.close()


def _catalog(plugins: tuple[object, ...]) -> Catalog:
    named = [
        (str(getattr(plugin, "__name__", f"plugin_{n}")).rpartition(".")[2], plugin) for n, plugin in enumerate(plugins)
    ]
    return collect([("engine.fields", built_in_kinds), ("engine.functions", BuiltinFunctions()), *named])
