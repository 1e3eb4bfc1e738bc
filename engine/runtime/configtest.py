"""The tests inside a config: stories played in memory, with a clock of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from engine.catalog import Catalog
from engine.model import ConfigTest, Model
from engine.problems import Mark
from engine.runtime.clock import SetClock
from engine.runtime.site import Site, make_site
from engine.runtime.story import StepFailure, Story
from engine.store.apply import apply
from engine.store.database import Database, open_database

KEY = b"a test has nothing to keep secret"
BEGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""When a test begins that says no `now`: a Monday morning in Shanghai."""


@dataclass(frozen=True, slots=True)
class TestFailure:
    """Where a test failed, what was expected and what was found."""

    __test__ = False

    name: str
    step: int
    """1-based."""
    mark: Mark
    expected: str
    found: str

    def __str__(self) -> str:
        head = f"{self.mark}: step {self.step} of {self.name}"
        return f"{head}\n    expected: {self.expected}\n    found:    {self.found}"


def run_test(model: Model, catalog: Catalog, folder: Path, name: str) -> TestFailure | None:
    """Play one test in a database of its own; what failed, or None."""
    database = open_database("sqlite://")
    try:
        apply(database, model, base=None, by=None)
        site = memory_site(model, catalog, folder, database)
        now = model.merged["tests"][name].get("now")
        if now:
            site_clock(site).moment = read_moment(str(now), model.app.timezone)
        return play(site, model.tests[name])
    finally:
        database.close()


def memory_site(model: Model, catalog: Catalog, folder: Path, database: Database) -> Site:
    """A site over a database in memory, with a clock that stands until it is moved."""
    return make_site(
        model, database=database, catalog=catalog, clock=SetClock(BEGIN), folder=folder, key=KEY, revision=1
    )


def play(site: Site, test: ConfigTest) -> TestFailure | None:
    """Play a test's steps on a site with a SetClock."""
    story = Story(site, site_clock(site))
    begun = 0
    try:
        story.actor = story.person(test.actor)
        for step in test.steps:
            begun += 1
            story.play(step)
    except StepFailure as failure:
        mark = test.marks[begun - 1] if begun else test.mark
        return TestFailure(test.name, begun, mark, failure.expected, failure.found)
    return None


def site_clock(site: Site) -> SetClock:
    """The clock of a site in memory."""
    assert isinstance(site.clock, SetClock)
    return site.clock


def read_moment(text: str, timezone: str) -> datetime:
    """A moment as written in a test, in the firm's time zone when it says none."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone))
