"""Saves customers one after the other, and notes each as soon as it is acknowledged.

`python -m tests.faults.saving FOLDER DATABASE SAVES [PRAGMA]`: run below disk.c, which sees the notes among the writes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from engine import boot
from engine.boot import Project
from engine.change import Draft, system
from engine.runtime.save import save
from engine.store import sqlite

NOTES = "acknowledged"


def main(folder: Path, database_url: str, saves: int, *more: str) -> None:
    """Save, and note the id of each record; `more` is what the database is told besides how it is opened."""
    project = Project.at(folder, database_url)
    recipe: Any = vars(sqlite)["_recipe"]
    setattr(sqlite, "_recipe", lambda engine, *, begin, pragmas: recipe(engine, begin=begin, pragmas=(*pragmas, *more)))  # noqa: B010
    notes = os.open(folder / NOTES, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with project.opened() as database:
        site = boot.open_site(project, database)
        for number in range(saves):
            made = save(site, system(), Draft("customer", {"name": f"Customer {number}", "phone": "1" * 200}))
            os.write(notes, f"{made.id}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
