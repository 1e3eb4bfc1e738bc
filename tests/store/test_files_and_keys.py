"""Uploaded files, and requests that are sent twice."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.limits import IDEMPOTENCY_HOURS
from engine.model import Model
from engine.runtime import upkeep
from engine.runtime.upkeep import Cleared
from engine.store import credentials, files, idempotency, sessions
from engine.store.apply import apply
from engine.store.database import Database, open_database
from engine.store.errors import Unavailable
from engine.store.idempotency import Answer, InProgress, KeyReused
from engine.store.tables import Tables, build_tables
from tests.store.firm import NOW, compiled

MADE = Answer(status=201, headers="{}", body='{"id": 1}')


@pytest.fixture(scope="module")
def model() -> Model:
    return compiled()


@pytest.fixture
def tables(model: Model, database: Database) -> Iterator[Tables]:
    apply(database, model, base=None, by=None)
    yield build_tables(model)


def upload(database: Database, tables: Tables, folder: Path, data: bytes, name: str = "proof.pdf") -> files.StoredFile:
    digest, size = files.keep(folder, [data[:3], data[3:]])
    with database.writing() as connection:
        return files.add(connection, tables, name=name, type="application/pdf", size=size, digest=digest, by=7, now=NOW)


def test_a_file_is_read_back_whole_and_kept_once(database: Database, tables: Tables, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    one, two = (upload(database, tables, folder, b"%PDF proof", name) for name in ("a.pdf", "b.pdf"))

    kept = [path for path in folder.rglob("*") if path.is_file()]
    assert len(kept) == 1 and stat.S_IMODE(kept[0].stat().st_mode) == 0o600
    assert one.digest == two.digest and one.id != two.id
    with database.reading() as connection:
        found = files.read(connection, tables, [one.id, two.id, 99])
    assert {file.name for file in found.values()} == {"a.pdf", "b.pdf"}
    assert b"".join(files.content(folder, found[one.id])) == b"%PDF proof"


@pytest.mark.parametrize(
    ("given", "kept"),
    [("../../etc/passwd", "passwd"), ("C:\\temp\\校样.pdf", "校样.pdf"), ("", "file"), ("a\0b", "ab")],
)
def test_a_name_is_never_a_path(database: Database, tables: Tables, tmp_path: Path, given: str, kept: str) -> None:
    assert upload(database, tables, tmp_path, b"proof", given).name == kept


def test_a_file_that_is_too_large_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FILE_BYTES_MAX", 10)

    with pytest.raises(files.TooLarge):
        files.keep(tmp_path, [b"12345", b"67890", b"1"])

    assert list(tmp_path.iterdir()) == []


def test_a_missing_or_damaged_file_is_told_at_once(database: Database, tables: Tables, tmp_path: Path) -> None:
    file = upload(database, tables, tmp_path, b"proof")
    path = files.path_of(tmp_path, file.digest)

    path.write_bytes(b"pr")
    with pytest.raises(files.Missing, match="damaged"):
        files.content(tmp_path, file)
    path.unlink()
    with pytest.raises(files.Missing, match="missing"):
        files.content(tmp_path, file)


def test_what_no_record_took_up_is_swept_away(database: Database, tables: Tables, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    used, unused = (upload(database, tables, folder, data) for data in (b"used", b"unused"))
    files.keep(folder, [b"crashed before the row was written"])
    (folder / ".draft-1").write_bytes(b"crashed while uploading")
    (folder / unused.digest[:2] / f".gone-{unused.digest}").write_bytes(b"cut off while sweeping")
    for path in folder.rglob("*"):
        os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    with database.writing() as connection:
        files.use(connection, tables, [used.id], NOW)
    assert upkeep.clear(database, folder, NOW + timedelta(hours=1)).files == 0
    assert upkeep.clear(database, folder, NOW + timedelta(hours=25)).files == 4
    assert upkeep.clear(database, folder, NOW + timedelta(hours=25)).files == 0

    with database.reading() as connection:
        assert set(files.read(connection, tables, [used.id, unused.id])) == {used.id}
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [used.digest]


def test_bytes_that_are_sent_again_survive_the_sweep_of_the_first(
    database: Database, tables: Tables, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    first = upload(database, tables, folder, b"the same proof")
    os.utime(files.path_of(folder, first.digest), (NOW.timestamp(), NOW.timestamp()))
    files.keep(folder, [b"the same proof"])  # and its row is not written yet

    assert upkeep.clear(database, folder, NOW + timedelta(hours=25)).files == 1
    assert files.path_of(folder, first.digest).read_bytes() == b"the same proof"


def test_bytes_that_are_sent_again_survive_what_a_sweep_left_behind(
    database: Database, tables: Tables, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    first = upload(database, tables, folder, b"the same proof")
    path = files.path_of(folder, first.digest)
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    path.rename(path.with_name(f".gone-{path.name}"))
    files.keep(folder, [b"the same proof"])  # and its row is not written yet

    upkeep.clear(database, folder, NOW + timedelta(hours=25))

    assert [kept.name for kept in folder.rglob("*") if kept.is_file()] == [first.digest]


def test_a_file_that_was_given_up_cannot_be_taken_up(database: Database, tables: Tables, tmp_path: Path) -> None:
    late = upload(database, tables, tmp_path, b"late")
    upkeep.clear(database, tmp_path, NOW + timedelta(hours=25))

    with pytest.raises(Unavailable), database.writing() as connection:
        files.use(connection, tables, [late.id], NOW)


def test_a_folder_that_takes_no_files_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file where the folder should be")

    with pytest.raises(Unavailable, match="cannot be written"):
        files.keep(tmp_path / "files", [b"proof"])


def test_a_round_of_upkeep_forgets_what_is_over(database: Database, tables: Tables, tmp_path: Path) -> None:
    with database.writing() as connection:
        idempotency.begin(connection, tables, "user:7", "POST /customer", "k1", b"{}", NOW)
        credentials.note_failure(connection, tables, "li", "192.0.2.1", NOW)
        credentials.store_password(connection, tables, 7, None, NOW)
        sessions.open_session(connection, tables, 7, NOW)

    assert upkeep.clear(database, tmp_path / "none", NOW) == Cleared()
    later = NOW + timedelta(days=40)
    assert upkeep.clear(database, tmp_path / "none", later) == Cleared(sessions=1, answers=1, failures=1)


def test_a_round_of_upkeep_removes_the_copy_of_a_dry_run_that_was_killed(tmp_path: Path) -> None:
    database, left = open_database(f"sqlite:///{tmp_path}/forme.db"), tmp_path / ".dry-run-1"
    left.mkdir()
    (left / "forme.db").write_bytes(b"all that the firm knows")
    os.utime(left, (NOW.timestamp(), NOW.timestamp()))
    apply(database, compiled(), base=None, by=None)

    assert upkeep.clear(database, tmp_path / "files", NOW + timedelta(hours=23)).files == 0
    assert upkeep.clear(database, tmp_path / "files", NOW + timedelta(hours=24)).files == 1
    database.close()

    assert not left.exists()


def test_rounds_go_on_after_one_that_failed() -> None:
    rounds, thrice = 0, threading.Event()

    def work() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            thrice.set()
        raise OSError("no space")

    with upkeep.in_rounds(work, every=0.01):
        assert thrice.wait(30)
    assert not any(thread.name == "forme-upkeep" for thread in threading.enumerate())


def test_the_same_request_again_gets_the_first_answer(database: Database, tables: Tables) -> None:
    asked = (tables, "user:7", "POST /customer", "k1")
    with database.writing() as connection:
        assert idempotency.begin(connection, *asked, b"{}", NOW) is None
        with pytest.raises(InProgress):
            idempotency.begin(connection, *asked, b"{}", NOW)
        idempotency.finish(connection, *asked, MADE)
        assert idempotency.begin(connection, *asked, b"{}", NOW) == MADE
        with pytest.raises(KeyReused):
            idempotency.begin(connection, *asked, b"{other}", NOW)
        later = NOW + timedelta(hours=IDEMPOTENCY_HOURS)
        assert idempotency.begin(connection, *asked, b"{other}", later) is None


def test_a_key_belongs_to_one_actor_and_one_route(database: Database, tables: Tables) -> None:
    with database.writing() as connection:
        for actor, route in (("user:7", "POST /customer"), ("user:8", "POST /customer"), ("user:7", "POST /deal")):
            assert idempotency.begin(connection, tables, actor, route, "k1", b"{}", NOW) is None
            idempotency.finish(connection, tables, actor, route, "k1", MADE)


def test_a_request_that_was_refused_or_cut_off_may_be_sent_again(database: Database, tables: Tables) -> None:
    asked = (tables, "user:7", "POST /customer", "k1")
    with database.writing() as connection:
        idempotency.begin(connection, *asked, b"{}", NOW)
        idempotency.abandon(connection, *asked)
        assert idempotency.begin(connection, *asked, b"{mended}", NOW) is None
        assert idempotency.begin(connection, *asked, b"{mended}", NOW + idempotency.STALE) is None
        idempotency.finish(connection, *asked, MADE)
        idempotency.abandon(connection, *asked)
        assert idempotency.begin(connection, *asked, b"{mended}", NOW) == MADE
