"""A power cut takes away what was not yet on the disk: never a save that was acknowledged."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine import boot
from engine.boot import Project
from engine.change import system
from engine.runtime.browse import ListQuery, browse
from engine.store import sqlite
from tests.faults.disk import Entry, entries, lay, run
from tests.faults.on_a_full_disk import first
from tests.faults.saving import NOTES

SAVES = 120
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


def record(folder: Path, *pragmas: str) -> Recorded:
    """Let a firm save customers on a disk that remembers."""
    tree = folder.resolve() / "disk"
    first(tree / "firm")
    base = folder / "base"
    lay(tree / "firm", {}, base)
    database = f"sqlite:///{tree / 'firm' / '.forme' / 'forme.db'}"
    run(
        "tests.faults.saving", str(tree / "firm"), database, str(SAVES), *pragmas, tree=tree / "firm",
        log=folder / "log",
    )  # fmt: skip
    return Recorded(base, tuple(entries(folder / "log")))


def survivors(done: Sequence[Entry], chance: random.Random) -> dict[str, list[Entry]]:
    """What is on the disk after a cut: all up to each file's last sync, and of what came later whatever arrived."""
    certain: dict[str, list[Entry]] = {}
    flying: dict[str, list[Entry]] = {}
    for entry in done:
        if entry.path == NOTES or entry.path.endswith("-shm"):
            continue  # the index of the log is not read after a crash
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


def lost(recorded: Recorded, moment: int, folder: Path, chance: random.Random) -> set[int]:
    """The acknowledged saves that are not there after a cut at this moment; the database is sound."""
    lay(recorded.base, survivors(recorded.done[:moment], chance), folder)
    project = Project.at(folder, f"sqlite:///{folder / '.forme' / 'forme.db'}")
    raw = sqlite.driver().connect(str(folder / ".forme" / "forme.db"))
    assert raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    raw.close()
    with project.opened() as database:
        page = browse(boot.open_site(project, database), system(), ListQuery(entity="customer", size=500))
    there = {row[0] for row in page.rows}
    assert there == set(range(1, len(there) + 1)), "saves are there in their order, without holes"
    return recorded.acknowledged(moment) - there


def moments(recorded: Recorded, chance: random.Random) -> list[int]:
    """Some moments: the last, just after an acknowledgement, while the log is copied into the database, and any."""
    noted = [number + 1 for number, entry in enumerate(recorded.done) if entry.path == NOTES]
    copied = [number + 1 for number, entry in enumerate(recorded.done) if entry.path == ".forme/forme.db"]
    any_time = range(1, len(recorded.done))
    return [len(recorded.done), *(one for some in (noted, copied, any_time) for one in chance.sample(some, CUTS // 3))]


def test_what_was_acknowledged_is_there_after_a_power_cut(tmp_path: Path) -> None:
    recorded = record(tmp_path)
    chance = random.Random(17)

    for number, moment in enumerate(moments(recorded, chance)):
        assert lost(recorded, moment, tmp_path / f"cut {number}", chance) == set(), f"cut at write {moment}"

    assert len(recorded.acknowledged(len(recorded.done))) == SAVES
    written = {entry.path for entry in recorded.done}
    assert {".forme/forme.db", ".forme/forme.db-wal"} <= written, "the log was copied into the database meanwhile"


def test_the_disk_would_notice_a_database_that_does_not_wait_for_it(tmp_path: Path) -> None:
    """What the story above is worth: without waiting, saves are lost."""
    recorded = record(tmp_path, "synchronous=normal")
    chance = random.Random(17)

    found = [
        lost(recorded, moment, tmp_path / f"cut {number}", chance)
        for number, moment in enumerate(moments(recorded, chance)[1:8])
    ]

    assert any(found)
