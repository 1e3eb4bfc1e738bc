"""Tables in files: CSV and XLSX read as text cells with line numbers, and written so that no cell becomes a formula."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import xlsxwriter

from engine.runtime import sheet_reader

CELL_CHARACTERS_MAX: Final = 131_072
COLUMNS_MAX: Final = 1_000
CSV_BYTES_MAX: Final = 200_000_000
XLSX_BYTES_MAX: Final = 50_000_000
XLSX_UNPACKED_MAX: Final = 200_000_000
XLSX_RATIO_MAX: Final = 100
"""How many times larger than packed the whole may be: a bomb is thousands."""
XLSX_MEMBERS_MAX: Final = 2_000
XLSX_SECONDS_MAX: Final = 60
XLSX_SHEET_ROWS: Final = 1_048_576
HEADING_CHARACTERS_MAX: Final = 1_000_000
PIECE: Final = 65_536
"""Characters that are looked through at once."""
ENCODINGS: Final = ("utf-8", "gb18030", "utf-16")
DELIMITERS: Final = ",;\t|"

_MEMBERS = re.compile(r"(xl|_rels|docProps|customXml)/|\[Content_Types\]\.xml$")
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9][0-9 .]*%?")
_STARTERS = frozenset("=+-@\t\r\n")


class BadSheet(Exception):
    """A file that cannot be read as a table, in words for the person who brings it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    line: int
    """Where it begins in the file, 1-based."""
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table with a heading row."""

    headings: tuple[str, ...]
    rows: Iterable[Row]
    note: str = ""
    """How the file was understood, for the person to confirm."""


def read_sheet(path: Path, encoding: str | None = None) -> Sheet:
    """The table in a CSV or XLSX file; raises BadSheet.

    A CSV file must be UTF-8 unless the encoding is named: one that reads as something else is told, never guessed.
    """
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"PK"):
        return _from_rows(_xlsx_rows(path), "An XLSX file; its first sheet is read.")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadSheet(
            f"{path.name} is encrypted, or an old .xls file. Save it as .xlsx without a password, or as CSV."
        )
    if path.stat().st_size > CSV_BYTES_MAX:
        raise BadSheet(f"{path.name} is larger than {CSV_BYTES_MAX // 1_000_000} MB. Split it.")
    used, heading = _look_through(path, encoding)
    delimiter = max(DELIMITERS, key=heading.count)
    shown = {"\t": "tab"}.get(delimiter, f"'{delimiter}'")
    said = used.removesuffix("-sig").upper()
    return _from_rows(_csv_rows(path, used, delimiter), f"CSV, {said}, columns parted by {shown}.")


def _from_rows(rows: Iterator[Row], note: str) -> Sheet:
    first = next(rows, None)
    if first is None:
        raise BadSheet("The file is empty: a first row with the columns' names is needed.")
    headings = tuple(cell.strip() for cell in first.cells)
    while headings and not headings[-1]:
        headings = headings[:-1]
    twice = {heading for heading in headings if heading and headings.count(heading) > 1}
    if twice:
        raise BadSheet(f"Two columns have the same name: {', '.join(sorted(twice))}.")
    return Sheet(headings, rows, note)


# ---- CSV


def _look_through(path: Path, encoding: str | None) -> tuple[str, str]:
    """The encoding of a file, all of whose bytes it fits, and the first line. The file is not held in memory."""
    with path.open("rb") as file:
        marked = file.read(3) == b"\xef\xbb\xbf"
    used = "utf-8-sig" if marked else encoding or "utf-8"
    try:
        with path.open(encoding=used, newline="") as text:
            heading = text.readline(HEADING_CHARACTERS_MAX)
            while text.read(PIECE):
                pass
    except UnicodeDecodeError as error:
        raise _not_encoded(path, used, offered=encoding is None and not marked) from error
    return used, heading


def _not_encoded(path: Path, used: str, *, offered: bool) -> BadSheet:
    """What to say of a file that is not in its encoding; which others it could be in, where none was named."""
    raw = path.read_bytes()
    try:
        raw.decode(used)
    except UnicodeDecodeError as error:
        if offered:
            return BadSheet(_offer(raw, path.name, error))
        line, said = raw.count(b"\n", 0, error.start) + 1, used.removesuffix("-sig").upper()
        return BadSheet(f"{path.name}, line {line}: byte 0x{raw[error.start]:02x} is not {said}.")
    return BadSheet(f"{path.name} was changed while it was read.")


def _offer(raw: bytes, name: str, error: UnicodeDecodeError) -> str:
    """Say that a file is not UTF-8, and how it would read in the encodings in which it can be read."""
    line = raw.count(b"\n", 0, error.start) + 1
    words = [f"{name} is not UTF-8 (line {line}). Name its encoding after looking at how it reads:"]
    candidates = ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("gb18030",)
    for encoding in candidates:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        sample = " / ".join(text.splitlines()[:2])[:120]
        words.append(f"  --encoding {encoding:<8} reads: {sample}")
    if len(words) == 1:
        words = [f"{name} is neither UTF-8 nor GB18030 (line {line}). Save it as UTF-8."]
    return "\n".join(words)


def _csv_rows(path: Path, encoding: str, delimiter: str) -> Iterator[Row]:
    csv.field_size_limit(CELL_CHARACTERS_MAX)
    line = 1
    with path.open(encoding=encoding, newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise BadSheet(f"{path.name}, line {line}: {error}.") from error
            if len(cells) > COLUMNS_MAX:
                raise BadSheet(f"{path.name}, line {line}: more than {COLUMNS_MAX} columns.")
            yield Row(line, tuple(map(undo_mark, cells)))
            line = reader.line_num + 1


# ---- XLSX


def check_xlsx(path: Path) -> None:
    """Refuse a workbook that is a bomb, carries macros or declares entities, before anything parses it."""
    if path.stat().st_size > XLSX_BYTES_MAX:
        raise BadSheet(f"{path.name} is larger than {XLSX_BYTES_MAX // 1_000_000} MB. Save it as CSV.")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_members(path, members)
            for member in members:
                if member.filename.endswith((".xml", ".rels")):
                    with archive.open(member) as part:
                        if b"<!DOCTYPE" in part.read(4_096):
                            raise BadSheet(f"{path.name} declares a document type, which no spreadsheet needs.")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise BadSheet(f"{path.name} is damaged: {error}.") from error


def _check_members(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    if len(members) > XLSX_MEMBERS_MAX:
        raise BadSheet(f"{path.name} holds {len(members):,} parts; a spreadsheet has a few dozen.")
    strange = next((m.filename for m in members if not _MEMBERS.match(m.filename) or ".." in m.filename), None)
    if strange is not None:
        raise BadSheet(f"{path.name} is not a spreadsheet: it holds {strange[:80]!r}.")
    if any(m.filename.endswith("vbaProject.bin") for m in members):
        raise BadSheet(f"{path.name} holds macros. Save it as .xlsx without them.")
    unpacked = sum(m.file_size for m in members)
    if unpacked > XLSX_UNPACKED_MAX or unpacked > XLSX_RATIO_MAX * max(path.stat().st_size, 10_000):
        raise BadSheet(f"{path.name} unpacks to {unpacked:,} bytes: refused.")
    if not any(m.filename == "xl/workbook.xml" for m in members):
        raise BadSheet(f"{path.name} is a zip file, but no .xlsx workbook.")


def _xlsx_rows(path: Path) -> Iterator[Row]:
    """The rows of the first sheet, parsed by a process of its own with bounded memory and time."""
    check_xlsx(path)
    command = [sys.executable, "-I", sheet_reader.__file__, str(path.resolve())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=XLSX_SECONDS_MAX, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise BadSheet(f"{path.name} takes longer than {XLSX_SECONDS_MAX} seconds to read.") from error
    if done.returncode:
        reason = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it needs too much memory"])[-1]
        raise BadSheet(f"{path.name} cannot be read: {reason}")
    for number, line in enumerate(done.stdout.splitlines(), start=1):
        yield Row(number, tuple(json.loads(line)))


# ---- writing


class Writer(Protocol):
    """Takes a table row by row."""

    def write(self, cells: Sequence[Any]) -> None:
        """One row: text, numbers as their text, None for empty."""

    def close(self) -> None:
        """Finish the file."""


def is_formula(text: str) -> bool:
    """Whether a spreadsheet program might run this text: what begins, spaces and width aside, with = + - @.

    A plain number or telephone number is none.
    """
    if not text or _PLAIN_NUMBER.fullmatch(text):
        return False
    if text[0] in _STARTERS:
        return True
    for character in text:
        if character.isspace() or unicodedata.category(character) in ("Cf", "Cc", "Zs"):
            continue
        return unicodedata.normalize("NFKC", character)[0] in _STARTERS
    return False


def mark(text: str) -> str:
    """The text as a CSV cell that no spreadsheet program runs: an apostrophe before what looks like a formula."""
    return f"'{text}" if is_formula(text.lstrip("'")) else text


def undo_mark(cell: str) -> str:
    """The text that `mark` was given."""
    return cell[1:] if cell.startswith("'") and is_formula(cell.lstrip("'")) else cell


class CsvWriter:
    """CSV in UTF-8 with a byte order mark (or spreadsheet programs read Chinese wrongly)."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._file.write("\ufeff")
        self._writer = csv.writer(file)

    def write(self, cells: Sequence[Any]) -> None:
        """One row."""
        self._writer.writerow(["" if cell is None else mark(str(cell)) for cell in cells])

    def close(self) -> None:
        """Nothing is pending."""
        self._file.flush()


class XlsxWriter:
    """A workbook with one sheet, every cell written as text."""

    def __init__(self, path: Path) -> None:
        self._book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._sheet = self._book.add_worksheet()
        self._row = 0

    def write(self, cells: Sequence[Any]) -> None:
        """One row; raises BadSheet past what a sheet can hold."""
        if self._row >= XLSX_SHEET_ROWS:
            raise BadSheet(f"A sheet holds {XLSX_SHEET_ROWS:,} rows at most: export CSV.")
        for column, cell in enumerate(cells):
            if isinstance(cell, bool) or cell is None or cell == "":
                if cell is not None and cell != "":
                    self._sheet.write_boolean(self._row, column, cell)
            else:
                self._sheet.write_string(self._row, column, str(cell)[:32_767])
        self._row += 1

    def close(self) -> None:
        """Write the file."""
        self._book.close()
