"""A power cut takes away what was not yet on the disk: never a save that was acknowledged."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from engine import boot
from engine.boot import Project
from engine.change import system
from engine.runtime.browse import ListQuery, browse
from engine.runtime.site import Site
from tests.faults.disk import Entry, entries, lay, run
from tests.faults.noting import NOTES, SAVES
from tests.faults.on_a_full_disk import FIRM, first

CUTS = 24
SECTOR = 512
"""What a disk writes whole: of a longer write any first part may have arrived."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A firm as it was before, and everything that was then done to its files."""

    base: Path
    done: Sequence[Entry]

    def acknowledged(self, moment: int) -> set[int]:
        """The records whose saves had been answered by then."""
        notes = b"".join(entry.data for entry in self.done[:moment] if entry.path == NOTES)
        return {int(line) for line in notes.split()}


def record(folder: Path, work: str, *pragmas: str, config: str = FIRM) -> Recorded:
    """Let a firm work on a disk that remembers."""
    tree = folder.resolve() / "disk"
    first(tree / "firm")
    (tree / "firm" / "app.yaml").write_text(config, "utf-8")
    base = folder / "base"
    lay(tree / "firm", {}, base)
    run("tests.faults.noting", work, str(tree / "firm"), *pragmas, tree=tree / "firm", log=folder / "log")
    return Recorded(base, tuple(entries(folder / "log")))


def survivors(done: Sequence[Entry], chance: random.Random) -> dict[str, list[Entry]]:
    """What is on the disk after a cut: all up to each file's last sync, and of what came later whatever arrived."""
    certain: dict[str, list[Entry]] = {}
    flying: dict[str, list[Entry]] = {}
    for entry in done:
        # The index of the log is not read after a crash; copies from before an apply are another story.
        if entry.path == NOTES or entry.path.endswith("-shm") or "/backups/" in entry.path:
            continue
        if entry.kind == "s":
            certain.setdefault(entry.path, []).extend(flying.pop(entry.path, []))
        else:
            flying.setdefault(entry.path, []).append(entry)
    for path, entries_ in flying.items():
        certain.setdefault(path, []).extend(arrived(entries_, chance))
    return certain


def arrived(flying: Sequence[Entry], chance: random.Random) -> Iterator[Entry]:
    """Some of these, some in part."""
    for entry in flying:
        match chance.randrange(3):
            case 0:
                yield entry
            case 1 if entry.kind == "w":
                yield replace(entry, data=entry.data[: chance.randrange(len(entry.data) // SECTOR + 1) * SECTOR])


@contextmanager
def after_a_cut(recorded: Recorded, moment: int, folder: Path, chance: random.Random) -> Iterator[Site]:
    """The firm as it stands up again after a cut at this moment; its database is sound."""
    lay(recorded.base, survivors(recorded.done[:moment], chance), folder)
    project = Project.at(folder, f"sqlite:///{folder / '.forme' / 'forme.db'}")
    with project.opened() as database:
        with database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        yield boot.open_site(project, database)


def lost(recorded: Recorded, moment: int, folder: Path, chance: random.Random) -> set[int]:
    """The acknowledged saves that are not there after a cut at this moment."""
    with after_a_cut(recorded, moment, folder, chance) as site:
        page = browse(site, system(), ListQuery(entity="customer", size=500))
    there = {row[0] for row in page.rows}
    assert there == set(range(1, len(there) + 1)), "saves are there in their order, without holes"
    return recorded.acknowledged(moment) - there


def moments(recorded: Recorded, chance: random.Random) -> list[int]:
    """Some moments: the last, just after an acknowledgement, while the log is copied into the database, and any."""
    noted = [number + 1 for number, entry in enumerate(recorded.done) if entry.path == NOTES]
    copied = [number + 1 for number, entry in enumerate(recorded.done) if entry.path == ".forme/forme.db"]
    found = [len(recorded.done)]
    for some in (noted, copied, range(1, len(recorded.done))):
        found += chance.sample(some, min(CUTS // 3, len(some)))
    return found


def test_what_was_acknowledged_is_there_after_a_power_cut(tmp_path: Path) -> None:
    recorded = record(tmp_path, "save")
    chance = random.Random(17)

    for number, moment in enumerate(moments(recorded, chance)):
        assert lost(recorded, moment, tmp_path / f"cut {number}", chance) == set(), f"cut at write {moment}"

    assert len(recorded.acknowledged(len(recorded.done))) == SAVES
    written = {entry.path for entry in recorded.done}
    assert {".forme/forme.db", ".forme/forme.db-wal"} <= written, "the log was copied into the database meanwhile"


def test_an_apply_is_whole_or_not_there_after_a_power_cut(tmp_path: Path) -> None:
    more = "      fax: {type: text, search: true}\n      double: {type: integer, expr: size * 2}\n"
    recorded = record(tmp_path, "apply", config=FIRM.replace("roles:\n", f"{more}roles:\n"))
    chance = random.Random(17)
    found = []

    for number, moment in enumerate(sorted(moments(recorded, chance))):
        with (
            after_a_cut(recorded, moment, tmp_path / f"cut {number}", chance) as site,
            site.database.reading() as open_,
        ):
            columns = {column["name"] for column in sa.inspect(open_).get_columns("customer")}
        assert {"fax", "double"} & columns == ({"fax", "double"} if site.revision == 2 else set())
        assert recorded.acknowledged(moment) <= {site.revision}
        found.append(site.revision)

    assert (found[0], found[-1]) == (1, 2)


def test_the_disk_would_notice_a_database_that_does_not_wait_for_it(tmp_path: Path) -> None:
    """What the story above is worth: without waiting, saves are lost."""
    recorded = record(tmp_path, "save", "synchronous=normal")
    chance = random.Random(17)

    found = [
        lost(recorded, moment, tmp_path / f"cut {number}", chance)
        for number, moment in enumerate(moments(recorded, chance)[1:8])
    ]

    assert any(found)
