"""Whatever interrupts an apply, the database is exactly the old or exactly the new, and applying again works."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.change import system
from engine.model import Model
from engine.runtime.clock import SystemClock
from engine.runtime.sheets import Row, Sheet
from engine.runtime.site import make_site
from engine.runtime.transfer import CHUNK, Summary, import_rows
from engine.store import chaos, records, revisions, snapshot
from engine.store.apply import apply
from engine.store.database import Database, open_database
from engine.store.errors import Unusable
from engine.store.tables import build_tables
from tests.faults.processes import killed, run
from tests.postgres import PostgresServer
from tests.store.firm import FIRM, add, catalog, compiled

POINTS_MAX = 100
ADDED = (
    (
        "city: {type: text, search: true}",
        "city: {type: text, search: true, unique: true}\n      fax: {type: text}\n"
        "      buyer: {type: link, to: customer}",
    ),
    ("scale: 2", "scale: 4"),
    ("roles:\n", "  visit:\n    label: Visit\n    fields:\n      customer: {type: link, to: customer}\nroles:\n"),
    ("name: {type: text}\n", "name: {type: text, search: true}\n"),
)
"""An additive change with every kind of step that touches tables or rows."""


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Iterator[str]]:
    """As many fresh databases as a test asks for."""
    made: list[str] = []
    if request.param == "sqlite":
        yield (f"sqlite:///{tmp_path / str(number) / 'forme.db'}" for number in range(POINTS_MAX))
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")

    def urls() -> Iterator[str]:
        while True:
            made.append(server.create())
            yield made[-1]

    yield urls()
    for url in made:
        server.drop(url)


def apply_and_crash(url: str, model: Model, base: int | None, point: int) -> bool:
    """Apply in a process that is killed at the n-th point; whether it came to that."""

    def work() -> None:
        chaos.arm("apply", point)
        apply(open_database(url), model, base=base, by=None)

    [code] = run(work)
    return killed(code)


def check_whole(database: Database) -> int:
    """Assert that the tables are exactly those of the stored revision; its number, 0 for none."""
    with database.reading() as connection:
        current = revisions.current(connection)
        inspector = sa.inspect(connection)
        tables = set(inspector.get_table_names())
        if current is None:
            assert "customer" not in tables
            return 0
        for entity in current.snapshot["entities"].values():
            columns = {column["name"] for column in inspector.get_columns(entity["table"])}
            assert columns == set(entity["columns"]), entity["table"]
            indexes = {index["name"] for index in inspector.get_indexes(entity["table"])}
            assert indexes == set(entity["indexes"]), entity["table"]
        if database.dialect == "sqlite":
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
    return current.number


@pytest.mark.timeout(600)
def test_a_first_apply_killed_anywhere_happened_or_did_not(fresh_urls: Iterator[str]) -> None:
    numbers = []
    for point in range(1, POINTS_MAX):
        url = next(fresh_urls)
        crashed = apply_and_crash(url, compiled(), None, point)
        database = open_database(url)
        numbers.append(check_whole(database))
        if crashed:
            assert apply(database, compiled(), base=numbers[-1] or None, by=None).number == 1
            check_whole(database)
        database.close()
        if not crashed:
            break

    assert numbers[0] == 0 and numbers[-2:] == [1, 1]
    assert len(numbers) > 8


@pytest.mark.timeout(600)
def test_an_added_to_apply_killed_anywhere_keeps_every_record(fresh_urls: Iterator[str]) -> None:
    first, second = compiled(), compiled(FIRM, *ADDED)
    tables, new_tables = build_tables(first), build_tables(second)
    numbers = []
    for point in range(1, POINTS_MAX):
        url = next(fresh_urls)
        database = open_database(url)
        apply(database, first, base=None, by=None)
        with database.writing() as connection:
            add(connection, tables, "customer", name="Blue Heron Press", city="Beijing")
            add(connection, tables, "quote", title="Atlas", price="12.50")
        database.close()

        crashed = apply_and_crash(url, second, 1, point)

        database = open_database(url)
        numbers.append(check_whole(database))
        assert apply(database, second, base=numbers[-1], by=None).number == 2
        check_whole(database)
        with database.reading() as connection:
            assert records.holding(connection, new_tables, "customer", {"city": "BEIJING"}) == [1]
            assert str(records.read(connection, new_tables, "quote", [1])[0]["price"]) == "12.5000"
        database.close()
        if not crashed:
            break

    assert numbers[0] == 1 and numbers[-2:] == [2, 2]
    assert len(numbers) > 8


@pytest.mark.timeout(600)
def test_an_import_killed_anywhere_goes_on_where_it_stopped(fresh_urls: Iterator[str], tmp_path: Path) -> None:
    """Run again with its key, it ends as one that nobody interrupted: no row twice, none missing."""
    model, total = compiled(), 2 * CHUNK + 50
    rows = [Row(number + 2, (f"Customer {number}", "Wuxi")) for number in range(total)]

    def bring(url: str) -> Summary:
        database = open_database(url)
        site = make_site(
            model, database=database, catalog=catalog(), clock=SystemClock(), folder=tmp_path, key=b"k" * 32, revision=1
        )
        summary = import_rows(site, system(), "customer", Sheet(("name", "city"), rows), key="name")
        database.close()
        return summary

    def bring_and_crash(url: str, point: int) -> bool:
        def work() -> None:
            chaos.arm("import", point)
            bring(url)

        [code] = run(work)
        return killed(code)

    stood = []
    for point in range(1, POINTS_MAX):
        url = next(fresh_urls)
        database = open_database(url)
        apply(database, model, base=None, by=None)
        database.close()

        crashed = bring_and_crash(url, point)
        again = bring(url)

        assert (again.created + again.skipped, again.updated, again.failed) == (total, 0, 0)
        stood.append(again.skipped)
        database = open_database(url)
        with database.reading() as connection:
            names = connection.exec_driver_sql("SELECT name FROM customer").scalars().all()
        database.close()
        assert sorted(names) == sorted(row.cells[0] for row in rows)
        if not crashed:
            break

    assert stood == [0, CHUNK, CHUNK, 2 * CHUNK, 2 * CHUNK, total, total]


def test_a_revision_of_a_later_release_is_refused_in_words(database_url: str) -> None:
    database = open_database(database_url)
    apply(database, compiled(), base=None, by=None)
    with database.writing() as connection:
        later = {**snapshot.take(compiled()), "format": snapshot.FORMAT + 1}
        table = build_tables(compiled()).revision
        connection.execute(sa.update(table).values(snapshot=later, versions={"forme": "9.9"}))

    with pytest.raises(Unusable, match=r"Forme 9\.9, a later release"):
        apply(database, compiled(FIRM, ("label: Quote", "label: Offer")), base=1, by=None)
    database.close()


def test_tables_of_a_later_release_are_refused_in_words(database_url: str) -> None:
    database = open_database(database_url)
    apply(database, compiled(), base=None, by=None)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE forme_store SET format = 99")
    database.close()

    database = open_database(database_url)
    with pytest.raises(Unusable, match="later release"), database.reading() as connection:
        revisions.current(connection)
    database.close()
