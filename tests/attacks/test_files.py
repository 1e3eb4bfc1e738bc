"""Files of records, and sheets in and out: A12, A15, A34, A39."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from engine.change import Actor, Forbidden, InvalidQuery, NotFound
from engine.runtime import people
from engine.runtime.sheets import BadSheet, CsvWriter, XlsxWriter, read_sheet
from engine.runtime.transfer import export_rows, import_rows, write_all
from engine.store import files
from tests.attacks.oracles import digest, same
from tests.attacks.world import CONTENT_2, NEVER, World, send_file


@pytest.mark.attack("A15")
def test_files_are_read_through_a_record_that_one_may_read(world: World, mine: int) -> None:
    assert world.r2.get(f"/deal/{world.ids['D2']}/contract/1").text == CONTENT_2
    for path in (f"/deal/{world.ids['D2']}/contract/1", f"/deal/{mine}/contract/1", f"/deal/{mine}/name/1",
                 f"/deal/{mine}/api_key/1", f"/deal/{mine}/contract/0", f"/deal/{mine}/contract/-1",
                 f"/deal/{mine}/contract/%2e%2e", "/deal/%2e%2e/contract/1"):  # fmt: skip
        assert world.r1.get(path).status_code == 404, path
        assert world.r1.page(path).status_code == 404, path
    for path in ("/files/1", "/api/v1/files/1", "/static/../../files/1", "/static/%2e%2e/%2e%2e/etc/passwd"):
        assert world.r1.raw("GET", path).status_code in (401, 303, 404, 405), path


@pytest.mark.attack("A15")
def test_nobody_attaches_a_file_that_somebody_else_sent(world: World, mine: int) -> None:
    """A file's id is no secret: naming it must not be enough to read the file."""
    stolen, version = world.ids["F2"], world.r1.version(f"/deal/{mine}")
    for values in ({"contract": stolen}, {"contract": {"id": stolen}}, {"papers": [stolen]}):
        answer = world.r1.api("PATCH", f"/deal/{mine}", {**values, "version": version})
        missing = world.r1.api(
            "PATCH",
            f"/deal/{mine}",
            {name: NEVER if name == "contract" else [NEVER] for name in values} | {"version": version},
        )
        assert answer.status_code == 422, answer.text
        same(answer, missing)
        assert world.r1.api("POST", "/deal", {"name": "x", "account": world.ids["A1"], **values}).status_code == 422
    for name in ("contract", "papers"):
        form = {"name": "x", name: str(stolen), "_version": str(version)}
        assert world.r1.send(f"/deal/{mine}/edit", form).status_code == 422
        assert world.r1.send(f"/deal/{mine}/edit", {**form, "_refresh": "name"}).status_code == 200
        assert world.r1.page(f"/deal/new?{name}={stolen}").status_code == 200
    for path in (f"/deal/{mine}/contract/1", f"/deal/{mine}/papers/1"):
        assert world.r1.get(path).status_code == 404


def test_a_file_that_the_server_lost_is_told_to_who_may_read_it(world: World, mine: int) -> None:
    own = send_file(world.r1, "lost.txt", "words that will be lost")
    world.r1.api("PATCH", f"/deal/{mine}", {"contract": own, "version": world.r1.version(f"/deal/{mine}")})
    digest = hashlib.sha256(b"words that will be lost").hexdigest()
    files.path_of(world.site.files_folder, digest).unlink()

    page = world.r1.page(f"/deal/{mine}/contract/1")
    assert page.status_code == 410
    assert "The file is gone" in page.text or "文件已不存在" in page.text
    assert world.r1.get(f"/deal/{mine}/contract/1").status_code == 410
    assert world.r2.page(f"/deal/{mine}/contract/1").status_code == 404


@pytest.mark.attack("A15")
def test_an_own_file_stays_attached_and_is_lost_with_the_right_to_its_record(world: World, mine: int) -> None:
    own = send_file(world.r1, "own.txt", "my own words")
    version = world.r1.version(f"/deal/{mine}")
    assert world.r1.api("PATCH", f"/deal/{mine}", {"contract": own, "version": version}).status_code == 200
    answer = world.r1.get(f"/deal/{mine}/contract/1")
    assert answer.text == "my own words"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    # The manager edits the record and leaves r1's file where it is, then takes the record away.
    version = world.manager.version(f"/deal/{mine}")
    body = {"contract": own, "name": "Kept", "owner": world.r2.id, "version": version}
    assert world.manager.api("PATCH", f"/deal/{mine}", body).status_code == 200
    assert world.r1.get(f"/deal/{mine}/contract/1").status_code == 404
    assert world.r1.page(f"/deal/{mine}/contract/1").status_code == 404
    assert world.r2.get(f"/deal/{mine}/contract/1").text == "my own words"


def seller(world: World) -> Actor:
    """r1, for doors without a page."""
    actor = people.actor_by_login(world.site, "r1")
    assert actor is not None
    return actor


@pytest.mark.attack("A12", "A34")
def test_an_export_holds_rows_and_columns_that_one_may_read(world: World, tmp_path: Path) -> None:
    csv, xlsx = tmp_path / "deals.csv", tmp_path / "deals.xlsx"
    with csv.open("w", encoding="utf-8", newline="") as file:
        assert write_all(export_rows(world.site, seller(world), "deal"), CsvWriter(file)) > 0
    write_all(export_rows(world.site, seller(world), "deal"), XlsxWriter(xlsx))
    with zipfile.ZipFile(io.BytesIO(xlsx.read_bytes())) as parts:
        members = "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
    for said in (csv.read_text("utf-8-sig"), members):
        assert "Open deal" in said
        assert [canary for canary in world.r1.canaries if canary in said] == []
        assert not [name for name in ("margin", "memo", "codename", "costs", "score") if name in said]
    for fields in (("margin",), ("name", "memo"), ("account.credit",), ("perks",)):
        with pytest.raises(InvalidQuery):
            list(export_rows(world.site, seller(world), "deal", fields=fields))
    with pytest.raises(InvalidQuery):
        list(export_rows(world.site, seller(world), "deal", where="margin > 5"))
    assert [row[0] for row in export_rows(world.site, seller(world), "deal", where="id == 2")] == ["id"]
    assert [row[0] for row in export_rows(world.site, seller(world), "account")] == ["id"], "no grant to export"


@pytest.mark.attack("A39")
@pytest.mark.parametrize("heading", ["margin", "Margin", "approved_at", "created_by", "password_hash", "role", "perks"])
def test_an_import_writes_no_column_that_one_may_not(world: World, tmp_path: Path, heading: str) -> None:
    path = tmp_path / "deals.csv"
    path.write_text(f"name,account,{heading}\nImported,Open account,5\n", "utf-8")
    before = digest(world.site.database)
    try:
        summary = import_rows(world.site, seller(world), "deal", read_sheet(path))
    except (BadSheet, Forbidden, NotFound):
        pass
    else:
        if heading not in summary.ignored:
            assert (summary.created, summary.updated, summary.failed) == (0, 0, 1), summary
            assert digest(world.site.database) == before
    world.changed()
