"""Files: sent first, named by a record, read under its rights."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.api.conftest import Firm, Program


def send(program: Program, name: str = "合同.pdf", content: bytes = b"%PDF-1", part: str = "file") -> httpx.Response:
    """Upload a file."""
    headers = {"Authorization": f"Bearer {program.token}"}
    return program.client.post("/api/v1/files", files={part: (name, content, "text/html")}, headers=headers)


def test_a_file_is_sent_then_named_then_read(rep: Program, other: Program) -> None:
    sent = send(rep)
    assert sent.status_code == 201
    assert sent.json() == {"id": sent.json()["id"], "name": "合同.pdf", "type": "text/html", "size": 6}
    deal = rep.make("deal", name="d", contract=[sent.json()["id"]])
    got = rep.get(f"/deal/{deal['id']}/contract/1")
    assert got.content == b"%PDF-1"
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment;")
    assert "filename*=UTF-8''%E5%90%88%E5%90%8C.pdf" in got.headers["content-disposition"]
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]
    missing = rep.get(f"/deal/{deal['id']}/contract/2")
    assert missing.status_code == 404
    for path in (f"/deal/{deal['id']}/contract/0", f"/deal/{deal['id']}/name/1", f"/deal/{deal['id']}/margin/1"):
        assert rep.get(path).content == missing.content
    assert other.get(f"/deal/{deal['id']}/contract/1").content == missing.content


def test_a_file_that_is_gone_from_the_server_is_told_as_such(firm: Firm, rep: Program) -> None:
    deal = rep.make("deal", name="d", contract=[send(rep, content=b"%PDF-gone").json()["id"]])
    for path in firm.site.files_folder.glob("??/*"):
        path.unlink()
    gone = rep.get(f"/deal/{deal['id']}/contract/1")
    assert (gone.status_code, gone.json()["title"]) == (410, "The file is gone")


def test_nobody_takes_up_the_file_of_another(firm: Firm, rep: Program, other: Program) -> None:
    theirs = send(other).json()["id"]
    before = firm.digest()
    refused = rep.post("/deal", {"name": "d", "contract": [theirs]})
    missing = rep.post("/deal", {"name": "d", "contract": [424242]})
    assert refused.status_code == missing.status_code == 422
    assert refused.json() == missing.json()
    assert firm.digest() == before


def test_names_are_names_and_not_paths(rep: Program, firm: Firm, tmp_path: Path) -> None:
    for name in ("../../evil.sh", "..\\evil.sh", "/etc/passwd", 'a";x="b.txt', "a\r\nX: y.txt"):
        sent = send(rep, name)
        assert sent.status_code == 201, sent.text
        deal = rep.make("deal", name="d", contract=[sent.json()["id"]])
        got = rep.get(f"/deal/{deal['id']}/contract/1")
        assert "x" not in got.headers
        assert "/" not in sent.json()["name"]
    assert not (tmp_path.parent / "evil.sh").exists()


def test_what_is_no_file_is_refused(firm: Firm, rep: Program) -> None:
    assert send(rep, part="other").status_code == 422
    assert rep.post("/files", {"file": "x"}).status_code == 415
    assert firm.client.post("/api/v1/files", files={"file": ("a", b"x")}).status_code == 401
    assert send(rep, content=b"x" * 26_000_000).status_code == 413
