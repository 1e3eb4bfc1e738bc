"""Finding records by parts of words, in Chinese and in Latin letters, within what the asker may read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engine.model import Model
from engine.store import search
from engine.store.apply import apply
from engine.store.database import Database
from engine.store.tables import Tables, build_tables
from tests.store.firm import add, compiled

NAMES = (
    "上海独角兽印刷有限公司",
    "深圳华彩包装",
    "Smith & Sons 77",
    "Blue Heron Press",
    "A-12 Ｓｔｕｄｉｏ",
    "Abba bab",
)


@pytest.fixture(scope="module")
def model() -> Model:
    return compiled()


@pytest.fixture
def tables(model: Model, database: Database) -> Iterator[Tables]:
    apply(database, model, base=None, by=None)
    tables = build_tables(model)
    with database.writing() as connection:
        for name in NAMES:
            add(connection, tables, "customer", name=name, city="Beijing" if name.isascii() else "深圳")
    yield tables


def found(
    database: Database, tables: Tables, text: str, fields: tuple[str, ...] = ("name",), *, common: bool = False
) -> list[str]:
    table = tables.entities["customer"]
    texts = {name: table.c[name] for name in fields}
    condition = search.matches(tables, "customer", fields, text, table.c.id, text=texts, common=common)
    with database.reading() as connection:
        return list(connection.execute(sa.select(table.c.name).where(condition).order_by(table.c.id)).scalars())


@pytest.mark.parametrize("common", [False, True])
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("独角", NAMES[:1]),
        ("角", NAMES[:1]),
        ("印刷 有限公司", NAMES[:1]),
        ("smith 77", NAMES[2:3]),
        ("SMITH", NAMES[2:3]),
        ("&", NAMES[2:3]),
        ("a-12", NAMES[4:5]),
        ("studio", NAMES[4:5]),
        ("ＨＥＲＯＮ", NAMES[3:4]),
        ("abab", ()),  # ab, ba: all pairs are there, but not together
        ("没有", ()),
        ('"', ()),
        ("' OR 1=1 --", ()),
        ("NEAR(", ()),
        ("", NAMES),
        ("  ", NAMES),
    ],
)
def test_a_text_is_found_by_its_parts(
    database: Database, tables: Tables, text: str, names: tuple[str, ...], common: bool
) -> None:
    assert found(database, tables, text, common=common) == list(names)


def test_words_may_stand_in_different_fields_that_may_be_read(database: Database, tables: Tables) -> None:
    assert found(database, tables, "smith beijing", ("name", "city")) == [NAMES[2]]
    assert found(database, tables, "smith beijing", ("name",)) == []
    assert found(database, tables, "smith", ("city",)) == []
    assert found(database, tables, "smith", ()) == []


def test_what_is_hidden_on_this_row_does_not_find_it(database: Database, tables: Tables) -> None:
    table = tables.entities["customer"]
    hidden = sa.case((table.c.id > 99, table.c.name), else_=None)
    condition = search.matches(tables, "customer", ("name",), "smith", table.c.id, text={"name": hidden})

    with database.reading() as connection:
        assert connection.execute(sa.select(table.c.id).where(condition)).all() == []


def test_a_changed_or_deleted_record_is_found_no_more_by_its_old_words(database: Database, tables: Tables) -> None:
    table = tables.entities["customer"]
    with database.writing() as connection:
        search.index(connection, tables, "customer", 3, {"name": "Miller"})
        connection.execute(sa.update(table).where(table.c.id == 3).values(name="Miller"))
        search.remove(connection, tables, "customer", 4)
        search.remove(connection, tables, "customer", 4)

    assert found(database, tables, "smith") == []
    assert found(database, tables, "mill") == ["Miller"]
    assert found(database, tables, "heron") == []


def test_a_rebuilt_index_finds_the_same(model: Model, database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        search.remove(connection, tables, "customer", 1)
        search.rebuild(connection, tables, model, "customer")

    assert found(database, tables, "独角") == [NAMES[0]]
    assert found(database, tables, "beijing smith", ("name", "city")) == [NAMES[2]]


def test_few_hits_are_not_common(database: Database, tables: Tables) -> None:
    with database.reading() as connection:
        assert not search.is_common(connection, tables, "customer", ("name", "city"), "smith 77")
        assert not search.is_common(connection, tables, "customer", (), "smith")
        assert not search.is_common(connection, tables, "customer", ("name",), "&")
