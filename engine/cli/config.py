"""Commands about the config: check, schema, explain, plan, apply, pull, revisions, rollback."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from engine import boot
from engine.boot import Project
from engine.catalog import Catalog
from engine.cli.console import database_option, folder_argument, folder_option, note, say
from engine.compiler import UnknownPart, check_config
from engine.compiler import explain as explain_part
from engine.compiler.schema import build_schema
from engine.model import Model
from engine.problems import ConfigError, Problem, json_report, text_report
from engine.store import revisions as store_revisions
from engine.store.database import Database
from engine.store.plan import Step
from engine.store.plan import plan as compare
from engine.store.revisions import Revision

FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command()
@folder_argument
@FORMAT
def check(folder: Path, form: str) -> None:
    """Compile the config without a database and tell every mistake."""
    problems = problems_of(folder)
    if form == "json":
        say(json_report(problems))
    elif problems:
        say(text_report(problems))
    else:
        say("No problems.")
    sys.exit(1 if any(problem.severity == "error" for problem in problems) else 0)


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """All that is to be said of a folder's files."""
    try:
        sources, catalog = boot.read_folder(folder)
    except ConfigError as error:
        return error.problems
    return check_config(sources, catalog)


@click.command()
@folder_option
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write forme.schema.json there.")
def schema(folder: Path, out: Path | None) -> None:
    """The JSON Schema of config files, the plugins' kinds included."""
    catalog = boot.catalog_of(folder) if (folder / "app.yaml").exists() else boot.build_catalog(folder)
    if out is None:
        say(schema_text(catalog))
    else:
        say(str(write_schema(catalog, out)))


def schema_text(catalog: Catalog) -> str:
    """The schema as the file that editors read."""
    return json.dumps(build_schema(catalog), ensure_ascii=False, indent=2)


def write_schema(catalog: Catalog, folder: Path) -> Path:
    """Write the schema into a folder; says where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "forme.schema.json"
    path.write_text(schema_text(catalog) + "\n", "utf-8")
    return path


@click.command()
@click.argument("path")
@folder_argument
def explain(path: str, folder: Path) -> None:
    """The final value of a part of the config, such as customer.fields.name, and which layer set it."""
    model, _ = boot.compile_folder(folder)
    try:
        said = explain_part(model, path)
    except UnknownPart as unknown:
        raise boot.StartError(str(unknown)) from unknown
    say(said)


# ---- plan and apply -------------------------------------------------------------------------------------------------


@click.command()
@folder_argument
@database_option
@FORMAT
def plan(folder: Path, database: str | None, form: str) -> None:
    """What `apply` would change, with row counts; touches nothing. Exit code 2 when there are changes."""
    project = Project.at(folder, database)
    try:
        model, _ = boot.compile_folder(project.folder)
        base, steps = steps_of(project, model)
    except ConfigError as error:
        say(json_report(error.problems) if form == "json" else text_report(error.problems))
        sys.exit(1)
    if form == "json":
        say(json.dumps({"base": base, "steps": [step_json(step) for step in steps]}, ensure_ascii=False, indent=2))
    else:
        say(steps_text(steps))
    sys.exit(2 if steps else 0)


def steps_of(project: Project, model: Model) -> tuple[int | None, list[Step]]:
    """The applied revision's number and what would turn it into this Model."""
    if not project.exists():
        return None, list(compare(None, model, None))
    with project.opened() as database:
        return steps_in(database, model)


def steps_in(database: Database, model: Model) -> tuple[int | None, list[Step]]:
    """The same, in an open database."""
    with database.reading() as connection:
        current = store_revisions.current(connection)
        steps = list(compare(current.snapshot if current else None, model, connection))
    return (current.number if current else None), steps


def step_json(step: Step) -> dict[str, Any]:
    """A step as scripts read it."""
    return {
        "kind": step.kind,
        "entity": step.entity,
        "field": step.field,
        "risk": step.risk,
        "rows": step.rows,
        "samples": list(step.samples),
        "message": step.message,
        "path": step.mark.path,
        "line": step.mark.line,
    }


SIGNS = {"safe": "+", "converts": "~", "keeps_aside": "-"}


def steps_text(steps: list[Step]) -> str:
    """The plan for people: one line a step, its place and samples below."""
    if not steps:
        return "Nothing to change."
    lines = []
    for step in steps:
        lines.append(f"{SIGNS[step.risk]} {step.message}" + (f"  ({step.rows:,} rows)" if step.rows else ""))
        if step.mark.path:
            lines.append(f"    {step.mark.path}:{step.mark.line}")
        if step.samples:
            lines.append("    holds: " + ", ".join(str(sample) for sample in step.samples))
    return "\n".join(lines)


@click.command()
@folder_argument
@database_option
@YES
@click.option("--allow-loss", is_flag=True, help="Let values that no longer fit be set aside.")
def apply(folder: Path, database: str | None, yes: bool, allow_loss: bool) -> None:
    """Perform the plan, in one step that either happens or does not."""
    project = Project.at(folder, database)
    model, catalog = boot.compile_folder(project.folder)
    with project.opened() as opened:
        base, steps = steps_in(opened, model)
        refuse_stale(project, base)
        say(steps_text(steps))
        warn_of_rules(model)
        if base is not None and not steps and not texts_differ(opened, model):
            boot.write_base(project, base)
            return
        refuse_loss(steps, allow_loss)
        if steps and base is not None and not yes:
            click.confirm("Apply this?", abort=True)
        revision = boot.perform(project, opened, model, catalog, base=base)
    boot.write_base(project, revision.number)
    say(f"Applied as revision {revision.number}.")


def warn_of_rules(model: Model) -> None:
    """Say of every rule that it is kept but will not run: a rule that silently does nothing is the worst kind."""
    for rule in model.automations.values():
        message = f"The rule '{rule.name}' is checked and kept, but this release does not run rules yet."
        say(str(Problem("rule.not-run", message, rule.mark, severity="warning")))


def refuse_stale(project: Project, applied: int | None) -> None:
    """Stop when somebody applied another config since this folder's files were taken."""
    if applied is None or boot.read_base(project) == applied:
        return
    base = boot.read_base(project)
    stands = f"stands on revision {base}" if base else "was never applied or pulled"
    raise boot.StartError(
        f"This folder {stands}, but revision {applied} is applied in the database.\n"
        "See what changed with `forme pull` (in a copy), bring both together, then apply."
    )


def refuse_loss(steps: list[Step], allow_loss: bool) -> None:
    """Stop when values would be set aside and that was not allowed."""
    if not allow_loss and any(step.risk == "keeps_aside" and step.rows for step in steps):
        raise boot.StartError("Values would be set aside (the steps marked -). Add --allow-loss to accept that.")


def texts_differ(database: Database, model: Model) -> bool:
    """Whether the files' text differs from the applied revision's, though nothing in the database need change."""
    current = boot.current_revision(database)
    return current is None or set(current.sources) != set(model.sources)


# ---- revisions ------------------------------------------------------------------------------------------------------


@click.command()
@folder_argument
@database_option
def revisions(folder: Path, database: str | None) -> None:
    """The configs that were applied, newest first."""
    project = Project.at(folder, database)
    with boot.existing(project) as opened, opened.reading() as connection:
        listed = store_revisions.listing(connection)
        if not listed:
            raise boot.StartError("No config is applied in this database yet: run `forme apply`.")
        for revision in listed:
            say(f"{revision.number:>5}  {revision.at:%Y-%m-%d %H:%M}")


@click.command()
@folder_argument
@click.argument("revision", type=int, required=False)
@database_option
@YES
def pull(folder: Path, revision: int | None, database: str | None, yes: bool) -> None:
    """Write the applied (or another) revision's files into the folder."""
    project = Project.at(folder, database)
    with boot.existing(project) as opened:
        found = revision_numbered(opened, revision)
        current = boot.current_revision(opened)
    wanted = boot.texts(found.sources)
    differing = [path for path, text in wanted.items() if differs(project.folder / path, text)]
    for path in differing:
        say(f"~ {path}" if (project.folder / path).exists() else f"+ {path}")
    overwritten = [path for path in differing if (project.folder / path).exists()]
    if overwritten and not yes:
        click.confirm("Overwrite these files?", abort=True)
    for path in differing:
        write_text(project.folder, path, wanted[path])
    assert current
    boot.write_base(project, current.number)
    say(f"The folder holds revision {found.number}.")


def revision_numbered(database: Database, number: int | None) -> Revision:
    """A revision by number, else the applied one."""
    with database.reading() as connection:
        found = store_revisions.current(connection) if number is None else store_revisions.read(connection, number)
    if found is None:
        raise boot.StartError(f"There is no revision {number}." if number else "No config is applied yet.")
    return found


def differs(path: Path, text: str) -> bool:
    """Whether a file holds anything else than this text."""
    return not path.exists() or path.read_text("utf-8") != text


def write_text(folder: Path, path: str, text: str) -> None:
    """Write one config file, inside the folder only."""
    target = (folder / path).resolve()
    if not target.is_relative_to(folder.resolve()):
        raise boot.StartError(f"The revision names a file outside the folder: {path}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")


@click.command()
@click.argument("revision", type=int, required=False)
@folder_option
@database_option
@YES
@click.option("--allow-loss", is_flag=True, help="Let values that no longer fit be set aside.")
def rollback(revision: int | None, folder: Path, database: str | None, yes: bool, allow_loss: bool) -> None:
    """Apply an earlier revision's files again (the one before, when none is named), as a new revision."""
    project = Project.at(folder, database)
    with boot.existing(project) as opened:
        current = revision_numbered(opened, None)
        found = revision_numbered(opened, revision or current.number - 1)
        model, catalog = boot.compile_revision(project, found)
        base, steps = steps_in(opened, model)
        say(steps_text(steps))
        refuse_loss(steps, allow_loss)
        if not yes:
            click.confirm(f"Go back to revision {found.number}?", abort=True)
        made = boot.perform(project, opened, model, catalog, base=base)
    note("The folder's files are as they were: `forme pull` writes these into it.")
    say(f"Applied as revision {made.number}, equal to revision {found.number}.")


COMMANDS = (check, schema, explain, plan, apply, pull, revisions, rollback)
