"""The composition root: a folder and a database become a running site."""

from __future__ import annotations

import base64
import binascii
import gc
import importlib
import importlib.util
import os
import re
import secrets
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from engine.catalog import Catalog, CatalogError, collect
from engine.compiler import Sources, compile_sources
from engine.compiler.folder import read_sources
from engine.compiler.sources import plugin_names
from engine.expression import Function
from engine.expression.functions import BUILTIN
from engine.fields import plugin as built_in_kinds
from engine.hooks import hookimpl
from engine.model import Model, SourceText
from engine.problems import ConfigError, Problem
from engine.runtime.backfill import backfill
from engine.runtime.clock import Clock, SystemClock
from engine.runtime.site import Site, SiteHolder, make_site
from engine.store import revisions
from engine.store.apply import apply
from engine.store.database import Database, open_database
from engine.store.revisions import Revision
from engine.store.snapshot import laid_out_otherwise

CLOCK: Clock = SystemClock()
KEY_BYTES = 32
PRIVATE_MODE = 0o600
_PLUGIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class StartError(Exception):
    """What stands in the way of starting, in words for the person at the terminal."""


class SafeMode(Exception):
    """The applied revision does not compile with this version of the product: nothing is served but the reason."""

    def __init__(self, revision: int, error: ConfigError | CatalogError) -> None:
        self.revision, self.error = revision, error
        super().__init__(
            f"Revision {revision}, which is applied in the database, does not compile with this version:\n{error}\n"
            "Mend a copy of it (`forme pull`, edit, `forme apply`) or go back (`forme rollback`)."
        )


@dataclass(frozen=True, slots=True)
class Project:
    """A config folder and what belongs to it."""

    folder: Path
    database_url: str
    files: Path
    """Where uploaded files are kept."""
    hidden: Path
    """The folder of what the product keeps beside the config: key, base, and the default database."""

    @classmethod
    def at(cls, folder: Path, database: str | None = None) -> Project:
        """The project of a folder: environment and defaults filled in."""
        root = folder.resolve()
        hidden = root / ".forme"
        url = database or os.environ.get("FORME_DATABASE") or f"sqlite:///{hidden / 'forme.db'}"
        return cls(root, url, Path(os.environ.get("FORME_FILES") or hidden / "files"), hidden)

    def key(self) -> bytes:
        """The secret from FORME_KEY, else from .forme/key, made at first use."""
        text = os.environ.get("FORME_KEY")
        if text:
            return read_key(text, "FORME_KEY")
        path = self.hidden / "key"
        if not path.exists():
            make_key(path)
        return read_key(path.read_text("ascii"), str(path))

    @property
    def database_file(self) -> Path | None:
        """The file of a SQLite database; None for a server's."""
        prefix = "sqlite:///"
        return Path(self.database_url.removeprefix(prefix)) if self.database_url.startswith(prefix) else None

    def exists(self) -> bool:
        """Whether there may be anything in the database yet; a SQLite file that is not there holds nothing."""
        return self.database_file is None or self.database_file.exists()

    def open(self) -> Database:
        """Its database; the folder of a new SQLite file is made, private."""
        if self.database_file:
            self.database_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return open_database(self.database_url)

    @contextmanager
    def opened(self) -> Iterator[Database]:
        """Its database for one command, closed at the end."""
        database = self.open()
        try:
            yield database
        finally:
            database.close()


def existing(project: Project) -> AbstractContextManager[Database]:
    """Its database for a command that only makes sense once a config is applied; raises StartError."""
    if not project.exists():
        raise StartError("No config is applied in this database yet: run `forme apply`.")
    return project.opened()


def read_key(text: str, where: str) -> bytes:
    """The secret written as base64, 32 bytes of it."""
    try:
        key = base64.b64decode(text.strip(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise StartError(f"{where} is not a key: {KEY_BYTES} random bytes in base64 are expected.") from error
    if len(key) != KEY_BYTES:
        raise StartError(f"{where} holds {len(key)} bytes, not {KEY_BYTES} in base64.")
    return key


def make_key(path: Path) -> None:
    """Write a new secret, unless another process was first."""
    draft = path.with_name(f"key.{secrets.token_hex(4)}")
    write_private(draft, base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


class BuiltinFunctions:
    """The plugin that offers the language's own functions."""

    @hookimpl
    def functions(self) -> Sequence[Function]:
        """The engine's own functions."""
        return tuple(BUILTIN.values())


# ---- the catalog ----------------------------------------------------------------------------------------------------


def build_catalog(folder: Path, plugins: Iterable[str] = ()) -> Catalog:
    """The engine's kinds and functions, and those of the named plugins."""
    found: list[tuple[str, object]] = [("engine.fields", built_in_kinds), ("engine.functions", BuiltinFunctions())]
    found += [(name, load_plugin(name, folder)) for name in dict.fromkeys(plugins)]
    return collect(found)


def read_folder(folder: Path) -> tuple[Sources, Catalog]:
    """A folder's files, and the catalog that they ask for; raises ConfigError or CatalogError."""
    sources = read_sources(folder)
    return sources, build_catalog(folder, plugin_names(sources))


def catalog_of(folder: Path) -> Catalog:
    """The catalog that a folder's own files ask for."""
    return read_folder(folder)[1]


def load_plugin(name: str, folder: Path) -> ModuleType:
    """A plugin's module: the project's own `plugins/NAME`, else the product's.

    Nothing else is looked for: a name in YAML never imports an arbitrary module.
    """
    if not _PLUGIN_NAME.fullmatch(name):
        raise CatalogError(f"'{name}' is not a plugin's name.")
    own = folder / "plugins"
    for path in (own / name / "__init__.py", own / f"{name}.py"):
        if path.is_file():
            return _load_file(f"forme_project_plugins.{name}", path)
    try:
        return importlib.import_module(f"plugins.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"plugins.{name}":
            raise CatalogError(f"The plugin '{name}' needs '{error.name}', which is not installed.") from error
        raise CatalogError(f"There is no plugin '{name}', neither the product's nor in {own}.") from error


def _load_file(module_name: str, path: Path) -> ModuleType:
    places = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(module_name, path, submodule_search_locations=places)
    assert spec and spec.loader, path
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[module_name]
        raise CatalogError(f"The plugin in {path} fails as it is loaded: {error!r}") from error
    return module


# ---- the site -------------------------------------------------------------------------------------------------------


def compile_folder(folder: Path) -> tuple[Model, Catalog]:
    """The Model of a folder's files and the catalog that they ask for; raises ConfigError or CatalogError."""
    sources, catalog = read_folder(folder)
    return compile_sources(sources, catalog), catalog


def compile_revision(project: Project, revision: Revision) -> tuple[Model, Catalog]:
    """The Model of a revision's stored texts, and the catalog that they ask for; raises SafeMode."""
    try:
        catalog = build_catalog(project.folder, plugin_names(revision.sources))
        return compile_sources(revision.sources, catalog), catalog
    except (ConfigError, CatalogError) as error:
        raise SafeMode(revision.number, error) from error


def layout_problems(model: Model, revision: Revision) -> Iterator[Problem]:
    """What an earlier release stored otherwise than this one reads it: it must be applied anew, never misread."""
    for field, stored, expected in laid_out_otherwise(model, revision.snapshot):
        message = f"{field.entity}.{field.name} is stored as {stored}; this release keeps it as {expected}."
        yield Problem("plan.layout", message, field.mark, "Run `forme apply`: it converts what is stored.")


def current_revision(database: Database) -> Revision | None:
    """The revision applied in the database, or None when it is empty."""
    with database.reading() as connection:
        return revisions.current(connection)


def first_apply(project: Project, database: Database) -> Revision:
    """Apply the folder to an empty database."""
    model, catalog = compile_folder(project.folder)
    revision = perform(project, database, model, catalog, base=None)
    write_base(project, revision.number)
    return revision


def perform(project: Project, database: Database, model: Model, catalog: Catalog, *, base: int | None) -> Revision:
    """Apply a compiled config; figures with a new formula are worked out for the records that are there."""
    after = make_site(
        model, database=database, catalog=catalog, clock=CLOCK, folder=project.folder, key=project.key(),
        revision=(base or 0) + 1, files=project.files,
    )  # fmt: skip
    return apply(database, model, base=base, by=None, backfill=backfill(after))


def write_base(project: Project, revision: int) -> None:
    """Note which revision the folder's files stand on."""
    write_private(project.hidden / "base", f"{revision}\n")


def read_base(project: Project) -> int | None:
    """The revision that the folder's files stand on; None for a folder never applied or pulled."""
    path = project.hidden / "base"
    text = path.read_text("ascii").strip() if path.exists() else ""
    return int(text) if text.isdigit() else None


def open_site(project: Project, database: Database, clock: Clock = CLOCK) -> Site:
    """The site of the applied revision; raises StartError when there is none and SafeMode when it does not compile."""
    revision = current_revision(database)
    if revision is None:
        raise StartError("No config is applied in this database yet: run `forme apply`.")
    model, catalog = compile_revision(project, revision)
    misread = list(layout_problems(model, revision))
    if misread:
        raise SafeMode(revision.number, ConfigError(misread))
    return make_site(
        model, database=database, catalog=catalog, clock=clock, folder=project.folder, key=project.key(),
        revision=revision.number, files=project.files,
    )  # fmt: skip


def open_holder(project: Project, clock: Clock = CLOCK) -> SiteHolder:
    """Open the database, apply the folder if it is empty, and hold the site of the applied revision."""
    database = project.open()
    try:
        if current_revision(database) is None:
            first_apply(project, database)
        return SiteHolder(open_site(project, database, clock))
    except BaseException:
        database.close()
        raise


def settle_memory() -> None:
    """Put what a site holds for good out of the collector's way: a full collection stops every request."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


def texts(sources: Sequence[SourceText]) -> dict[str, str]:
    """The firm's own files of a revision, by path."""
    return {source.path: source.text for source in sources if not source.layer}


def pack_folder(name: str) -> Path:
    """The folder of a pack that comes with the product; raises StartError."""
    home = product_configs()
    found = home / name
    if not _PLUGIN_NAME.fullmatch(name) or not (found / "app.yaml").is_file():
        known = sorted(path.parent.name for path in home.glob("*/app.yaml"))
        raise StartError(f"There is no pack '{name}'. Known: {', '.join(known)}.")
    return found


def product_configs() -> Path:
    """Where the product's own configs are: in a checkout, or inside the installed package."""
    checkout, installed = Path(__file__).parents[1] / "configs", Path(__file__).parent / "_configs"
    return checkout if checkout.is_dir() else installed
