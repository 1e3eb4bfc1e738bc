"""A config that is served, and a person's program that calls its API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from litestar.testing import TestClient

from engine import boot
from engine.boot import Project
from engine.change import system
from engine.runtime import people
from engine.runtime.site import Site
from web.app import create_app


@dataclass(frozen=True, slots=True)
class Served:
    """The site, and a client that carries a token."""

    site: Site
    client: TestClient[Any]

    def send(self, text: str) -> httpx.Response:
        """Send a request as a page prints it: method and address, headers, an empty line, the body."""
        head, _, body = text.partition("\n\n")
        first, *lines = head.splitlines()
        method, _, address = first.partition(" ")
        headers = dict(line.split(": ", 1) for line in lines)
        if body.strip():
            headers.setdefault("Content-Type", "application/json")
        if headers.get("Content-Type", "").startswith("multipart/"):
            body = body.replace("\n", "\r\n")
        return self.client.request(method, address, content=body.strip().encode(), headers=headers)


@contextmanager
def served(config: str, folder: Path, *roles: str, database_url: str = "") -> Iterator[Served]:
    """Serve a config in a folder, to the program of a person with these roles."""
    url = database_url or f"sqlite:///{folder / 'forme.db'}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.yaml").write_text(config, "utf-8")
    holder = boot.open_holder(Project(folder, url, folder / "files", folder / ".forme"))
    people.add(holder.site, system(), name="Ann", login="ann", roles=roles, password="correct horse battery")
    token = people.create_token(holder.site, login="ann", name="docs", days=1)
    try:
        with TestClient(create_app(holder), base_url="http://127.0.0.1") as client:
            client.headers["Authorization"] = f"Bearer {token}"
            yield Served(holder.site, client)
    finally:
        holder.site.database.close()


def check_answer(shown: str, answer: httpx.Response) -> None:
    """Assert that an answer is what a page prints: its status, the headers and members shown; `...` is anything."""
    head, _, body = shown.partition("\n\n")
    status, *lines = head.splitlines()
    assert status.split()[1] == str(answer.status_code), f"{status}\n{answer.text}"
    for line in lines:
        name, _, value = line.partition(": ")
        assert answer.headers.get(name) == value, (name, answer.headers.get(name))
    if body.strip():
        differences = list(differing(json.loads(body), answer.json(), ""))
        assert not differences, "\n".join([*differences, json.dumps(answer.json(), indent=1, ensure_ascii=False)])


def differing(shown: Any, found: Any, place: str) -> Iterator[str]:
    """Where an answer is not what is shown."""
    if isinstance(shown, dict) and isinstance(found, dict):
        for key, value in shown.items():
            if key == "...":
                continue
            yield from differing(value, found.get(key, "nothing"), f"{place}.{key}")
        if "..." not in shown and found.keys() - shown.keys():
            yield f"{place}: also has {', '.join(sorted(found.keys() - shown.keys()))}"
    elif isinstance(shown, list) and isinstance(found, list) and len(shown) == len(found):
        for number, (one, other) in enumerate(zip(shown, found, strict=True)):
            yield from differing(one, other, f"{place}[{number}]")
    elif isinstance(shown, str) and isinstance(found, str):
        if not re.fullmatch(".*".join(re.escape(part) for part in shown.split("...")), found):
            yield f"{place}: {found!r}, not {shown!r}"
    elif shown != found:
        yield f"{place}: {found!r}, not {shown!r}"
