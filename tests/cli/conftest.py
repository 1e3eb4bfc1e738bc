"""The command at a person's terminal: run in this process for speed, or as a real one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.cli import main

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where commands are typed, with a config folder at hand."""

    folder: Path
    database: str

    def run(self, *words: str, stdin: str = "", code: int | None = 0) -> Result:
        """Run a command; nothing but a clean exit with this code is accepted (None: any)."""
        environment = {"FORME_DATABASE": self.database, "FORME_PASSWORD": ""}
        result = CliRunner().invoke(main, list(words), input=stdin, env=environment)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        if code is not None:
            assert result.exit_code == code, result.output
        return result

    def __call__(self, *words: str, code: int | None = 0) -> str:
        """Run a command on the folder; what it said."""
        return self.run(*words, str(self.folder), code=code).output

    def write(self, name: str, text: str) -> Path:
        """Write a file of the config folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file of the config folder."""
        text = (self.folder / name).read_text("utf-8")
        assert old in text
        self.write(name, text.replace(old, new))


def real(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "engine.cli", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "100", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def terminal(tmp_path: Path, database_url: str) -> Iterator[Terminal]:
    """A terminal with a new config, on both databases."""
    made = Terminal(tmp_path / "firm", database_url)
    made.run("new", str(made.folder))
    yield made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Terminal]:
    """The same on SQLite only: for what has nothing to do with databases."""
    made = Terminal(tmp_path / "firm", f"sqlite:///{tmp_path / 'desk.db'}")
    made.run("new", str(made.folder))
    yield made
