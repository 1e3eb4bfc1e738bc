"""A running CRM: one compiled config with its tables, database and clock; and the swap to a newer one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from engine.catalog import Catalog
from engine.compiler import compile_sources
from engine.model import Model
from engine.problems import ConfigError
from engine.runtime.clock import Clock
from engine.store import revisions
from engine.store.database import Database
from engine.store.kept import Kept
from engine.store.tables import Tables, build_tables

T = TypeVar("T")

REFRESH_SECONDS = 1.0
"""How long a server may go on with a revision after a newer one was applied."""


class NoRevision(Exception):
    """Nothing has been applied to this database yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One applied revision, ready to serve. Nothing of it changes; a newer revision is another Site."""

    model: Model = field(repr=False)
    tables: Tables = field(repr=False)
    database: Database = field(repr=False)
    catalog: Catalog = field(repr=False)
    revision: int
    clock: Clock
    folder: Path
    key: bytes = field(repr=False)
    """The installation's secret: signs cursors and tokens, encrypts secret fields."""
    files: Path | None = None
    """Where uploaded files are kept; None for `.forme/files` in the folder."""
    kept: Kept = field(default_factory=Kept, repr=False, compare=False)

    def now(self) -> datetime:
        """The present moment in UTC."""
        return self.clock.now()

    @property
    def files_folder(self) -> Path:
        """Where uploaded files are kept."""
        return self.files if self.files is not None else self.folder / ".forme" / "files"

    def today(self) -> date:
        """The day in the firm's time zone."""
        return self.day_of(self.clock.now())

    def day_of(self, moment: datetime) -> date:
        """The firm's day at a moment."""
        return moment.astimezone(ZoneInfo(self.model.app.timezone)).date()


def open_site(
    *, database: Database, catalog: Catalog, clock: Clock, folder: Path, key: bytes, files: Path | None = None
) -> Site:
    """The Site of the revision that is applied in the database.

    Raises NoRevision for an empty database and ConfigError when the stored texts no longer compile.
    """
    with database.reading() as connection:
        applied = revisions.current(connection)
    if applied is None:
        raise NoRevision
    model = compile_sources(applied.sources, catalog)
    return make_site(
        model, database=database, catalog=catalog, clock=clock, folder=folder, key=key, revision=applied.number,
        files=files,
    )  # fmt: skip


def make_site(
    model: Model, *, database: Database, catalog: Catalog, clock: Clock, folder: Path, key: bytes, revision: int,
    files: Path | None = None,
) -> Site:  # fmt: skip
    """A Site over a model whose revision is applied already."""
    return Site(
        model=model, tables=build_tables(model), database=database, catalog=catalog,
        revision=revision, clock=clock, folder=folder, key=key, files=files,
    )  # fmt: skip


class SiteHolder:
    """The one reference that a reload swaps. A request asks once and holds what it got to its end."""

    def __init__(self, site: Site, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._site = site
        self._monotonic = monotonic
        self._checked = monotonic()
        self._lock = threading.Lock()
        self.problem: str = ""
        """Why the newest revision is not being served; empty when it is."""

    @property
    def site(self) -> Site:
        """The Site to serve now; at most once a second the database is asked for a newer revision."""
        if self._monotonic() - self._checked >= REFRESH_SECONDS:
            self.refresh()
        return self._site

    def refresh(self) -> Site:
        """The Site of the newest revision: built and swapped in if it is not yet being served.

        With a revision that does not compile the old Site stays, and `problem` says why.
        """
        with self._lock:
            self._checked = self._monotonic()
            site = self._site
            with site.database.reading() as connection:
                newest = revisions.current_number(connection)
            if newest is None or newest == site.revision:
                return site
            site.database.renew()
            try:
                self._site = open_site(
                    database=site.database,
                    catalog=site.catalog,
                    clock=site.clock,
                    folder=site.folder,
                    key=site.key,
                    files=site.files,
                )
                self.problem = ""
            except ConfigError as error:
                self.problem = str(error)
            return self._site

    def swap(self, site: Site) -> None:
        """Serve this Site from the next request on."""
        with self._lock:
            self._site = site
