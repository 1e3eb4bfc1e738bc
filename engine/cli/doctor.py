"""The command that looks whether everything is as it should be."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from engine import boot
from engine.boot import Project, SafeMode
from engine.cli.console import database_option, folder_argument, say
from engine.compiler import check_config
from engine.problems import ConfigError
from engine.store import health


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    state: Literal["ok", "warning", "error"]
    text: str


@click.command()
@folder_argument
@database_option
def doctor(folder: Path, database: str | None) -> None:
    """Look at versions, file rights, the config and the database, and say what needs attention."""
    project = Project.at(folder, database)
    findings = [*look_at_files(project), *look_at_config(project), *look_at_database(project)]
    for finding in findings:
        say(f"{finding.state:<8} {finding.text}")
    sys.exit(1 if any(finding.state == "error" for finding in findings) else 0)


def look_at_files(project: Project) -> Iterator[Finding]:
    """Files that hold secrets or records may be read by their owner only."""
    wanted = [project.hidden / "key"] + ([project.database_file] if project.database_file else [])
    for path in wanted:
        if not path.exists():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield Finding("warning", f"{path} may be read by others (mode {mode:04o}): chmod 600 it.")
        else:
            yield Finding("ok", f"{path} is private (mode {mode:04o}).")


def look_at_config(project: Project) -> Iterator[Finding]:
    """The folder's files compile."""
    try:
        problems = check_config(*boot.read_folder(project.folder))
    except ConfigError as error:
        problems = error.problems
    errors = sum(problem.severity == "error" for problem in problems)
    if errors:
        yield Finding("error", f"The folder's config has {errors} errors: see `forme check`.")
    else:
        yield Finding("ok", f"The folder's config compiles ({len(problems)} warnings).")


def look_at_database(project: Project) -> Iterator[Finding]:
    """The database is whole, of a good version, and its revision can be served."""
    if not project.exists():
        yield Finding("ok", "There is no database yet; `forme apply` or `forme serve` makes it.")
        return
    with project.opened() as opened:
        for state, text in health.findings(opened):
            yield Finding(state, text)
        revision = boot.current_revision(opened)
        if revision is None:
            yield Finding("ok", "No config is applied yet.")
            return
        try:
            boot.compile_revision(project, revision)
        except SafeMode as problem:
            yield Finding("error", str(problem))
            return
        base = boot.read_base(project)
        yield Finding("ok", f"Revision {revision.number} is applied ({revision.at:%Y-%m-%d %H:%M} UTC).")
        if base != revision.number:
            yield Finding(
                "warning", f"The folder stands on revision {base or 'none'}: `forme pull` brings it up to date."
            )


COMMANDS = (doctor,)
