"""Many processes write at once: nobody is told that the database is busy, and nothing is lost."""

from __future__ import annotations

import threading
from functools import partial

import pytest
import sqlalchemy as sa

from engine.store import history, records, revisions, sequence
from engine.store.apply import BaseMoved, apply
from engine.store.database import Database, open_database
from engine.store.history import Entry
from engine.store.tables import Tables, build_tables
from tests.faults.processes import run
from tests.store.firm import FIRM, NOW, add, compiled

PROCESSES, WRITES = 16, 25


def write(url: str, tables: Tables, number: int) -> None:
    """Read, then write, then read again: what fails half-way under a careless recipe."""
    database = open_database(url)
    for turn in range(WRITES):
        with database.writing() as connection:
            serial = sequence.next_number(connection, tables, "customer", "name", "")
            [counter] = records.read(connection, tables, "quote", [1], lock=True)
            records.update(connection, tables, "quote", 1, {"price": counter["price"] + 1})
            id = add(connection, tables, "customer", name=f"Customer {number}-{turn}", city=str(serial))
            entry = Entry(
                at=NOW, user=None, actor="", entity="customer", record=id, root_entity="customer", root=id,
                action="created",
            )  # fmt: skip
            history.write(connection, tables, [entry])
        with database.reading() as connection:
            records.read(connection, tables, "customer", [id])


@pytest.mark.timeout(300)
def test_sixteen_processes_write_and_lose_nothing(database_url: str) -> None:
    database, tables = open_database(database_url), build_tables(compiled())
    apply(database, compiled(), base=None, by=None)
    with database.writing() as connection:
        add(connection, tables, "quote", title="Counter", price="0")

    database.close()

    codes = run(*(partial(write, database_url, tables, number) for number in range(PROCESSES)))

    assert codes == [0] * PROCESSES
    database = open_database(database_url)
    with database.reading() as connection:
        assert records.read(connection, tables, "quote", [1])[0]["price"] == PROCESSES * WRITES
        cities = connection.execute(sa.select(tables.entities["customer"].c.city)).scalars()
        assert sorted(map(int, cities)) == list(range(1, PROCESSES * WRITES + 1))
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.history)).scalar() == PROCESSES * WRITES
    database.close()


def both(database: Database, *labels: str) -> list[str]:
    """Apply a config for each label at the same time; what came of each."""
    came: list[str] = []

    def one(label: str) -> None:
        try:
            number = apply(database, compiled(FIRM, ("label: Quote", f"label: {label}")), base=1, by=None).number
            came.append(f"revision {number}")
        except BaseMoved:
            came.append("moved")

    threads = [threading.Thread(target=one, args=(label,)) for label in labels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(came)


def test_of_two_different_configs_at_once_one_wins(database_url: str) -> None:
    database = open_database(database_url)
    apply(database, compiled(), base=None, by=None)

    assert both(database, "Offer", "Bid") == ["moved", "revision 2"]
    assert both(database, "Tender", "Tender")[0] == "moved"
    database.close()


def test_the_same_config_twice_at_once_is_applied_once(database_url: str) -> None:
    database = open_database(database_url)
    apply(database, compiled(), base=None, by=None)

    assert both(database, "Offer", "Offer") == ["revision 2", "revision 2"]
    with database.reading() as connection:
        assert revisions.current_number(connection) == 2
    database.close()


def test_a_long_reader_does_not_keep_an_apply_waiting_for_ever(database_url: str) -> None:
    database = open_database(database_url)
    apply(database, compiled(), base=None, by=None)
    release = threading.Event()
    reading = threading.Event()

    def read() -> None:
        with database.reading() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM customer")
            reading.set()
            release.wait(30)

    reader = threading.Thread(target=read)
    reader.start()
    reading.wait(30)
    threading.Timer(4, release.set).start()

    added = ("city: {type: text, search: true}", "city: {type: text, search: true}\n      fax: {type: text}")
    assert apply(database, compiled(FIRM, added), base=1, by=None).number == 2
    release.set()
    reader.join()
    database.close()
