"""Passwords, sessions, tokens: what signs in, what does not any more, and what a thief of the database has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.limits import LOGIN_FAILURES_MAX, LOGIN_WINDOW_SECONDS, SESSION_HOURS_MAX, SESSION_IDLE_HOURS_MAX
from engine.model import Model
from engine.store import credentials, security_log, sessions, tokens
from engine.store.apply import apply
from engine.store.database import Database
from engine.store.tables import Tables, build_tables
from tests.store.firm import NOW, compiled

WANG = 7
IDLE = timedelta(hours=SESSION_IDLE_HOURS_MAX)


@pytest.fixture(scope="module")
def model() -> Model:
    return compiled()


@pytest.fixture
def tables(model: Model, database: Database) -> Iterator[Tables]:
    apply(database, model, base=None, by=None)
    tables = build_tables(model)
    with database.writing() as connection:
        credentials.store_password(connection, tables, WANG, credentials.hash_password("open sesame"), NOW)
    yield tables


def everything(database: Database) -> str:
    """All text in the engine's tables."""
    with database.reading() as connection:
        names = [name for name in sa.inspect(connection).get_table_names() if name.startswith("forme_")]
        return str([connection.exec_driver_sql(f'SELECT * FROM "{name}"').fetchall() for name in names])


def test_only_the_right_password_signs_in(database: Database, tables: Tables) -> None:
    with database.reading() as connection:
        wang = credentials.read(connection, tables, WANG)
        nobody = credentials.read(connection, tables, 99)

    assert nobody is None
    assert credentials.verify(wang, "open sesame")
    for wrong in ("Open sesame", "", "x" * 5000, "open sesame\0"):
        assert not credentials.verify(wang, wrong)
    assert not credentials.verify(nobody, "open sesame")
    assert not credentials.verify(nobody, "nobody")
    assert wang is not None and not credentials.needs_rehash(wang)
    assert "open sesame" not in everything(database)


def test_a_closed_account_has_no_password_to_guess(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        credentials.store_password(connection, tables, WANG, None, NOW)

    with database.reading() as connection:
        assert not credentials.verify(credentials.read(connection, tables, WANG), "nobody")


def test_a_session_is_found_by_its_secret_only(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        secret, session = sessions.open_session(connection, tables, WANG, NOW, address="10.0.0.1", agent="Firefox")
        other, _ = sessions.open_session(connection, tables, WANG, NOW)

    with database.reading() as connection:
        assert sessions.find(connection, tables, secret, NOW) == session
        for made_up in (session.digest, "attackerchosen", "", secret[:-1], "x" * 10_000, "\ud800"):
            assert sessions.find(connection, tables, made_up, NOW) is None
    assert secret != other
    assert secret not in everything(database)


def test_a_session_ends_when_idle_when_old_and_at_the_sign_out(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        secret, session = sessions.open_session(connection, tables, WANG, NOW)
        later = NOW + IDLE - timedelta(minutes=1)
        assert sessions.find(connection, tables, secret, later)
        assert sessions.find(connection, tables, secret, NOW + IDLE) is None
        assert sessions.needs_touch(session, later) and not sessions.needs_touch(session, NOW)
        sessions.touch(connection, tables, session, later)
        assert sessions.find(connection, tables, secret, NOW + IDLE)
        sessions.touch(connection, tables, session, NOW + timedelta(hours=SESSION_HOURS_MAX))
        assert sessions.find(connection, tables, secret, NOW + timedelta(hours=SESSION_HOURS_MAX)) is None
        assert [one.digest for one in sessions.listing(connection, tables, WANG, NOW)] == [session.digest]

        sessions.close(connection, tables, session.digest)
        sessions.close(connection, tables, session.digest)

        assert sessions.find(connection, tables, secret, NOW) is None


def test_a_new_password_ends_every_session(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        secret, _ = sessions.open_session(connection, tables, WANG, NOW)
        credentials.replace_hash(connection, tables, WANG, credentials.hash_password("open sesame"))
        assert sessions.find(connection, tables, secret, NOW)

        credentials.store_password(connection, tables, WANG, credentials.hash_password("new"), NOW)
        assert sessions.find(connection, tables, secret, NOW) is None

        secret, _ = sessions.open_session(connection, tables, WANG, NOW)
        credentials.end_sessions(connection, tables, WANG)
        assert sessions.find(connection, tables, secret, NOW) is None


def test_signing_out_elsewhere_keeps_this_session(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        here, session = sessions.open_session(connection, tables, WANG, NOW)
        sessions.open_session(connection, tables, WANG, NOW - IDLE)
        assert sessions.close_all(connection, tables, WANG, but=session.digest) == 1
        assert sessions.find(connection, tables, here, NOW)
        assert sessions.sweep(connection, tables, NOW) == 0
        assert sessions.sweep(connection, tables, NOW + IDLE) == 1


def test_a_token_is_shown_once_and_works_until_revoked(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        text, token = tokens.create(connection, tables, WANG, "Till", NOW)
        assert tokens.find(connection, tables, text, NOW) == token
        assert tokens.needs_touch(token, NOW)
        tokens.touch(connection, tables, token, NOW)
        used = tokens.find(connection, tables, text, NOW)
        assert used is not None and used.used_at == NOW and not tokens.needs_touch(used, NOW)
        for wrong in (text[:-1], text + "x", f"forme_{token.prefix}_", "forme_", "", "x" * 10_000, "forme_é_x"):
            assert tokens.find(connection, tables, wrong, NOW) is None
    assert text not in everything(database)

    with database.writing() as connection:
        assert not tokens.revoke(connection, tables, WANG + 1, token.id, NOW)
        assert [one.name for one in tokens.listing(connection, tables, WANG)] == ["Till"]
        assert tokens.revoke(connection, tables, WANG, token.id, NOW)
        assert not tokens.revoke(connection, tables, WANG, token.id, NOW)
        assert tokens.find(connection, tables, text, NOW) is None
        assert tokens.listing(connection, tables, WANG) == []


def test_a_token_expires(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        end = NOW + timedelta(days=30)
        text, _ = tokens.create(connection, tables, WANG, "Till", NOW, expires_at=end)
        tokens.create(connection, tables, WANG, "Shop", NOW)
        assert tokens.find(connection, tables, text, end - timedelta(seconds=1))
        assert tokens.find(connection, tables, text, end) is None
        assert tokens.revoke_all(connection, tables, WANG, NOW) == 2


def test_guessing_is_slowed_down_for_account_and_address(database: Database, tables: Tables) -> None:
    def may(account: str, address: str, seconds: int = 0) -> bool:
        return credentials.may_try(connection, tables, account, address, NOW + timedelta(seconds=seconds))

    with database.writing() as connection:
        for _ in range(LOGIN_FAILURES_MAX):
            assert may("wang", "10.0.0.1")
            credentials.note_failure(connection, tables, "wang", "10.0.0.1", NOW)

        assert not may("wang", "10.0.0.1") and not may(" WANG", "10.0.0.1")
        assert may("wang", "10.0.0.2") and may("li", "10.0.0.1")
        assert may("wang", "10.0.0.1", LOGIN_WINDOW_SECONDS)
        credentials.forget_failures(connection, tables, "Wang", "10.0.0.1")
        assert may("wang", "10.0.0.1")

        for number in range(credentials.ADDRESS_FAILURES_MAX):
            credentials.note_failure(connection, tables, f"guess {number}", "10.6.6.6", NOW)
        assert not may("wang", "10.6.6.6")


def test_roles_are_exactly_those_given_last(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        credentials.set_roles(connection, tables, WANG, ["sales", "clerk", "sales"])
        credentials.set_roles(connection, tables, WANG, ["sales"])
        assert credentials.roles(connection, tables, WANG) == {"sales"}
        assert credentials.having_role(connection, tables, "sales") == [WANG]
        credentials.set_roles(connection, tables, WANG, [])
        assert credentials.roles(connection, tables, WANG) == frozenset()


def test_the_security_log_is_read_newest_first(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        security_log.write(connection, tables, "signed_in", NOW, user=WANG, account="wang", address="10.0.0.1")
        security_log.write(connection, tables, "wrong_password", NOW, account="li", details={"try": 2})

    with database.reading() as connection:
        events = security_log.read(connection, tables)
        assert [(event.event, event.user, event.details) for event in events] == [
            ("wrong_password", None, {"try": 2}),
            ("signed_in", WANG, {}),
        ]
        assert [e.event for e in security_log.read(connection, tables, before=events[0].id)] == ["signed_in"]
        assert len(security_log.read(connection, tables, user=WANG)) == 1
        assert len(security_log.read(connection, tables, event="wrong_password")) == 1
