"""What many tests need: databases, SQLite and PostgreSQL, always both; and a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher

from engine.store import credentials
from tests.chromium import start_chromium
from tests.postgres import NoServer, PostgresServer, start_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session", autouse=True)
def true_hasher() -> Iterator[PasswordHasher]:
    """Hashing is not slow on purpose here, for a whole session alike; what the product itself uses is handed out."""
    with pytest.MonkeyPatch.context() as patch:
        true = vars(credentials)["_HASHER"]
        patch.setattr(credentials, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield true


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the session (each xdist worker has its own)."""
    try:
        server = start_server()
    except NoServer as error:
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail(f"CI must test PostgreSQL too: {error}")
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The address of a fresh PostgreSQL database, dropped afterwards."""
    url = postgres_server.create()
    yield url
    postgres_server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a fresh, empty database; the test runs once on each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'forme.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser, one for the session."""
    yield from start_chromium()
