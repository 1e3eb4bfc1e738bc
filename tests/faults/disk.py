"""A disk that a test fills up, and one that remembers its writes: disk.c, compiled at its first use."""

from __future__ import annotations

import mmap
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PLENTY: Final = 2**62
ENTRY: Final = struct.Struct("qqqq")


@cache
def library() -> Path:
    """The compiled shim; skips the test, by name, on a machine without a C compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail("CI must test full disks and power cuts too: gcc on Linux is needed")
        pytest.skip("a full disk and a power cut are tested with gcc on Linux")
    target = Path(tempfile.mkdtemp(prefix="forme-disk-")) / "disk.so"
    source = Path(__file__).with_name("disk.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", target, source, "-ldl", "-lpthread"], check=True)
    return target


def run(module: str, *words: str, tree: Path, control: Path | None = None, log: Path | None = None) -> str:
    """Run one of our programs on such a disk; what it said. It must end well."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LD_PRELOAD": str(library()), "FORME_DISK_TREE": str(tree)}
    environment |= {"FORME_DISK_CONTROL": str(control)} if control else {}
    environment |= {"FORME_DISK_LOG": str(log)} if log else {}
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", module, *words],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-6000:]}"
    return done.stdout


class Disk:
    """From within such a program: how many more writes fit."""

    def __init__(self, control: Path) -> None:
        with control.open("r+b") as file:
            self._left = mmap.mmap(file.fileno(), 8)
        self.empty()

    def fill(self, writes: int) -> None:
        """Let so many more writes fit."""
        self._left[:] = struct.pack("q", writes)

    def empty(self) -> None:
        """Let space return."""
        self.fill(PLENTY)

    @property
    def full(self) -> bool:
        """Whether a write has failed since `fill`."""
        return bool(struct.unpack("q", self._left)[0] < 0)


def new_control(folder: Path) -> Path:
    """A control file with plenty of space."""
    control = folder / "control"
    control.write_bytes(struct.pack("q", PLENTY))
    return control


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done to a file."""

    kind: str
    """w: written, t: truncated, s: synced."""
    path: str
    offset: int
    data: bytes


def entries(log: Path) -> Iterator[Entry]:
    """What was done, in order."""
    raw, at = log.read_bytes(), 0
    while at < len(raw):
        kind, offset, length, path_length = ENTRY.unpack_from(raw, at)
        at += ENTRY.size
        path = raw[at : at + path_length].decode()
        at += path_length
        yield Entry(chr(kind), path, offset, raw[at : at + length])
        at += length


def lay(base: Path, done: Mapping[str, list[Entry]], target: Path) -> None:
    """A copy of a folder with these changes made to its files."""
    shutil.copytree(base, target)
    for name, changes in done.items():
        path = target / name
        if not changes:
            continue
        content = bytearray(path.read_bytes() if path.exists() else b"")
        for change in changes:
            if change.kind == "t":
                del content[change.offset :]
                content.extend(bytes(change.offset - len(content)))
            else:
                content.extend(bytes(max(0, change.offset - len(content))))
                content[change.offset : change.offset + len(change.data)] = change.data
        path.write_bytes(content)
