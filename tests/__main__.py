"""`python -m tests`: style, types, all tests, and at the end what was left out. CI=true makes that a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHECKS = (
    ("style", ("ruff", "check", ".")),
    ("layout", ("ruff", "format", "--check", ".")),
    ("types", ("mypy",)),
)


class Tally:
    """Counts what pytest reports, and remembers why something was skipped."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0
        self.skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test."""
        if report.failed:
            self.failed += 1
        elif report.skipped and not hasattr(report, "wasxfail"):
            self.skipped[report.nodeid] = reason_of(report.longrepr)
        elif report.when == "call":
            self.passed += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A whole file that could not be read, or did not want to."""
        if report.failed:
            self.failed += 1
        elif report.skipped:
            self.skipped[report.nodeid] = reason_of(report.longrepr)


def reason_of(longrepr: object) -> str:
    """The words of a skip."""
    words = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return str(words).removeprefix("Skipped: ")


def run_check(name: str, command: tuple[str, ...]) -> bool:
    """Whether one checking program is content; what it says goes to the terminal."""
    print(f"--- {name}: {' '.join(command)}", flush=True)
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode == 0


def run_tests(arguments: list[str]) -> tuple[bool, Tally]:
    """Whether all tests pass, and the count."""
    print("--- tests: pytest", flush=True)
    tally = Tally()
    os.chdir(ROOT)
    code = pytest.main(["-n", "auto", *arguments], plugins=[tally])
    return code == pytest.ExitCode.OK, tally


def main(arguments: list[str]) -> int:
    """Runs everything, even after a failure, so that one run shows all that is wrong."""
    failed = [name for name, command in CHECKS if not run_check(name, command)]
    passed, tally = run_tests(arguments)
    failed += [] if passed else ["tests"]
    for test, reason in sorted(tally.skipped.items()):
        print(f"left out: {test}: {reason}")
    if tally.skipped and os.environ.get("CI", "").lower() in ("true", "1"):
        failed.append("nothing may be left out here (CI=true)")
    print(f"failed: {', '.join(failed)}" if failed else "all checks are content")
    print(f"{tally.passed} passed, {tally.failed} failed, {len(tally.skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
