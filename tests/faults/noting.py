"""Does some work and notes in a file what was acknowledged, as soon as it was.

`python -m tests.faults.noting save|apply FOLDER [PRAGMA]`: run below disk.c, which sees the notes among the writes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine import boot
from engine.boot import Project
from engine.change import Draft, system
from engine.runtime.save import save

NOTES = "acknowledged"
SAVES = 120


def save_customers(project: Project, note: Callable[[int], object]) -> None:
    """One after the other; their ids are noted."""
    with project.opened() as database:
        site = boot.open_site(project, database)
        for number in range(SAVES):
            note(save(site, system(), Draft("customer", {"name": f"Customer {number}", "phone": "1" * 200})).id)


def apply_folder(project: Project, note: Callable[[int], object]) -> None:
    """What the folder holds now; the revision is noted."""
    model, catalog = boot.compile_folder(project.folder)
    with project.opened() as database:
        note(boot.perform(project, database, model, catalog, base=1).number)


def main(work: str, folder: Path, *more: str) -> None:
    """Do the work; `more` is what the database is told besides how it is opened."""

    @sa.event.listens_for(sa.Engine, "engine_connect")
    def tell(connection: sa.Connection) -> None:
        driver: Any = connection.connection.driver_connection
        for pragma in more:
            driver.execute(f"PRAGMA {pragma}")

    notes = os.open(folder / NOTES, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    project = Project.at(folder, f"sqlite:///{folder / '.forme' / 'forme.db'}")
    works = {"save": save_customers, "apply": apply_folder}
    works[work](project, lambda number: os.write(notes, f"{number}\n".encode()))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
