"""What every command shares: which folder, which database, and how a mistake is told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import sqlalchemy as sa

from engine.boot import SafeMode, StartError
from engine.catalog import CatalogError
from engine.change import InvalidQuery, InvalidRecord, NotFound, Refused
from engine.problems import ConfigError, text_report
from engine.runtime.sheets import BadSheet
from engine.store.errors import StoreError

F = TypeVar("F", bound=Callable[..., Any])

_FOLDER = click.Path(file_okay=False, path_type=Path)


def folder_argument(command: F) -> F:
    """`[DIR]`, the current folder when not given."""
    return click.argument("folder", metavar="[DIR]", type=_FOLDER, default=Path(), required=False)(command)


def folder_option(command: F) -> F:
    """`--dir DIR`, for commands whose arguments mean something else."""
    return click.option("--dir", "folder", type=_FOLDER, default=Path(), help="The config folder; default: here.")(
        command
    )


def database_option(command: F) -> F:
    """`--database URL`, else FORME_DATABASE, else a file under DIR/.forme."""
    return click.option(
        "--database", metavar="URL", envvar="FORME_DATABASE", help="sqlite:///FILE or postgresql://...; default: .forme"
    )(command)


def say(text: str = "") -> None:
    """One line on standard output."""
    click.echo(text)


def note(text: str) -> None:
    """One line on standard error: what a pipe should not carry."""
    click.echo(text, err=True)


class Group(click.Group):
    """A group of commands in which no user's mistake prints a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a known mistake becomes words and exit code 1."""
        try:
            return super().invoke(ctx)
        except KNOWN_MISTAKES as mistake:
            note(words_of(mistake))
            sys.exit(1)


KNOWN_MISTAKES = (
    BadSheet,
    StoreError,
    ConfigError,
    CatalogError,
    StartError,
    SafeMode,
    Refused,
    OSError,
    UnicodeError,
    sa.exc.SQLAlchemyError,
)


def words_of(mistake: BaseException) -> str:
    """What went wrong, for the person at the terminal."""
    if isinstance(mistake, ConfigError):
        return text_report(mistake.problems)
    if isinstance(mistake, SafeMode | CatalogError | StartError | BadSheet | StoreError):
        return f"error: {mistake}"
    if isinstance(mistake, InvalidRecord):
        return "\n".join(f"error: {error.field or 'record'}: {error.message}" for error in mistake.errors)
    if isinstance(mistake, InvalidQuery):
        return f"error: {mistake.message}"
    if isinstance(mistake, NotFound):
        return "error: There is no such record."
    if isinstance(mistake, Refused):
        return f"error: Refused: {mistake}"
    if isinstance(mistake, sa.exc.DBAPIError):
        return f"error: The database refused: {_first_line(mistake.orig)}"
    if isinstance(mistake, OSError) and mistake.filename:
        return f"error: {mistake.filename}: {mistake.strerror}"
    return f"error: {_first_line(mistake)}"


def _first_line(problem: object) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0]
