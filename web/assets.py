"""Where the built style sheet, scripts and icons lie: names in, addresses out."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

DIST = Path(__file__).parent / "static" / "dist"
PREFIX = "/static/"  # the app serves DIST here; file names carry a hash, so they may be cached for ever
FALLBACK_ICON = "box"


class AssetsMissing(RuntimeError):
    """The assets were not built, or not with this name."""


def asset(name: str) -> str:
    """The address of a built file: `asset('app.css')` is `/static/app-3f2a….css`."""
    files = manifest()["files"]
    if name not in files:
        raise AssetsMissing(f"there is no asset {name!r}; built were {', '.join(sorted(files))}")
    return PREFIX + str(files[name])


def icon(name: str) -> str:
    """The address of one icon in the sprite; a name that the sprite lacks gives a plain box, so that no page breaks."""
    known = name if name in icon_names() else FALLBACK_ICON
    return f"{asset('sprite.svg')}#{known}"


def icon_names() -> frozenset[str]:
    """Every icon that a config may name."""
    return frozenset(manifest()["icons"])


@cache
def manifest() -> dict[str, dict[str, str]]:
    """What the build wrote, read once."""
    return read_manifest(DIST)


def read_manifest(folder: Path) -> dict[str, dict[str, str]]:
    """The manifest in a folder of built files, with a clear word when nothing was built."""
    try:
        text = (folder / "manifest.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AssetsMissing(
            "the web assets were not built: run `pip install -e .` in the repository "
            "(or `npm ci --ignore-scripts && node build.mjs` in web/frontend)"
        ) from None
    built: dict[str, dict[str, str]] = json.loads(text)
    return built
