"""Commands that serve: serve and demo."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from engine import boot
from engine.boot import Project, SafeMode
from engine.cli.console import database_option, folder_argument, note, say
from engine.runtime import people
from engine.runtime.demo import Person, fill
from engine.runtime.site import Site
from engine.runtime.upkeep import clear, in_rounds

HOST = click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 serves other machines too.")
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
PROJECT_VARIABLE = "FORME_SERVED_PROJECT"
PORT = click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)


@click.command()
@folder_argument
@database_option
@HOST
@PORT
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Several need PostgreSQL.")
def serve(folder: Path, database: str | None, host: str, port: int, workers: int) -> None:
    """Serve the applied revision; an empty database gets the folder's config first."""
    project = Project.at(folder, database)
    if workers > 1 and project.database_file:
        raise boot.StartError("Several workers need PostgreSQL: SQLite has one writer.")
    try:
        with project.opened() as opened:
            if boot.current_revision(opened) is None:
                boot.first_apply(project, opened)
            site = boot.open_site(project, opened)
            greet(site, host, port)
    except SafeMode as problem:
        note(f"error: {problem}")
        note("Serving in safe mode: every page says so, and nothing else is served.")
    run_server(project, host=host, port=port, workers=workers)


def greet(site: Site, host: str, port: int) -> None:
    """Say where the product is served, and how the first person gets in."""
    address = base_address(host, port)
    say(f"Serving {site.model.app.name.text(site.model.app.locale)}, revision {site.revision}, at {address}")
    secret = people.setup_secret(site)
    if secret is not None:
        say("There are no users yet. Make the first administrator here (once, within a day):")
        say(f"  {address}{people.SETUP_PATH}/{secret}")


def base_address(host: str, port: int) -> str:
    """What a person on this machine types into the browser."""
    shown = "localhost" if host in ("127.0.0.1", *EVERYWHERE, "::1") else host
    return os.environ.get("FORME_BASE_URL", f"http://{shown}:{port}").rstrip("/")


def run_server(project: Project, *, host: str, port: int, workers: int) -> None:
    """Run until stopped."""
    import uvicorn  # here, with the web layer: half a second that no other command needs to pay

    # Each worker process builds its own site, from what it finds in its environment.
    os.environ[PROJECT_VARIABLE] = json.dumps(
        [str(project.folder), project.database_url, str(project.files), str(project.hidden), host]
    )
    # The process that was started is one, however many workers it has: it clears away for all of them.
    with in_rounds(lambda: clear_away(project)):
        uvicorn.run(
            "engine.cli.serving:served_app",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            http="httptools",
            loop="auto",
            ws="none",
            log_level="warning",
            server_header=False,
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=10,
        )


def clear_away(project: Project) -> None:
    """One round of upkeep, on connections of its own."""
    with project.opened() as database:
        clear(database, project.files, boot.CLOCK.now())


def served_app() -> Any:
    """The application of one worker process: uvicorn asks for it by name."""

    # uvicorn asks from within its event loop, where Litestar does not let the process's threads be set up.
    def build() -> Any:
        try:
            return outside.submit(build_app).result()
        except SafeMode:
            return None

    outside = ThreadPoolExecutor(1)
    from web.safe import SafeApp

    return build() or SafeApp(build)


def build_app() -> Any:
    """The application over the project that stands in the environment; raises SafeMode."""
    from web.app import create_app

    folder, url, files, hidden, host = json.loads(os.environ[PROJECT_VARIABLE])
    project = Project(Path(folder), url, Path(files), Path(hidden))
    holder = boot.open_holder(project)
    app = create_app(holder, settings_for(host))
    boot.settle_memory()
    return app


def settings_for(host: str) -> Any:
    """Which host names are answered: this machine's, and that of FORME_BASE_URL; any, where none is known."""
    from web.security import LOCAL_HOSTS, Settings

    base = urlsplit(os.environ.get("FORME_BASE_URL", ""))
    if base.hostname:
        return Settings(hosts=(*LOCAL_HOSTS, base.hostname), https=base.scheme == "https")
    return Settings(hosts=("*",) if host in EVERYWHERE else (*LOCAL_HOSTS, host))


@click.command()
@click.argument("pack", default="printing_estimating", required=False)
@HOST
@PORT
def demo(pack: str, host: str, port: int) -> None:
    """Serve a pack with sample data from a scratch database, with people to sign in as."""
    with tempfile.TemporaryDirectory(prefix="forme-demo-") as scratch:
        project, demo_people = make_demo(pack, Path(scratch))
        if demo_people:
            say(f"Serving the demo of {pack} at {base_address(host, port)}")
            say("Sign in as:")
            for person in demo_people:
                say(f"  {person.login:<12} {person.password:<14} {', '.join(person.roles)}")
        else:
            with project.opened() as database:
                greet(boot.open_site(project, database), host, port)
        run_server(project, host=host, port=port, workers=1)


def make_demo(pack: str, scratch: Path) -> tuple[Project, list[Person]]:
    """A project over a scratch database with a pack's sample data."""
    folder = boot.pack_folder(pack)
    project = Project(
        folder=folder, database_url=f"sqlite:///{scratch / 'demo.db'}", files=scratch / "files", hidden=scratch
    )
    with project.opened() as database:
        boot.first_apply(project, database)
        site = boot.open_site(project, database)
        with click.progressbar(length=1, label="Sample data") as bar:
            made = fill(site, folder / "demo", lambda: new_password(), bar.update)
    return project, made


def new_password() -> str:
    """A password that is easy to type and hard to guess."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))


COMMANDS = (serve, demo)
