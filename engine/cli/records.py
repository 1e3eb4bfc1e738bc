"""Commands about records: import, export, can."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from engine import boot
from engine.boot import Project
from engine.change import Actor, Verb, system
from engine.cli.console import database_option, folder_option, note, say
from engine.problems import did_you_mean
from engine.runtime import people
from engine.runtime.can import can as ask
from engine.runtime.sheets import ENCODINGS, CsvWriter, XlsxWriter, read_sheet
from engine.runtime.site import Site
from engine.runtime.transfer import Stopped, Summary, export_rows, import_rows, write_all

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("import")
@click.argument("entity")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--map", "pairs", multiple=True, metavar="COLUMN=FIELD", help="Which field a column fills; COLUMN= leaves it out."
)
@click.option("--key", metavar="FIELD", help="Update the records that this unique field (or id) finds.")
@click.option("--dry-run", is_flag=True, help="Tell what would happen; store nothing.")
@click.option("--encoding", type=click.Choice(ENCODINGS), help="Of a CSV file that is not UTF-8.")
@click.option("--as", "user", metavar="USER", help="With the rights of this person; default: the system's.")
@folder_option
@database_option
def import_(
    entity: str, file: Path, pairs: tuple[str, ...], key: str | None, dry_run: bool, encoding: str | None,
    user: str | None, folder: Path, database: str | None,
) -> None:  # fmt: skip
    """Store the rows of a CSV or XLSX file. Every row is accounted for; those that fail go into FILE.errors.csv."""
    project = Project.at(folder, database)
    with boot.existing(project) as opened:
        site = boot.open_site(project, opened)
        require_entity(site, entity)
        app = site.model.app
        actor = actor_named(site, user) if user else system(locale=app.locale, timezone=app.timezone)
        sheet = read_sheet(file, encoding)
        note(sheet.note)
        try:
            summary = import_rows(
                site, actor, entity, sheet, map=read_pairs(pairs), key=key, dry_run=dry_run, tell=show_progress
            )
        except Stopped as stopped:
            tell_outcome(file, sheet.headings, stopped.summary)
            raise
    tell_outcome(file, sheet.headings, summary, would="Would be: " if dry_run else "")
    sys.exit(1 if summary.failed else 0)


def tell_outcome(file: Path, headings: tuple[str, ...], summary: Summary, would: str = "") -> None:
    """What became of every row that was read; those that failed go into a file."""
    if summary.ignored:
        say(f"Columns left out: {', '.join(summary.ignored)}")
    say(
        f"{would}{summary.read} rows read: {summary.created} created, {summary.updated} updated, "
        f"{summary.skipped} skipped, {summary.failed} failed."
    )
    errors = write_errors(file, headings, summary)
    if errors:
        say(f"Rows that failed, with reasons: {errors}")


def read_pairs(pairs: tuple[str, ...]) -> dict[str, str]:
    """`Column=field` options as a map."""
    found = {}
    for pair in pairs:
        heading, equals, name = pair.rpartition("=")
        if not equals:
            raise click.BadParameter(f"write COLUMN=FIELD, not {pair}", param_hint="--map")
        found[heading.strip()] = name.strip()
    return found


def show_progress(summary: Summary) -> None:
    """Say how far the import is: on one line of a terminal, now and then elsewhere."""
    if sys.stderr.isatty():
        click.echo(f"\r{summary.read:,} rows", nl=False, err=True)
    elif summary.read % 10_000 == 0:
        note(f"{summary.read:,} rows")


def write_errors(file: Path, headings: tuple[str, ...], summary: Summary) -> Path | None:
    """The failed rows beside the file, with line numbers and reasons, ready to be mended and imported."""
    if sys.stderr.isatty() and summary.read:
        note("")
    path = file.with_name(f"{file.name}.errors.csv")
    if not summary.failures:
        return None
    rows = [("line", "reason", *headings)]
    rows += [(str(failure.line), failure.reason, *failure.cells) for failure in summary.failures]
    with whole_file(path) as draft, draft.open("w", encoding="utf-8", newline="") as target:
        write_all(rows, CsvWriter(target))
    return path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A draft to write; it takes the file's place once it is complete, and is gone if that fails."""
    draft = path.with_name(f".{path.stem}.draft{path.suffix}")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@click.command("export")
@click.argument("entity")
@click.option("--out", type=_FILE, help="FILE.csv or FILE.xlsx; CSV on standard output when not given.")
@click.option("--as", "user", metavar="USER", help="With the rights of this person; default: all records.")
@click.option("--fields", default="", metavar="A,B", help="These fields only.")
@click.option("--where", default="", metavar="EXPR", help="Only the records for which this is true.")
@folder_option
@database_option
def export(
    entity: str, out: Path | None, user: str | None, fields: str, where: str, folder: Path, database: str | None
) -> None:
    """Write records as CSV or XLSX, in the form that import reads."""
    project = Project.at(folder, database)
    with boot.existing(project) as opened:
        site = boot.open_site(project, opened)
        require_entity(site, entity)
        actor = actor_named(site, user) if user else system(locale=site.model.app.locale)
        names = [name.strip() for name in fields.split(",") if name.strip()]
        rows = export_rows(site, actor, entity, fields=names, where=where)
        if out is None:
            count = write_all(rows, CsvWriter(sys.stdout))
        else:
            with whole_file(out) as draft:
                count = write_file(rows, draft)
    note(f"{count:,} records.")


def write_file(rows: Iterable[Sequence[Any]], path: Path) -> int:
    """Write records to a workbook or a CSV file, by its name; how many."""
    if path.suffix.lower() == ".xlsx":
        return write_all(rows, XlsxWriter(path))
    with path.open("w", encoding="utf-8", newline="") as target:
        return write_all(rows, CsvWriter(target))


@click.command("can")
@click.argument("user")
@click.argument("verb", type=click.Choice(["read", "create", "update", "delete", "restore", "export", "import"]))
@click.argument("what", metavar="ENTITY[/ID]")
@folder_option
@database_option
def can(user: str, verb: Verb, what: str, folder: Path, database: str | None) -> None:
    """Whether USER may do this, and the rules that decided, with their places. Exit code 1 for no."""
    project = Project.at(folder, database)
    with boot.existing(project) as opened:
        site = boot.open_site(project, opened)
        entity, _, id = what.partition("/")
        require_entity(site, entity)
        if id and not (id.isascii() and id.isdigit()):
            raise boot.StartError(f"'{id}' is not a record's id.")
        decision = ask(site, actor_named(site, user), verb, entity, int(id) if id else None)
    say("yes" if decision.allowed else "no")
    for reason in decision.reasons:
        place = f"  ({reason.mark})" if reason.mark.path else ""
        outcome = "holds" if reason.outcome else "fails"
        say(f"  {reason.role or 'everybody'}: {reason.rule} on {reason.entity}: {outcome}{place}")
    if not decision.reasons and not decision.allowed:
        say("  No role grants it.")
    sys.exit(0 if decision.allowed else 1)


def require_entity(site: Site, entity: str) -> None:
    """Stop with the nearest name when there is no such entity."""
    if entity not in site.model.entities:
        raise boot.StartError(f"There is no entity '{entity}'. {did_you_mean(entity, site.model.entities)}")


def actor_named(site: Site, login: str) -> Actor:
    """The person with this sign-in name."""
    found = people.actor_by_login(site, login)
    if found is None:
        raise boot.StartError(f"There is no active user '{login}'.")
    return found


COMMANDS = (import_, export, can)
