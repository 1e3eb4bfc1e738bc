"""`forme serve` (or `demo`) as a process of its own, on a free port."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.cli.conftest import REPOSITORY


class Server(NamedTuple):
    """A server that runs."""

    address: str
    said: Path
    """The file with what it says."""
    process: subprocess.Popen[bytes]


@contextmanager
def served(*words: str, cwd: Path, **environment: str) -> Iterator[Server]:
    """A server that answers; stopped at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = cwd / "said.txt"
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "engine.cli", *words, "--port", str(port)],
            cwd=cwd, stdout=output, stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                httpx.get(f"{address}/healthz", timeout=2)
                break
            except httpx.TransportError:
                assert process.poll() is None, said.read_text()
                time.sleep(0.1)
        yield Server(address, said, process)
    finally:
        process.terminate()
        process.wait(timeout=20)
