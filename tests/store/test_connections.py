"""Connections that stay open between uses: one transaction each, and nobody waits who may not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from engine.store.apply import apply
from engine.store.database import Database, open_database
from engine.store.driver import run
from engine.store.errors import Duplicate, Occupied, Unavailable
from engine.store.kept import Kept
from engine.store.sqlite import driver
from engine.store.tables import build_tables
from tests.crm import Crm, compile_text


@pytest.fixture
def paper(database: Database) -> Database:
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE paper (id INTEGER PRIMARY KEY, grams INTEGER)")
    return database


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Database]:
    """A database in a file."""
    opened = open_database(f"sqlite:///{tmp_path / 'forme.db'}")
    with opened.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE paper (id INTEGER PRIMARY KEY, grams INTEGER)")
    yield opened
    opened.close()


def put(database: Database, grams: int) -> None:
    with database.writing() as connection:
        run(connection, f"INSERT INTO paper (id, grams) SELECT count(*) + 1, {grams} FROM paper")


def put_as(database: Database, id: int, grams: int) -> None:
    with database.writing() as connection:
        run(connection, f"INSERT INTO paper (id, grams) VALUES ({id}, {grams})")


def weights(database: Database) -> list[int]:
    with database.reading() as connection:
        return [int(grams) for (grams,) in run(connection, "SELECT grams FROM paper ORDER BY id")]


def test_plain_statements_are_part_of_the_use_that_they_stand_in(paper: Database) -> None:
    put(paper, 157)
    with pytest.raises(RuntimeError), paper.writing() as connection:
        run(connection, "INSERT INTO paper VALUES (2, 128)")
        connection.exec_driver_sql("INSERT INTO paper VALUES (3, 105)")
        raise RuntimeError

    assert weights(paper) == [157]


def test_a_use_that_failed_in_the_database_leaves_nothing_for_the_next(paper: Database) -> None:
    put(paper, 157)
    for _ in range(3):
        with pytest.raises(Duplicate), paper.writing() as connection:
            run(connection, "INSERT INTO paper VALUES (1, 1)")
        put(paper, 80)

    assert weights(paper) == [157, 80, 80, 80]


def test_a_reading_ends_before_its_connection_is_used_again(paper: Database) -> None:
    for grams in range(20):
        put(paper, grams)
        assert weights(paper)[-1] == grams


def test_plain_statements_see_one_state(paper: Database) -> None:
    with paper.reading() as reader:
        assert run(reader, "SELECT count(*) FROM paper") == [(0,)]
        put(paper, 157)
        assert run(reader, "SELECT count(*) FROM paper") == [(0,)]

    assert weights(paper) == [157]


def test_many_threads_write_and_lose_nothing(paper: Database) -> None:
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda grams: put_as(paper, grams, grams), range(200)))

    assert weights(paper) == list(range(200))


def test_a_lost_connection_is_replaced(postgres_url: str) -> None:
    opened = open_database(postgres_url)
    with opened.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE paper (id INTEGER PRIMARY KEY, grams INTEGER)")
    put(opened, 157)
    assert weights(opened) == [157]
    with opened.reading() as connection:
        run(connection, "SELECT 1")
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        run(connection, f"{others} AND datname = current_database()")

    with pytest.raises(Unavailable):
        put(opened, 128)
    put(opened, 105)

    assert weights(opened) == [157, 105]
    opened.close()


def test_who_may_not_wait_is_told_that_somebody_writes(shelf: Database) -> None:
    hurried = shelf.without_waiting()
    assert hurried is not None
    with shelf.writing() as connection:
        run(connection, "INSERT INTO paper VALUES (1, 157)")
        with pytest.raises(Occupied), hurried.writing():
            pytest.fail("two at once")
        with pytest.raises(Occupied), hurried.reading():
            pytest.fail("two at once")

    put(hurried, 128)

    assert weights(hurried) == weights(shelf) == [157, 128]


def test_nor_does_one_wait_for_another_process(shelf: Database) -> None:
    hurried = shelf.without_waiting()
    assert hurried is not None and shelf.path is not None
    other = driver().connect(shelf.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Occupied):
        put(hurried, 157)
    waiting = threading.Thread(target=put, args=(shelf, 80))
    waiting.start()
    other.execute("ROLLBACK")
    other.close()
    waiting.join(30)
    put(hurried, 157)

    assert weights(shelf) == [80, 157], "others have the patience that they had before"


def test_over_a_network_there_is_no_answer_without_waiting(postgres_url: str) -> None:
    opened = open_database(postgres_url)
    assert opened.without_waiting() is None
    opened.close()


WAREHOUSE = """
app: {name: Warehouse, locale: en, locales: [en], timezone: UTC, currency: EUR}
entities:
  sheet:
    title: "{name}"
    list: {columns: [name, price]}
    fields: {name: {type: text}, price: {type: decimal, scale: 2}}
"""


def test_what_was_prepared_for_old_tables_is_not_asked_of_new_ones(database_url: str) -> None:
    with Crm.load(WAREHOUSE, database_url) as crm:
        sheet = crm.create("sheet", name="matt", price="1.25")
        for _ in range(5):
            crm.update("sheet", sheet, name="gloss")
            crm.list("sheet")

        wider = compile_text(WAREHOUSE.replace("scale: 2", "scale: 4"))
        revision = apply(crm.site.database, wider, base=1, by=None)
        site = replace(crm.site, model=wider, tables=build_tables(wider), revision=revision.number, kept=Kept())
        after = Crm(site, crm.clock)
        after.update("sheet", sheet, price="1.2345")

        assert after.list("sheet", fields=("price",))[0]["price"] == Decimal("1.2345")
        assert after.get("sheet", sheet).values["price"] == Decimal("1.2345")
