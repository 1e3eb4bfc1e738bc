"""Forme against the hand-written floor, in the same run: JSON lists, own records, saves.

python -m tests.bench.compare --floor PATH [--floor-python PYTHON] [--rows 100000] [--postgresql] [--rounds 5]
    [--seconds 3] [--connections 1] [--only list,own,save]

PATH is the folder that holds gen.py, floor/ and wrk/; BENCH_TMP names a folder for data and databases. The servers are
measured in turn, and the medians of the rounds are compared. PostgreSQL is that of FORME_TEST_PG_URL, or a scratch one;
there as on SQLite a commit is on the disk when it is acknowledged.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.driver import Load, Times, measure
from tests.bench.servers import (
    OWNER,
    Ground,
    cookie,
    floor_server,
    forme,
    make_data,
    new_customer,
    new_customer_floor,
    postgresql_ground,
    sqlite_ground,
)
from tests.postgres import DURABLE, start_server

FIELDS = "name,industry,region,owner,phone,status,annual_revenue,updated_at"
WARM_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Workload:
    """One thing asked of both servers."""

    name: str
    words: str
    limit: float
    """How many times the floor's time we allow ourselves."""
    floor: Load
    ours: Load


@dataclass(frozen=True, slots=True)
class Round:
    """One server's share of a round."""

    times: Times
    work: float
    """Milliseconds that a processor worked for each request: hardly depends on what else the machine does."""


def workloads(ground: Ground, *, postgresql: bool) -> list[Workload]:
    """What is compared."""
    place = "/json/pg" if postgresql else "/json"
    listed = "/json/pg/w1" if postgresql else "/w1_json"
    everybody, rep = bearer(ground.everybody), bearer(ground.rep)
    theirs = {"Cookie": cookie(OWNER)}
    address = "/api/v1/customer?"
    where = {"where": "status == 'active' and region == 'north'", "sort": "-updated_at", "fields": FIELDS}
    own = {"sort": "-updated_at", "fields": FIELDS}
    sent = {"Content-Type": "application/json"}
    return [
        Workload(
            "list", "filtered list, capped count", 2.0,
            Load("GET", f"{listed}?status=active&region=north", theirs),
            Load("GET", address + urlencode(where), everybody),
        ),
        Workload(
            "own", "own records by a row rule", 2.0,
            Load("GET", f"{place}/w7", theirs), Load("GET", address + urlencode(own), rep),
        ),
        Workload(
            "save", "save by API", 2.5,
            Load("POST", f"{place}/w4", {**theirs, **sent}, new_customer_floor()),
            Load("POST", "/api/v1/customer", {**everybody, **sent}, new_customer()),
        ),
    ]  # fmt: skip


def bearer(token: str) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {token}"}


def compare(arguments: argparse.Namespace, ground: Ground) -> None:
    """Measure every workload in turn on both servers, and print medians and ratios."""
    script = arguments.floor / "wrk" / "load.lua"
    with (
        floor_server(arguments.floor, arguments.floor_python, ground.floor) as theirs,
        forme(ground.project) as ours,
    ):
        print(f"started in {ours.started_in:.2f} s, idle {ours.megabytes:.0f} MB (floor {theirs.megabytes:.0f} MB)")
        for workload in workloads(ground, postgresql=arguments.postgresql):
            if arguments.only and workload.name not in arguments.only:
                continue
            sides = ((theirs, workload.floor), (ours, workload.ours))
            found: tuple[list[Round], list[Round]] = ([], [])
            for number in range(arguments.rounds + 1):
                for side, (server, load) in enumerate(sides):
                    before, seconds = server.work, arguments.seconds if number else WARM_SECONDS
                    times = measure(
                        server.port, load, seconds=seconds, connections=arguments.connections, script=script
                    )
                    assert not times.refused, f"{times.refused} of {times.requests} {workload.name} were refused"
                    if number:
                        found[side].append(Round(times, (server.work - before) * 1000 / times.requests))
            report(workload, *found)
        print(f"after the run {ours.megabytes:.0f} MB")


def report(workload: Workload, theirs: Sequence[Round], ours: Sequence[Round]) -> None:
    """Two lines of the table: what a caller waits for, and what the server's process works for it."""
    p50 = ratio_of([one.times.p50 for one in theirs], [one.times.p50 for one in ours])
    tails = [statistics.median(one.times.p99 for one in found) for found in (theirs, ours)]
    verdict = "ok" if p50.ratio <= workload.limit else "over"
    print(
        f"{workload.words:<28} p50 {p50}  {verdict} {workload.limit}x   p99 {tails[0]:.2f} {tails[1]:.2f}", flush=True
    )
    print(f"{'':<28} cpu {ratio_of([one.work for one in theirs], [one.work for one in ours])}", flush=True)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Medians in milliseconds, and how they compare."""

    floor: float
    ours: float
    ratio: float
    least: float
    most: float

    def __str__(self) -> str:
        spread = f"[{self.least:.2f} to {self.most:.2f}]"
        return f"floor {self.floor:6.3f} ms   forme {self.ours:6.3f} ms   {self.ratio:5.2f}x {spread:<16}"


def ratio_of(theirs: Sequence[float], ours: Sequence[float]) -> Ratio:
    """Neighbours in time are compared, so that a busy moment of the machine weighs on both sides alike."""
    ratios = sorted(mine / other for mine, other in zip(ours, theirs, strict=True))
    middle = statistics.median
    return Ratio(middle(theirs), middle(ours), middle(ratios), ratios[0], ratios[-1])


@contextmanager
def grounds(arguments: argparse.Namespace) -> Iterator[Ground]:
    """The loaded databases."""
    scratch = Path(os.environ["BENCH_TMP"]).resolve()
    data = make_data(arguments.floor, arguments.floor_python, scratch, arguments.rows)
    if not arguments.postgresql:
        yield sqlite_ground(data, scratch)
        return
    server = start_server(DURABLE)
    ours, theirs = server.create(), server.create()
    try:
        yield postgresql_ground(data, scratch, ours, theirs, arguments.floor, arguments.floor_python)
    finally:
        server.drop(ours)
        server.drop(theirs)
        server.stop()


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--floor", type=Path, required=True)
    parser.add_argument("--floor-python", default=sys.executable)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    arguments = parser.parse_args()
    arguments.floor = arguments.floor.resolve()
    with grounds(arguments) as ground:
        compare(arguments, ground)


if __name__ == "__main__":
    main()
