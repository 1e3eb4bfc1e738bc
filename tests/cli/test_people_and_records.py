"""People, tokens, imports, exports and rights at the command line."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from engine.runtime.sheets import mark, undo_mark
from tests.cli.conftest import Terminal

PASSWORD = "long enough for this"


@pytest.fixture
def firm(terminal: Terminal) -> Terminal:
    """An applied config."""
    terminal("apply")
    return terminal


def here(terminal: Terminal, *words: str, code: int | None = 0, stdin: str = "") -> str:
    """A command that takes the folder as an option."""
    return terminal.run(*words, "--dir", str(terminal.folder), code=code, stdin=stdin).output


def add(terminal: Terminal, name: str, *roles: str) -> str:
    """Add a person, the password typed twice."""
    options = [word for role in roles for word in ("--role", role)]
    return here(terminal, "user", "add", name, *options, stdin=f"{PASSWORD}\n{PASSWORD}\n")


def sheet(terminal: Terminal, name: str, text: str | bytes) -> Path:
    """A file to import."""
    path = terminal.folder.parent / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_people_and_tokens(firm: Terminal) -> None:
    assert "Added li as number 1, with sales." in add(firm, "li", "sales")
    assert "no role 'boss'" in here(firm, "user", "add", "x", "--role", "boss", code=1)
    weak = here(firm, "user", "add", "x", "--role", "sales", code=1, stdin="short\nshort\n")
    assert "at least 10 characters" in weak
    twice = here(firm, "user", "add", "LI", "--role", "sales", code=1, stdin=f"{PASSWORD}\n{PASSWORD}\n")
    assert "login" in twice
    token = here(firm, "token", "create", "li").splitlines()[-1]
    assert token.startswith("forme_")
    assert " " not in token
    assert "no such" in here(firm, "token", "create", "nobody", code=1)


def test_a_forgotten_password_is_replaced(firm: Terminal) -> None:
    add(firm, "li", "sales")
    told = here(firm, "user", "password", "LI", stdin=f"{PASSWORD}!\n{PASSWORD}!\n")
    assert "li is signed out everywhere" in told
    assert "no active person" in here(firm, "user", "password", "nobody", code=1)
    assert "at least 10 characters" in here(firm, "user", "password", "li", code=1, stdin="short\nshort\n")


def test_can_tells_the_rules_that_decided(firm: Terminal) -> None:
    add(firm, "li", "sales")
    add(firm, "wang", "sales")
    here(firm, "import", "customer", str(sheet(firm, "c.csv", "name,owner\n甲,li\n")))
    yes = here(firm, "can", "li", "update", "customer/1")
    assert yes.startswith("yes")
    assert "owner == me" in yes
    assert "customers.yaml:" in yes
    no = here(firm, "can", "wang", "update", "customer/1", code=1)
    assert no.startswith("no")
    assert "fails" in no
    assert here(firm, "can", "wang", "delete", "customer", code=1).startswith("no")
    assert "no entity 'custmer'. Did you mean 'customer'?" in here(firm, "can", "wang", "read", "custmer", code=1)


def test_every_row_of_an_import_is_accounted_for(firm: Terminal) -> None:
    add(firm, "li", "sales")
    rows = "名称,Phone,owner\n甲公司,021-5555 0100,li\n乙公司,,nobody\n,021,li\n\n"
    rows += "甲公司,1,li\n丙公司,2,\n丁公司,3,li,extra\n"
    path = sheet(firm, "c.csv", rows)
    dry = here(firm, "import", "customer", str(path), "--dry-run", code=1)
    assert "Would be: 7 rows read: 2 created, 0 updated, 1 skipped, 4 failed." in dry
    assert here(firm, "export", "customer").count("\n") == 2, "a dry run stores nothing"
    said = here(firm, "import", "customer", str(path), code=1)
    assert "7 rows read: 2 created, 0 updated, 1 skipped, 4 failed." in said
    with path.with_name("c.csv.errors.csv").open(encoding="utf-8-sig", newline="") as file:
        errors = list(csv.reader(file))
    assert errors[0] == ["line", "reason", "名称", "Phone", "owner"]
    assert [row[0] for row in errors[1:]] == ["3", "4", "6", "8"]
    assert "nobody" in errors[1][1]
    again = here(
        firm,
        "import",
        "customer",
        str(sheet(firm, "u.csv", "name,phone\n甲公司,9\n丙公司,2\n戊公司,5\n")),
        "--key",
        "name",
    )
    assert "3 rows read: 1 created, 1 updated, 1 skipped, 0 failed." in again


def test_columns_that_do_not_fit_are_refused_before_the_first_row(firm: Terminal) -> None:
    for rows, words in (
        ("name,nmae\na,b\n", "no field"),
        ("name,password_hash\na,b\n", "no field"),
        ("name,created_by,deleted_at\na,1,2\n", "cannot be imported"),
        ("name,name\na,b\n", "same name"),
        ("phone,电话\n1,2\n", "fill the field phone"),
        ("", "empty"),
    ):
        said = here(firm, "import", "customer", str(sheet(firm, "x.csv", rows)), code=1)
        assert words in said, rows
    mapped = sheet(firm, "m.csv", "Firm,Junk\n甲,x\n")
    assert "1 created" in here(firm, "import", "customer", str(mapped), "--map", "Firm=name", "--map", "Junk=")
    assert "not unique" in here(
        firm, "import", "customer", str(sheet(firm, "k.csv", "phone\n1\n")), "--key", "phone", code=1
    )


def test_encodings_are_offered_not_guessed(firm: Terminal) -> None:
    path = sheet(firm, "gbk.csv", "名称\n甲公司\n".encode("gb18030"))
    said = here(firm, "import", "customer", str(path), code=1)
    assert "--encoding gb18030" in said
    assert "甲公司" in said
    assert "1 created" in here(firm, "import", "customer", str(path), "--encoding", "gb18030")
    assert "1 created" in here(firm, "import", "customer", str(sheet(firm, "bom.csv", "\ufeff名称;电话\n乙;1\n")))
    assert "neither" in here(firm, "import", "customer", str(sheet(firm, "bad.csv", b"name\n\xff\xff\x81\n")), code=1)


def test_an_export_is_read_back_by_an_import(firm: Terminal) -> None:
    add(firm, "li", "sales")
    names = [
        "=1+1",
        "+cmd",
        "-2+3",
        "@x",
        "'=quoted",
        "＝ＳＵＭ",
        "plain",
        '"quoted", and, commas',
        "-5",
        "+49 89 123",
    ]
    buffer = io.StringIO()
    csv.writer(buffer).writerows([("name", "owner"), *((mark(name), "li") for name in names)])
    assert f"{len(names)} created" in here(firm, "import", "customer", str(sheet(firm, "n.csv", buffer.getvalue())))
    out = firm.folder.parent / "out.csv"
    here(firm, "export", "customer", "--out", str(out), "--fields", "name,phone,owner")
    with out.open(encoding="utf-8-sig", newline="") as file:
        cells = [row[1] for row in csv.reader(file)][1:]
    assert sorted(undo_mark(cell) for cell in cells) == sorted(names)
    assert {"'=1+1", "'+cmd", "'-2+3", "'@x", "'＝ＳＵＭ", "-5", "+49 89 123"} <= set(cells)
    assert f"{len(names)} skipped" in here(firm, "import", "customer", str(out), "--key", "id")
    book = firm.folder.parent / "out.xlsx"
    here(firm, "export", "customer", "--out", str(book), "--fields", "name,phone,owner")
    assert f"{len(names)} skipped" in here(firm, "import", "customer", str(book), "--key", "name")
    assert b"<f>" not in zipfile.ZipFile(book).read("xl/worksheets/sheet1.xml")


def test_an_export_holds_what_the_person_may_export(firm: Terminal) -> None:
    add(firm, "li", "sales")
    here(firm, "import", "customer", str(sheet(firm, "c.csv", "name,owner\n甲,li\n")))
    assert "甲" not in here(firm, "export", "customer", "--as", "li", code=None)
    assert "甲" in here(firm, "export", "customer", "--where", "owner.login == 'li'")
    assert "no active user" in here(firm, "export", "customer", "--as", "nobody", code=1)


def test_an_import_as_somebody_needs_the_grant(firm: Terminal) -> None:
    add(firm, "li", "sales")
    rows = str(sheet(firm, "c.csv", "name\n甲\n"))
    refused = here(firm, "import", "customer", rows, "--as", "li", code=1)
    assert "You may not import" in refused or "您无权导入" in refused
    assert "no active user" in here(firm, "import", "customer", rows, "--as", "nobody", code=1)
    firm.edit("customers.yaml", "create: true,", "create: true, import: true,")
    firm.run("apply", "--yes", str(firm.folder))
    assert "1 created" in here(firm, "import", "customer", rows, "--as", "li")


def test_workbooks_that_are_none_are_refused(firm: Terminal) -> None:
    def refused(name: str, data: bytes) -> str:
        return here(firm, "import", "customer", str(sheet(firm, name, data)), code=1)

    def zipped(**members: bytes) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name.replace("__", "/"), data)
        return buffer.getvalue()

    assert "damaged" in refused("a.xlsx", b"PK\x03\x04rest")
    assert "encrypted" in refused("b.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    assert "not a spreadsheet" in refused("c.xlsx", zipped(evil=b"x"))
    bomb = zipped(**{"xl__workbook.xml": b"<a/>", "xl__b.xml": b"0" * 50_000_000})
    assert "unpacks to" in refused("d.xlsx", bomb)
    assert "document type" in refused("e.xlsx", zipped(**{"xl__workbook.xml": b"<!DOCTYPE lolz><a/>"}))
    assert "macros" in refused("f.xlsx", zipped(**{"xl__workbook.xml": b"<a/>", "xl__vbaProject.bin": b"x"}))
    book = firm.folder.parent / "g.xlsx"
    with xlsxwriter.Workbook(str(book)) as made:
        page = made.add_worksheet()
        page.write_row(0, 0, ["name", "phone"])
        page.write_row(1, 0, ["甲", 2155550100])
    assert "1 created" in here(firm, "import", "customer", str(book))
    assert "2155550100" in here(firm, "export", "customer")


def test_a_cell_that_could_be_a_formula_is_marked_and_comes_back() -> None:
    for text in ("=1", " =1", "\u200b=1", "\t1", "@a", "＋1", "'=1", "''=1", "-a", "\u00a0-a"):
        assert mark(text).startswith("'"), text
        assert undo_mark(mark(text)) == text
    for text in ("", "a", "'a", "-5", "+49 89 12", "1-1", "10%", "-1.5"):
        assert mark(text) == text
        assert undo_mark(text) == text
