"""Commands about people: user add, user password, token create."""

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
        made = people.add(site, system(), name=name, login=login or name, roles=roles, password=asked_password())
    say(f"Added {name} as number {made}, with {', '.join(roles)}.")


@user.command("password")
@click.argument("login")
@folder_option
@database_option
def password(login: str, folder: Path, database: str | None) -> None:
    """Give the person with this sign-in name a new password (FORME_PASSWORD, or asked for), to be changed at once."""
    project = Project.at(folder, database)
    with boot.existing(project) as opened:
        site = boot.open_site(project, opened)
        found = people.actor_by_login(site, login)
        if found is None or found.user is None:
            raise boot.StartError(f"There is no active person who signs in as '{login}'.")
        people.set_password(site, system(), found.user, asked_password())
    say(f"{found.name} is signed out everywhere, and changes the new password at the next sign-in.")


def asked_password() -> str:
    """A password from the environment, else typed twice."""
    return os.environ.get("FORME_PASSWORD") or str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


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
