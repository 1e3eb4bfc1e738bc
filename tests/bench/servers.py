"""The two servers of a comparison, over the same rows: ours, and the hand-written floor."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine import boot
from engine.boot import Project
from engine.runtime import people
from engine.store import credentials
from tests.bench import ground

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
FLOOR_SECRET = b"bench-secret"
"""The floor signs its cookies with this."""
OWNER = 1
"""The user of the data set whose records the row rule leaves."""


@dataclass(frozen=True, slots=True)
class Served:
    """A server that answers."""

    port: int
    process: subprocess.Popen[bytes]
    started_in: float
    """Seconds from its start to its first answer."""

    @property
    def work(self) -> float:
        """The seconds that processors have worked for the process so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def megabytes(self) -> float:
        """The memory that the process holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


@dataclass(frozen=True, slots=True)
class Ground:
    """The loaded databases of one kind, and who asks ours."""

    project: Project
    floor: Mapping[str, str]
    """The floor's environment: where its rows are."""
    everybody: str
    """The token of a person who may read every customer."""
    rep: str
    """The token of a person who may read their own."""


def cookie(user: int) -> str:
    """The floor's session of a user."""
    return f"sid={user}.{hmac.new(FLOOR_SECRET, str(user).encode(), hashlib.sha256).hexdigest()}"


def make_data(floor: Path, python: str, scratch: Path, rows: int) -> Path:
    """The folder of the generated rows; made once."""
    data = scratch / "data" / str(rows)
    if not (data / "base.db").is_file():
        run_floor_script(floor, python, scratch, str(rows))
    return data


def run_floor_script(floor: Path, python: str, scratch: Path, *arguments: str) -> None:
    """Run the floor's generator."""
    subprocess.run(
        [python, str(floor / "gen.py"), *arguments], env={**os.environ, "BENCH_TMP": str(scratch)}, check=True
    )


def sqlite_ground(data: Path, scratch: Path) -> Ground:
    """Fresh copies of both databases, so that no run inherits the rows of the one before."""
    kept, ours, theirs = data / "forme.db", scratch / "forme-run.db", scratch / "floor-run.db"
    if not kept.is_file():
        loading = data / "forme-loading.db"
        ground.load(data, f"sqlite:///{loading}")
        loading.rename(kept)
    for source, target in ((kept, ours), (data / "base.db", theirs)):
        for ending in ("-wal", "-shm"):
            target.with_name(target.name + ending).unlink(missing_ok=True)
        shutil.copyfile(source, target)
    return with_people(f"sqlite:///{ours}", {"BENCH_SQLITE": str(theirs)}, scratch)


def postgresql_ground(data: Path, scratch: Path, ours: str, theirs: str, floor: Path, python: str) -> Ground:
    """The same in two databases of one PostgreSQL server."""
    ground.load(data, ours)
    run_floor_script(floor, python, scratch, data.name, "--pg", theirs)
    return with_people(ours, {"BENCH_PG": theirs}, scratch)


def with_people(url: str, floor: Mapping[str, str], scratch: Path) -> Ground:
    """The project over a loaded database, with a token for each of the two callers."""
    folder = scratch / "project"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ground.CONFIG, folder / "app.yaml")
    project = Project.at(folder, url)
    with project.opened() as database:
        site = boot.open_site(project, database)
        with database.writing() as connection:
            credentials.set_roles(connection, site.tables, OWNER + 1, ["everybody"])
            credentials.set_roles(connection, site.tables, OWNER, ["rep"])
        tokens = [people.create_token(site, login=f"u{user}", name="bench", days=1) for user in (OWNER + 1, OWNER)]
    return Ground(project, floor, *tokens)


@contextmanager
def forme(project: Project) -> Iterator[Served]:
    """Our server, as `forme serve` starts it."""
    port = free_port()
    command = [sys.executable, "-m", "engine.cli", "serve", str(project.folder), "--port", str(port)]
    environment = {**os.environ, "FORME_DATABASE": project.database_url}
    with serving(command, environment, port, "/healthz") as served:
        yield served


@contextmanager
def floor_server(floor: Path, python: str, environment: Mapping[str, str]) -> Iterator[Served]:
    """The floor with the same server settings, commits as durable as ours."""
    port = free_port()
    command = [
        python, "-m", "uvicorn", "floor_json:app", "--app-dir", str(HERE), "--port", str(port), "--loop", "uvloop",
        "--http", "httptools", "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip
    more = {"PYTHONPATH": str(floor), "SYNC": "FULL", "GCF": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    with serving(command, {**os.environ, **environment, **more}, port, "/hello") as served:
        yield served


@contextmanager
def serving(command: list[str], environment: Mapping[str, str], port: int, path: str) -> Iterator[Served]:
    """Start a server, wait for its first answer, and end it afterwards."""
    started = time.perf_counter()
    process = subprocess.Popen(command, env=dict(environment), cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        while not answers(port, path):
            if process.poll() is not None or time.perf_counter() - started > 60:
                raise RuntimeError(f"{command[2]} did not start")
            time.sleep(0.02)
        yield Served(port, process, time.perf_counter() - started)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)


def answers(port: int, path: str) -> bool:
    """Whether anybody answers there, whatever it is."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def new_customer() -> str:
    """The body of a save, for ours."""
    return json.dumps({**CUSTOMER, "code": "N@@N@@", "owner": OWNER + 1, "rating": "b"}, ensure_ascii=False)


def new_customer_floor() -> str:
    """The same for the floor, which makes up the code itself."""
    return json.dumps({**CUSTOMER, "owner_id": OWNER + 1, "rating": "B"}, ensure_ascii=False)


CUSTOMER = {
    "name": "Zed Young Ltd", "industry": "retail", "region": "north", "phone": "+86 13812345678",
    "mobile": "+44 7123456789", "email": "zed@mail1.test", "website": "https://zed.test", "status": "active",
    "annual_revenue": "123456.78", "employees": 12, "score": 50, "address": "1 Young Street", "city": "Youngville",
    "notes": "call back next week about renewal price volume discount", "source": "web",
}  # fmt: skip
