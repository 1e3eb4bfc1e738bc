"""One populated world for each module and database; what a test makes there it makes for itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.world import World, populate, serve


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a fresh database for a whole module."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('attacked') / 'forme.db'}"
        return
    server = request.getfixturevalue("postgres_server")
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture(scope="module")
def world(module_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The reference world, served."""
    folder: Path = tmp_path_factory.mktemp("firm")
    with serve(module_url, folder) as world:
        yield populate(world)


@pytest.fixture
def mine(world: World) -> int:
    """A deal of r1's own."""
    return world.r1.make("deal", name="Mine", account=world.ids["A1"], amount=10)
