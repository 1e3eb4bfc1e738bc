"""Runs what a page shows at a terminal, and compares what is said with what the page says."""

from __future__ import annotations

import csv
import io
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path

import xlsxwriter
from click.testing import CliRunner

from engine.cli import main
from tests.docs.pages import ROOT, Block


@dataclass(slots=True)
class Console:
    """A person who follows a page in a folder of their own."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, str] = field(default_factory=dict)
    """Texts of the page that are other ones here, such as the address of a database."""

    def follow(self, found: list[Block]) -> int:
        """Write the files and run the commands of a page from top to bottom; how many commands there were."""
        count = 0
        for block in found:
            if block.file is not None:
                self.write(block)
            elif block.language == "console":
                for command, expected in sessions(block.text):
                    said = self.run(command)
                    assert matches(expected, said), f"$ {command}\n{said}\n--- the page says:\n{expected}"
                    count += 1
        return count

    def write(self, block: Block) -> None:
        """Write the file that a block shows; an Excel sheet is shown as its rows."""
        assert block.file is not None
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        if block.language == "xlsx":
            write_sheet(path, block.text)
        else:
            path.write_text(block.text, "utf-8")

    def run(self, command: str) -> str:
        """Run one line; what it said."""
        for shown, real in self.replaced.items():
            command = command.replace(shown, real)
        words = shlex.split(command)
        environment = dict(self.environment)
        while re.fullmatch(r"[A-Z_]+=.*", words[0]):
            name, _, value = words.pop(0).partition("=")
            environment[name] = value
        match words:
            case ["cd", name]:
                self.folder = (self.folder / name).resolve()
                return ""
            case ["export", setting]:
                name, _, value = setting.partition("=")
                self.environment[name] = value
                return ""
            # What every shell has, done here: these stories are followed on a machine with nothing but Python, too.
            case ["mkdir", "-p", name]:
                (self.folder / name).mkdir(parents=True, exist_ok=True)
                return ""
            case ["cp", source, target]:
                shutil.copy(self.folder / source, self.folder / target)
                return ""
            case ["cat", name]:
                return (self.folder / name).read_text("utf-8")
            case ["forme", "serve", *rest]:
                return self.serve(rest, environment)
            case ["forme", *rest]:
                return self.forme(rest, environment)
        return self.other(words)

    def forme(self, words: list[str], environment: dict[str, str]) -> str:
        """Run the command in this process."""
        unset = dict.fromkeys(("FORME_DATABASE", "FORME_FILES", "FORME_KEY", "FORME_PASSWORD"))
        with chdir(self.folder):
            done = CliRunner().invoke(main, words, env={**unset, **environment})
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    def serve(self, words: list[str], environment: dict[str, str]) -> str:
        """Start a real server on a free port; what it says before it is stopped."""
        port = free_port()
        with subprocess.Popen(
            [sys.executable, "-u", "-m", "engine.cli", "serve", *words, "--port", str(port)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            assert server.stdout is not None
            said = server.stdout.readline()
            server.terminate()
        return said.replace(str(port), "8000")

    def other(self, words: list[str]) -> str:
        """Run a program that is no part of the product."""
        if words[0] == "python3":
            words[0] = sys.executable
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def sessions(text: str) -> list[tuple[str, str]]:
    """The commands of a block, each with what follows it."""
    found = re.split(r"^\$ ", text, flags=re.MULTILINE)
    assert not found[0].strip(), f"a console block begins with a command: {text}"
    return [(command, expected) for command, _, expected in (part.partition("\n") for part in found[1:])]


def matches(expected: str, said: str) -> bool:
    """Whether what was said is what a page shows; `...` stands for anything, alone on a line for any lines."""
    said, lines = said.removeprefix("\ufeff").strip(), []
    for line in expected.strip().splitlines():
        if line == "...":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*".join(re.escape(part) for part in line.rstrip().split("...")) + r"[ ]*\n")
    return re.fullmatch("".join(lines), said + "\n" if said else "") is not None


def write_sheet(path: Path, text: str) -> None:
    """An Excel file with these rows."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(csv.reader(io.StringIO(text))):
            sheet.write_row(number, 0, row)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
