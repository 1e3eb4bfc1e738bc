"""What a config's size costs: checking 200 entities, and starting and idling with 30.

Run as: python -m tests.bench.size. Checks are timed in a process of their own each time, as a person would run them.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engine.boot import Project
from tests.bench.servers import ROOT, forme

RUNS = 3
FIELDS = (
    "{type: text, label: Name, required: true, search: true}",
    "{type: choice, label: Kind, choices: {small: Small, large: Large, other: Other}}",
    "{type: integer, label: Count, min: 0}",
    "{type: money, label: Price, required_when: f2 > 10}",
    "{type: boolean, label: Open}",
    "{type: date, label: Due, visible_when: f4}",
    "{type: long_text, label: Notes}",
    "{type: user, label: Owner}",
)
"""Kinds that entities have in turn; later ones speak of earlier ones."""


def write_config(folder: Path, entities: int, fields: int) -> int:
    """A config of this size in one file for each entity; how many lines it has."""
    files = {"app.yaml": HEAD}
    for number in range(entities):
        lines = [f"entities:\n  thing{number}:\n    label: Thing {number}"]
        lines.append('    title: "{f0}"\n    list:\n      columns: [f0, f1, f2, f3]\n      filters: [f1]\n    fields:')
        lines += [field(number, place) for place in range(fields)]
        files[f"entities/thing{number}.yaml"] = "\n".join(lines) + "\n"
    everything = "".join(f"      thing{n}: {{read: true, create: true, update: true}}\n" for n in range(entities))
    files["roles.yaml"] = f"roles:\n  everybody:\n    label: Everybody\n    may: [people]\n    grants:\n{everything}"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return sum(text.count("\n") for text in files.values())


HEAD = "app: {name: Size, locale: en, locales: [en], timezone: UTC, currency: EUR}\n"


def field(entity: int, place: int) -> str:
    """One field, two lines long."""
    if place == 8 and entity:
        return f"      f8:\n        {{type: link, label: Above, to: thing{entity - 1}}}"
    if place == 9:
        return '      f9:\n        {type: money, label: Total, expr: "f2 * f3"}'
    return f"      f{place}:\n        {FIELDS[place % len(FIELDS)]}"


def check(folder: Path) -> float:
    """Seconds of one `forme check`."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "engine.cli", "check", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as scratch:
        large, small = Path(scratch) / "large", Path(scratch) / "small"
        lines = write_config(large, 200, 25)
        times = [check(large) for _ in range(RUNS)]
        print(f"check of 200 entities with 25 fields, {lines:,} lines: {statistics.median(times):.2f} s", flush=True)
        write_config(small, 30, 25)
        project = Project.at(small, f"sqlite:///{scratch}/forme.db")
        with forme(project) as first:
            print(f"first start with 30 entities, tables made: {first.started_in:.2f} s")
        found = []
        for _ in range(RUNS):
            with forme(project) as served:
                found.append((served.started_in, served.megabytes))
        print(f"start to first answer: {statistics.median(seconds for seconds, _ in found):.2f} s")
        print(f"idle: {statistics.median(size for _, size in found):.0f} MB")


if __name__ == "__main__":
    main()
