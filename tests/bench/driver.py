"""What sends the requests of a measurement: wrk where it is installed, else a small loader of our own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of request, again and again. `@@N@@` in the body becomes a number that was not sent before."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str = ""


@dataclass(frozen=True, slots=True)
class Times:
    """What came of it, in milliseconds."""

    requests: int
    p50: float
    p99: float
    refused: int


def measure(port: int, load: Load, *, seconds: int, connections: int, script: Path) -> Times:
    """Send requests for this long over kept connections."""
    if shutil.which("wrk") and script.is_file():
        return by_wrk(port, load, seconds=seconds, connections=connections, script=script)
    assert connections == 1, "the loader of our own has one connection: install wrk for more"
    return by_hand(port, load, seconds=seconds)


def by_wrk(port: int, load: Load, *, seconds: int, connections: int, script: Path) -> Times:
    """The times as wrk measures them."""
    with tempfile.TemporaryDirectory() as folder:
        requests, headers = Path(folder) / "requests", Path(folder) / "headers"
        requests.write_text(f"{load.method}\t{load.path}\t{load.body}\n", "utf-8")
        headers.write_text("".join(f"{name}: {value}\n" for name, value in load.headers.items()), "utf-8")
        done = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}"],
            env={**os.environ, "REQ_FILE": str(requests), "HDR_FILE": str(headers)},
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    told = json.loads(next(line for line in done.splitlines() if line.startswith("JSON"))[4:])
    return Times(told["n"], told["p50"], told["p99"], told["bad"] + told["sock"])


def by_hand(port: int, load: Load, *, seconds: int) -> Times:
    """The same over one plain socket."""
    times, refused, number = [], 0, time.time_ns()
    head = "".join(f"{name}: {value}\r\n" for name, value in load.headers.items())
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        until = time.perf_counter() + seconds
        while (started := time.perf_counter()) < until:
            number += 1
            body = load.body.replace("@@N@@", str(number)).encode()
            start = f"{load.method} {load.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{head}"
            connection.sendall(f"{start}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            refused += not 200 <= read_answer(connection) < 400
            times.append((time.perf_counter() - started) * 1000)
    return Times(len(times), statistics.median(times), sorted(times)[int(len(times) * 0.99)], refused)


def read_answer(connection: socket.socket) -> int:
    """Take one whole answer; its status."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += connection.recv(65536)
    head, _, rest = found.partition(b"\r\n\r\n")
    length = next(
        int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
    )
    while len(rest) < length:
        rest += connection.recv(65536)
    return int(head.split(b" ", 2)[1])
