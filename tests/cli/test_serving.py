"""The server as a process: first start, the first administrator, a newer revision, safe mode, the demo."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from pathlib import Path

import httpx
import pytest

from engine.store import files
from tests.cli.conftest import Terminal
from tests.cli.server import served


def test_the_first_start_makes_the_database_and_a_link_for_the_first_administrator(desk: Terminal) -> None:
    with served("serve", str(desk.folder), cwd=desk.folder.parent) as (address, said, _):
        text = said.read_text()
        assert "revision 1" in text
        link = re.search(r"http://\S+/-/setup/\S+", text)
        assert link
        path = link[0].split("/-/", 1)[1]
        assert httpx.get(f"{address}/-/{path}").status_code == 200
        assert httpx.get(f"{address}/-/setup/0-0-0").status_code == 404
        assert httpx.get(f"{address}/healthz", headers={"Host": "evil.example"}).status_code == 400
    assert (desk.folder / ".forme" / "forme.db").stat().st_mode & 0o077 == 0
    assert (desk.folder / ".forme" / "key").stat().st_mode & 0o077 == 0


def test_a_newer_revision_is_served_within_a_second(desk: Terminal) -> None:
    desk.run("apply", str(desk.folder))
    database = {"FORME_DATABASE": desk.database}
    with served("serve", str(desk.folder), cwd=desk.folder.parent, **database) as (address, *_):
        assert httpx.get(f"{address}/readyz").json()["revision"] == 1
        desk.edit("customers.yaml", "icon: building", "icon: user")
        desk.run("apply", str(desk.folder), "--yes")
        time.sleep(1.1)
        assert httpx.get(f"{address}/readyz").json()["revision"] == 2


def test_a_server_sweeps_away_what_no_record_took_up(desk: Terminal) -> None:
    desk.run("apply", str(desk.folder))
    digest, _ = files.keep(desk.folder / ".forme" / "files", [b"a form that was never saved"])
    orphan = files.path_of(desk.folder / ".forme" / "files", digest)
    os.utime(orphan, (0, 0))
    with served("serve", str(desk.folder), cwd=desk.folder.parent, FORME_DATABASE=desk.database):
        for _ in range(300):
            if not orphan.exists():
                break
            time.sleep(0.1)
    assert not orphan.exists()


def test_a_revision_that_does_not_compile_serves_nothing_but_that(desk: Terminal) -> None:
    desk.run("apply", str(desk.folder))
    with sqlite3.connect(desk.database.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE forme_text SET text = replace(text, 'required: true', 'requird: true')")
    database = {"FORME_DATABASE": desk.database}
    with served("serve", str(desk.folder), cwd=desk.folder.parent, **database) as (address, said, _):
        answer = httpx.get(f"{address}/")
        assert answer.status_code == 503
        assert "安全模式" in answer.text
        assert "requird" not in answer.text
        assert "requird" in said.read_text()
        assert "Serving in safe mode" in said.read_text()
        with sqlite3.connect(desk.database.removeprefix("sqlite:///")) as connection:
            connection.execute("UPDATE forme_text SET text = replace(text, 'requird: true', 'required: true')")
        time.sleep(1.1)
        assert httpx.get(f"{address}/readyz").status_code == 200


@pytest.mark.timeout(180)
def test_the_demo_is_a_firm_at_work(tmp_path: Path) -> None:
    with served("demo", cwd=tmp_path) as (address, said, _):
        people = re.findall(r"^  (\w+) +(\S{14}) ", said.read_text(), re.MULTILINE)
        assert {login for login, _ in people} == {"li", "zhang", "chen", "wang"}
        with httpx.Client(base_url=address, follow_redirects=True) as browser:
            form = browser.get("/login").text
            token = re.search(r'name="_csrf" value="([^"]+)"', form)
            assert token
            login, password = people[0]
            page = browser.post(
                "/login", data={"_csrf": token[1], "login": login, "password": password, "next": "/quote"}
            )
            assert page.status_code == 200
            assert "春季产品画册" in page.text


def test_several_workers_need_a_database_that_several_may_write(desk: Terminal) -> None:
    done = desk.run("serve", str(desk.folder), "--workers", "2", code=1)
    assert "PostgreSQL" in done.output
