"""A page of a list as JSON, written from what the database's driver gives.

Values that can be written as they are stored are never made into Python's own dates and decimals; what else a column
holds (masks, links, kinds of plugins) is made as for every other reader.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from engine.kinds import Shower
from engine.runtime.cells import Cell, Cells, LateCell, LinkCell, with_titles
from engine.runtime.inquiry import Inquiry
from engine.runtime.question import Plan, Question
from engine.runtime.titles import Part
from engine.store.plain_json import plain_json
from engine.store.prepared import Prepared, Row
from web.api.call import encode
from web.api.records import PLAIN, value_json

ToJson = Callable[[Any], Any]
Values = Sequence[Any]
WriteColumn = Callable[[Sequence[Values], Shower], Values]
"""One column's values as JSON has them, from all columns."""


class LinkJson(msgspec.Struct):
    """A link to a record of one entity."""

    id: int
    title: str | None


@dataclass(frozen=True, slots=True)
class PageWriter:
    """How the rows of one plan are written: column by column, which leaves the walk along the rows to C."""

    make: Callable[..., Any]
    width: int
    stored: tuple[tuple[int, Callable[[Values], Values]], ...]
    """Conversions of the driver's values, those that need one."""
    written: tuple[tuple[int, WriteColumn], ...]
    """Columns that are more than their value."""
    late: bool
    """Whether titles of links are asked for afterwards, for the whole page."""

    @classmethod
    def of(cls, plan: Plan, statement: Prepared, dialect: str) -> PageWriter:
        """The writer of a plan whose page has been read once."""
        cells = plan.cells
        plain: dict[int, ToJson | None] = {}
        written: list[tuple[int, WriteColumn]] = []
        for place, cell in enumerate(cells.cells, start=2):
            there, convert = plain_json(statement.types[cell.index], dialect)
            if type(cell) is Cell and there and cell.column.field.kind.key in PLAIN:
                plain[place] = convert
            elif type(cell) is LinkCell:
                written.append((place, link_writer(cell)))
            else:
                written.append((place, partial(write_values, cell)))
        names = ("id", "version", *(column.name for column in cells.columns))
        # One shape for each plan: making its rows costs a third of making dicts.
        make = msgspec.defstruct("Row", names)
        converted = [(at, in_column(convert)) for at, convert in statement.converters(plain) if at < plan.keys_at]
        late = any(isinstance(cell, LateCell) for cell in cells.cells)
        return cls(make, len(names), tuple(converted), tuple(written), late)

    def items(self, rows: Sequence[Row], inquiry: Inquiry) -> list[Any]:
        """Raw rows, ready to be encoded."""
        if not rows:
            return []
        columns: list[Values] = list(zip(*rows, strict=True))
        for index, convert in self.stored:
            columns[index] = convert(columns[index])
        if self.written:
            made = [(place, write(columns, inquiry.shower)) for place, write in self.written]
            for place, values in made:
                columns[place] = values
        return list(map(self.make, *columns[: self.width]))

    def with_titles(self, rows: Sequence[Row], inquiry: Inquiry, cells: Cells) -> list[Any]:
        """Converted rows, ready to be encoded, where titles are asked for afterwards."""
        found = with_titles(inquiry, cells.rows(rows, inquiry), cells)
        fields = [column.field for column in cells.columns]
        return [self.make(*row[:2], *map(value_json, fields, row[2:])) for row in found]


def in_column(convert: ToJson) -> Callable[[Values], Values]:
    """The conversion of a column."""
    return lambda values: [None if value is None else convert(value) for value in values]


def link_writer(cell: LinkCell) -> WriteColumn:
    """Links; the commonest title, one text of the linked record, without further questions."""
    assert cell.plan is not None
    parts = cell.plan.parts
    one = parts[0] if len(parts) == 1 else None
    if cell.found is not None or not isinstance(one, Part) or one.kind is None or one.kind.key != "text":
        return partial(write_links, cell)
    index, seen, title_at = cell.index, cell.seen, cell.start + one.index

    def write(columns: Sequence[Values], shower: Shower) -> Values:
        if None in columns[title_at] or None in columns[seen]:
            return write_links(cell, columns, shower)
        return list(map(LinkJson, columns[index], map(str.strip, columns[title_at])))

    return write


def write_links(cell: LinkCell, columns: Sequence[Values], shower: Shower) -> Values:
    """Any links to records of one entity."""
    links = [cell.value(row, shower) for row in zip(*columns, strict=True)]
    return [None if link is None else LinkJson(link.id, link.title) for link in links]


def write_values(cell: Cell, columns: Sequence[Values], shower: Shower) -> Values:
    """Whatever else a column holds, as a record of its own would tell it."""
    return [value_json(cell.column.field, cell.value(row, shower)) for row in zip(*columns, strict=True)]


def page_json(question: Question) -> bytes:
    """The page that a question asks for."""
    plan, query, inquiry = question.plan, question.query, question.inquiry
    rows = question.raw_rows()
    shown = rows[: query.size]
    more = len(rows) > query.size
    writer = plan.kept.get("json")
    if writer is None:
        writer = plan.kept["json"] = PageWriter.of(plan, question.statement, inquiry.connection.dialect.name)
    if writer.late:
        items = writer.with_titles(question.statement.convert(shown), inquiry, plan.cells)
    else:
        items = writer.items(shown, inquiry)
    body: dict[str, Any] = {"items": items, "page": query.page, "size": query.size}
    total, total_is = question.count(shown, more=more)
    if total is not None:
        body["total"] = total
        if total_is == "at_least":
            body["total_is"] = "at_least"
    if more:
        body["next"] = question.cursor(question.statement.converted_from(shown[-1], plan.keys_at))
    return encode(body)
