"""How long a token of the command line is in force."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.cli.conftest import Terminal
from tests.cli.test_people_and_records import add, here


@pytest.fixture
def firm(terminal: Terminal) -> Terminal:
    """An applied config, and Li."""
    terminal("apply")
    add(terminal, "li", "sales")
    return terminal


@pytest.mark.parametrize(("words", "days"), [((), 90), (("--days", "365"), 365)])
def test_a_token_ends_by_itself(firm: Terminal, words: tuple[str, ...], days: int) -> None:
    here(firm, "token", "create", "li", *words)
    engine = sa.create_engine(firm.database)
    with engine.connect() as connection:
        kept = connection.execute(sa.text("select expires_at from forme_token")).scalar_one()
    engine.dispose()
    until = kept if isinstance(kept, datetime) else datetime.fromisoformat(str(kept))
    left = until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)
    assert timedelta(days=days, hours=-1) < left <= timedelta(days=days)


def test_none_is_in_force_for_longer_than_a_year(firm: Terminal) -> None:
    refused = here(firm, "token", "create", "li", "--days", "366", code=2)
    assert "1<=x<=365" in refused
