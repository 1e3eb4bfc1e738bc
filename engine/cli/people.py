"""Commands about people: user add, token create."""

from __future__ import annotations

import os
from pathlib import Path

import click

from engine import boot
from engine.boot import Project
from engine.change import system
from engine.cli.console import Group, database_option, folder_option, say
from engine.limits import TOKEN_DAYS_DEFAULT, TOKEN_DAYS_MAX
from engine.runtime import people


@click.group(cls=Group)
def user() -> None:
    """People who use the CRM."""


@user.command("add")
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, help="A role of the config; may be given several times.")
@click.option("--login", help="What the person signs in with; default: the name.")
@folder_option
@database_option
def add(name: str, roles: tuple[str, ...], login: str | None, folder: Path, database: str | None) -> None:
    """Add a person. The password comes from FORME_PASSWORD or is asked for."""
    project = Project.at(folder, database)
    with boot.existing(project) as opened:
        site = boot.open_site(project, opened)
        people.require_ceiling(site, system(), roles)
        password = os.environ.get("FORME_PASSWORD") or click.prompt(
            "Password", hide_input=True, confirmation_prompt=True
        )
        made = people.add(site, system(), name=name, login=login or name, roles=roles, password=password)
    say(f"Added {name} as number {made}, with {', '.join(roles)}.")


@click.group(cls=Group)
def token() -> None:
    """Tokens for programs that use the API."""


@token.command("create")
@click.argument("user", metavar="USER")
@click.option("--label", default="", help="What it is for; shown in the list of tokens.")
@click.option(
    "--days", type=click.IntRange(1, TOKEN_DAYS_MAX), default=TOKEN_DAYS_DEFAULT, show_default=True,
    help=f"How long it is in force: up to {TOKEN_DAYS_MAX} days.",
)  # fmt: skip
@folder_option
@database_option
def create(user: str, label: str, days: int, folder: Path, database: str | None) -> None:
    """Make an API token with the rights of USER (a sign-in name). It is shown once, alone on the last line."""
    project = Project.at(folder, database)
    with boot.existing(project) as opened:
        site = boot.open_site(project, opened)
        made = people.create_token(site, login=user, name=label, days=days)
    say(made)


COMMANDS = (user, token)
