"""Rows as they are stored: ids, reading back, uniqueness, numbers without gaps, history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from engine.model import Model
from engine.store import history, records, sequence
from engine.store.apply import apply
from engine.store.database import Database
from engine.store.errors import Duplicate
from engine.store.history import Entry
from engine.store.tables import NAME_MAX, Tables, build_tables, short_name
from tests.store.firm import NOW, add, compiled


@pytest.fixture(scope="module")
def model() -> Model:
    return compiled()


@pytest.fixture
def tables(model: Model, database: Database) -> Iterator[Tables]:
    apply(database, model, base=None, by=None)
    yield build_tables(model)


def test_a_record_is_read_back_as_it_was_stored(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        id = add(connection, tables, "quote", title="画册 Atlas", price=Decimal("1250.50"))

    with database.reading() as connection:
        [row] = records.read(connection, tables, "quote", [id])

    assert (row["title"], row["price"], row["created_at"], row["deleted_at"]) == (
        "画册 Atlas", Decimal("1250.50"), NOW, None,
    )  # fmt: skip


def test_ids_are_never_given_twice(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        assert records.allocate(connection, tables, "quote", 3) == [1, 2, 3]
        assert records.allocate(connection, tables, "quote", 0) == []
        last = add(connection, tables, "quote", title="Atlas")
        connection.execute(sa.delete(tables.entities["quote"]))
    with database.writing() as connection:
        assert records.allocate(connection, tables, "quote", 1) == [last + 1]


def test_a_change_touches_only_its_columns(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        id = add(connection, tables, "customer", name="Jade Box", city="Beijing")
        records.update(connection, tables, "customer", id, {"name": "Jade Boxes", "version": 2})

    with database.reading() as connection:
        [row] = records.read(connection, tables, "customer", [id])
        assert (row["name"], row["city"], row["version"]) == ("Jade Boxes", "Beijing", 2)
        assert records.holding(connection, tables, "customer", {"name": "ＪＡＤＥ boxes "}) == [id]
        assert records.holding(connection, tables, "customer", {"name": "Jade Box"}) == []


def test_only_one_live_record_may_hold_a_unique_value(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        first = add(connection, tables, "customer", name="Jade Box")

    with pytest.raises(Duplicate, match="customer"), database.writing() as connection:
        assert records.taken(connection, tables, "customer", {"name": " jade BOX"})
        assert not records.taken(connection, tables, "customer", {"name": "jade box"}, first)
        add(connection, tables, "customer", name="JADE BOX")

    with database.writing() as connection:
        records.update(connection, tables, "customer", first, {"deleted_at": NOW})
        add(connection, tables, "customer", name="JADE BOX")


def test_lines_come_in_their_order_without_the_deleted(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        one, two = (add(connection, tables, "quote", title=title) for title in ("Atlas", "Box"))
        for quote, name, position in ((two, "Lid", 0), (one, "Pages", 1), (one, "Cover", 0), (one, "Map", 2)):
            add(connection, tables, "part", name=name, quote=quote, line__position=position)
        records.update(connection, tables, "part", 4, {"deleted_at": NOW})

    with database.reading() as connection:
        lines = records.read_lines(connection, tables, "part", [two, one])
        assert [(line["quote"], line["name"]) for line in lines] == [(one, "Cover"), (one, "Pages"), (two, "Lid")]
        assert records.read_lines(connection, tables, "part", []) == []


def test_what_was_deleted_together_and_what_links_are_found(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        customer = add(connection, tables, "customer", name="Jade Box")
        quote = add(connection, tables, "quote", title="Atlas", customer=customer)
        gone = add(connection, tables, "quote", title="Gone", customer=customer)
        assert records.linking(connection, tables, "quote", "customer", customer) == [quote, gone]
        together = {"deleted_at": NOW, "deleted__with": "d1"}
        records.update(connection, tables, "quote", gone, together)
        records.update(connection, tables, "customer", customer, together)

    with database.reading() as connection:
        found = records.read_deleted(connection, tables, "d1")
        assert [(entity, row["id"]) for entity, row in found] == [("customer", customer), ("quote", gone)]
        assert records.linking(connection, tables, "quote", "customer", customer) == [quote]


def test_numbers_have_no_gaps_and_start_anew_in_each_period(database: Database, tables: Tables) -> None:
    def number(connection: sa.Connection, period: str) -> int:
        return sequence.next_number(connection, tables, "quote", "number", period)

    with database.writing() as connection:
        assert [number(connection, "2026-11"), number(connection, "2026-11"), number(connection, "2026-12")] == [
            1,
            2,
            1,
        ]
    with pytest.raises(RuntimeError), database.writing() as connection:
        number(connection, "2026-11")
        raise RuntimeError
    with database.writing() as connection:
        assert number(connection, "2026-11") == 3
        sequence.start_after(connection, tables, "quote", "number", "2026-11", 90)
        sequence.start_after(connection, tables, "quote", "number", "2026-11", 50)
        assert number(connection, "2026-11") == 91


def test_history_tells_the_newest_first_page_by_page(database: Database, tables: Tables) -> None:
    def entry(record: int, action: str, entity: str = "quote") -> Entry:
        return Entry(
            at=NOW + timedelta(minutes=record), user=7, actor="小王", entity=entity, record=record, root_entity="quote",
            root=1, action=action, changes={"price": ["1.00", "2.00"]}, source="form",
        )  # fmt: skip

    with database.writing() as connection:
        history.write(connection, tables, [entry(1, "created"), entry(5, "created", "part"), entry(1, "updated")])

    with database.reading() as connection:
        page = history.read(connection, tables, "quote", 1, limit=2)
        assert [(e.entity, e.action) for e in page] == [("quote", "updated"), ("part", "created")]
        assert (page[0].changes, page[0].actor, page[0].user) == ({"price": ["1.00", "2.00"]}, "小王", 7)
        rest = history.read(connection, tables, "quote", 1, before=page[-1].id)
        assert [e.action for e in rest] == ["created"]


def test_names_of_indexes_are_never_too_long_and_never_meet() -> None:
    long = "a" * 40
    names = {short_name("ix", long, long), short_name("ix", long, long + "b"), short_name("ix", long, "b")}

    assert len(names) == 3
    assert all(len(name) <= NAME_MAX for name in names)
