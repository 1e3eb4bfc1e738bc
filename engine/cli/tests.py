"""The command that runs the tests inside a config."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from engine import boot
from engine.cli.console import folder_argument, say
from engine.runtime.configtest import run_test


@click.command("test")
@folder_argument
@click.option("--only", metavar="NAME", help="Run one test.")
def run(folder: Path, only: str | None) -> None:
    """Run the tests inside the config, in memory, with a clock that they move themselves."""
    model, catalog = boot.compile_folder(folder)
    chosen = {name: test for name, test in model.tests.items() if only in (None, name)}
    if not chosen:
        raise boot.StartError(f"There is no test '{only}'." if only else "The config holds no tests.")
    failed = 0
    for name in chosen:
        started = time.perf_counter()
        failure = run_test(model, catalog, folder, name)
        took = time.perf_counter() - started
        say(f"{'FAIL' if failure else 'ok':<5}{name}  ({took:.2f} s)")
        if failure:
            failed += 1
            say(str(failure))
    say(f"{len(chosen) - failed} of {len(chosen)} tests passed.")
    sys.exit(1 if failed else 0)


COMMANDS = (run,)
