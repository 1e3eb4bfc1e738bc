"""The command `forme`: one file per group of commands."""

from __future__ import annotations

import gc

import click

from engine.cli import config, doctor, people, records, serving, start, tests
from engine.cli.console import Group


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="forme-crm", prog_name="forme")
def main() -> None:
    """Forme: describe a firm's CRM in YAML, and get tables, forms, lists, an API and permissions."""
    # A command builds a model and ends: collecting while it builds would take a third of its time.
    gc.set_threshold(100_000, 50, 100)


for _module in (start, config, serving, tests, people, records, doctor):
    for _command in _module.COMMANDS:
        main.add_command(_command)
