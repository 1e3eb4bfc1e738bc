"""A database: what it promises on both kinds, and what it refuses to open."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.store.database import Database, open_database
from engine.store.errors import Unavailable, Unusable
from engine.store.sqlite import driver


def make_table(database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE paper (id INTEGER PRIMARY KEY, grams INTEGER)")


def count(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM paper").scalar_one())


def test_what_is_written_is_there_for_the_next_reader(database_url: str) -> None:
    database = open_database(database_url)
    make_table(database)

    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO paper VALUES (1, 157)")

    assert count(database) == 1
    database.close()


def test_an_exception_undoes_rows_and_tables_alike(database_url: str) -> None:
    database = open_database(database_url)
    with pytest.raises(RuntimeError), database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE paper (id INTEGER PRIMARY KEY, grams INTEGER)")
        connection.exec_driver_sql("INSERT INTO paper VALUES (1, 157)")
        raise RuntimeError

    with database.reading() as connection:
        assert not sa.inspect(connection).has_table("paper")
    database.close()


def test_a_reader_sees_one_state_and_cannot_write(database_url: str) -> None:
    database = open_database(database_url)
    make_table(database)

    with database.reading() as reader:
        assert reader.exec_driver_sql("SELECT count(*) FROM paper").scalar() == 0
        with database.writing() as writer:
            writer.exec_driver_sql("INSERT INTO paper VALUES (1, 157)")
        assert reader.exec_driver_sql("SELECT count(*) FROM paper").scalar() == 0
        with pytest.raises(sa.exc.DBAPIError):
            reader.exec_driver_sql("INSERT INTO paper VALUES (2, 128)")

    assert count(database) == 1
    database.close()


def test_threads_that_read_and_then_write_lose_nothing(database_url: str) -> None:
    database = open_database(database_url)
    make_table(database)
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO paper VALUES (1, 0)")

    def add_ten() -> None:
        for _ in range(10):
            with database.writing() as connection:
                lock = " FOR UPDATE" if database.dialect == "postgresql" else ""
                grams = connection.exec_driver_sql("SELECT grams FROM paper WHERE id = 1" + lock).scalar_one()
                connection.exec_driver_sql(f"UPDATE paper SET grams = {grams + 1} WHERE id = 1")

    threads = [threading.Thread(target=add_ten) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT grams FROM paper").scalar() == 80
    database.close()


def test_a_database_in_memory_lives_as_long_as_it_is_open() -> None:
    database = open_database("sqlite://")
    make_table(database)
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO paper VALUES (1, 157)")

    assert count(database) == 1
    database.close()


def test_only_its_owner_may_read_a_new_file(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'firm' / 'forme.db'}")
    make_table(database)

    for path in (tmp_path / "firm").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    database.close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "forme.db"
    path.write_bytes(b"Dear customer, your quotation" * 300)
    before = path.read_bytes()

    with pytest.raises(Unusable, match="not a SQLite database"):
        open_database(f"sqlite:///{path}")

    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "forme.db"
    other = driver().connect(str(path))
    other.execute("CREATE TABLE songs (title)")
    other.close()
    before = path.read_bytes()

    with pytest.raises(Unusable, match="another program"):
        open_database(f"sqlite:///{path}")

    assert path.read_bytes() == before


def test_a_database_of_a_later_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "forme.db"
    open_database(f"sqlite:///{path}").close()
    later = driver().connect(str(path))
    later.execute("PRAGMA user_version=99")
    later.close()

    with pytest.raises(Unusable, match="later release"):
        open_database(f"sqlite:///{path}")


def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(Unusable, match="mysql"):
        open_database("mysql://localhost/forme")


def test_a_server_that_does_not_answer_is_told_as_such() -> None:
    database = open_database("postgresql://nobody@127.0.0.1:1/forme")

    with pytest.raises(Unavailable, match="does not answer"), database.reading() as connection:
        connection.exec_driver_sql("SELECT 1")
    database.close()


def test_a_damaged_page_is_told_as_such(tmp_path: Path) -> None:
    path = tmp_path / "forme.db"
    database = open_database(f"sqlite:///{path}")
    make_table(database)
    with database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO paper WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
            "SELECT i, i FROM n"
        )
    database.close()
    data = bytearray(path.read_bytes())
    data[4096 * 10 : 4096 * 12] = b"\xff" * 8192
    path.write_bytes(data)

    database = open_database(f"sqlite:///{path}")
    with pytest.raises(Unusable, match="damaged"):
        count_all(database)
    database.close()


def count_all(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.exec_driver_sql("SELECT sum(grams) FROM paper").scalar_one())
