"""Databases for every test that needs one: SQLite and PostgreSQL, always both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import NoServer, PostgresServer, start_server


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
