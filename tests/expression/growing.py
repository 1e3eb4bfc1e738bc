"""Random rows with everything that is hard to agree about, and random expressions over them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.expression.ground import FIELDS, NOW, VIA, Rows

TEXTS = ("", "画册", "甲公司", "ß", "STRASSE", "straße", "İstanbul", "ıI", "Σς", "100%", "a_b", "it's", '"q"', "a", "A",
         "z", "é", "e\u0301", "😀", " ", "\\", "ＡＢ", "ǅ", "open")  # fmt: skip
WHOLE = (0, 1, -1, 2, 3, -7, 12, 500, 999, 2**53 + 1, 2**63 - 1, -(2**63) + 1)
DAYS = (date(1, 1, 1), date(1900, 2, 28), date(2000, 2, 29), date(2026, 1, 31), date(2026, 2, 28), date(9999, 12, 31))
MOMENTS = (NOW, NOW + timedelta(days=31, microseconds=1), datetime(1000, 1, 1, tzinfo=UTC),
           datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC))  # fmt: skip
SPANS = (timedelta(), timedelta(hours=1), timedelta(days=-1, seconds=5), timedelta(days=40), timedelta(microseconds=1))
COUNTS = {"team": 5, "user": 6, "region": 3, "customer": 5, "rate": 6, "deal": 16, "line": 24, "step": 30}


def random_rows(seed: int) -> Rows:
    """A firm's rows: a third of the values are empty, a tenth are at the edge of what can be stored."""
    dice = random.Random(seed)
    rows = Rows()
    for entity, count in COUNTS.items():
        for _ in range(count):
            fields = {name: type_ for name, type_ in FIELDS[entity].items() if (entity, name) not in VIA}
            rows.add(entity, **{name: _value(dice, type_, rows, entity) for name, type_ in fields.items()})
    return rows


def _value(dice: random.Random, type_: Any, rows: Rows, entity: str) -> Any:
    if dice.random() < 0.3:
        return None
    if type_.kind == "record":
        known = list(rows.by_entity[type_.entity])
        return dice.choice(known) if known else None
    if type_.kind == "number":
        return _number(dice, type_.scale)
    if type_.kind == "text":
        return dice.choice(TEXTS) or None
    if type_.kind == "list":
        return tuple(dice.sample(("a", "画册", "100%", "ß", "A"), dice.randint(1, 3)))
    pools: Mapping[str, Any] = {"date": DAYS, "datetime": MOMENTS, "duration": SPANS, "boolean": (True, False)}
    return dice.choice(pools[type_.kind])


def _number(dice: random.Random, scale: int) -> Any:
    whole = dice.choice(WHOLE) if dice.random() < 0.4 else dice.randint(-30_000, 30_000)
    return Decimal(whole).scaleb(-scale) if scale else whole


@dataclass(frozen=True)
class Names:
    """The names of one scope by kind."""

    plain: tuple[str, ...]
    amounts: tuple[str, ...]
    text: tuple[str, ...]
    boolean: tuple[str, ...]
    date: tuple[str, ...]
    datetime: tuple[str, ...] = ()
    duration: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    finds: bool = False


DEAL = Names(
    plain=("share", "copies", "pages", "customer.region.factor", "sheets_a_ream"), amounts=("amount", "paid"),
    text=("name", "note", "customer.name", "customer.region.name", "owner.manager.name", "me.name"),
    boolean=("open", "urgent"), date=("closes", "opened", "customer.since", "today()"),
    datetime=("called", "met", "now()"), duration=("length",), lists=("tags",),
    users=("owner", "owner.manager", "me", "me.manager"), finds=True,
)  # fmt: skip
LINE = Names(
    plain=("weight", "deal.copies", "outer.share", "outer.customer.region.factor"), amounts=("price", "outer.amount"),
    text=("what", "deal.customer.name", "outer.name"), boolean=("done", "outer.open"), date=("on", "outer.closes"),
    duration=("took",), lists=("outer.tags",), users=("outer.owner", "me"),
)  # fmt: skip
RATE = Names(
    plain=("least", "outer.copies", "outer.share"), amounts=("price", "outer.paid"), text=("kind", "outer.note"),
    boolean=("outer.urgent",), date=("from_date", "until_date", "outer.opened"),
)  # fmt: skip
LITERALS = ("0", "1", "2", "3", "2.5", "0.005", "12.345678", "500", "0.0000000000001", "9223372036854775808", "1000")
OPERATORS = ("==", "!=", "<", "<=", ">", ">=")


class Grower:
    """Draws expressions of a kind as text."""

    def __init__(self, draw: st.DrawFn, names: Names) -> None:
        self.draw = draw
        self.names = names

    def one(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def grow(self, kind: str, depth: int) -> str:
        if depth <= 0 or self.draw(st.integers(0, 5)) == 0:
            return self.leaf(kind)
        if self.draw(st.integers(0, 7)) == 0:
            condition = self.grow("boolean", depth - 1)
            return f"({self.grow(kind, depth - 1)} if {condition} else {self.grow(kind, depth - 1)})"
        if kind != "boolean" and self.draw(st.integers(0, 9)) == 0:
            return f"default({self.grow(kind, depth - 1)}, {self.grow(kind, depth - 1)})"
        grown: str = getattr(self, f"_{kind}")(depth - 1)
        return grown

    def leaf(self, kind: str) -> str:
        names = self.names
        if kind == "plain":
            return self.one(*names.plain, *LITERALS)
        if kind == "number":
            return self.one(*names.plain, *names.amounts, *names.amounts, *LITERALS)
        if kind == "text":
            return self.one(*names.text, *(repr(text) for text in TEXTS if text))
        if kind == "boolean":
            return self.one(*names.boolean, "True", "False")
        if kind == "date":
            return self.one(*names.date)
        if kind == "datetime":
            return self.one(*(names.datetime or ("now()",)))
        return self.one(*(names.duration or ("days(2)",)), "days(1)", "days(0.5)", "days(-3)")

    def _plain(self, depth: int) -> str:
        if self.draw(st.integers(0, 6)) == 0:
            return f"len({self.grow('text', depth)})"
        if self.names.lists and self.draw(st.integers(0, 9)) == 0:
            return f"len({self.one(*self.names.lists)})"
        if self.draw(st.integers(0, 9)) == 0:
            return f"({self.grow('duration', depth)} / {self.grow('duration', depth)})"
        operator = self.one("+", "-", "*", "/", "//", "%")
        return f"({self.grow('plain', depth)} {operator} {self.grow('plain', depth)})"

    def _number(self, depth: int) -> str:
        form = self.draw(st.integers(0, 9))
        if form == 0:
            return f"-{self.grow('number', depth)}"
        if form == 1:
            return f"{self.one('ceil', 'floor', 'abs', 'round')}({self.grow('number', depth)})"
        if form == 2:
            return f"round({self.grow('number', depth)}, {self.one('0', '1', '2', '12')})"
        if form == 3:
            return f"{self.one('min', 'max')}({self.grow('number', depth)}, {self.grow('number', depth)})"
        if form == 4 and self.names.finds:
            return self._find("price", depth)
        operator = self.one("+", "-", "*", "/", "//", "%", "+", "*")
        return f"({self.grow('number', depth)} {operator} {self.grow('plain', depth)})"

    def _find(self, field: str, depth: int) -> str:
        where = Grower(self.draw, RATE).grow("boolean", min(depth, 2))
        latest = self.one("latest=from_date", "latest=[least, from_date]", "latest=[from_date, id]", "latest=id")
        return f"find(rate.{field}, where={where}, {latest})"

    def _text(self, depth: int) -> str:
        form = self.draw(st.integers(0, 4))
        if form == 0:
            return f"{self.one('lower', 'upper')}({self.grow('text', depth)})"
        if form == 1:
            return f"join({self.one(repr(', '), repr('%'))}, {self.grow('text', depth)}, {self.grow('text', depth)})"
        if form == 2:
            return f"{self.one('min', 'max')}({self.grow('text', depth)}, {self.grow('text', depth)})"
        return f"({self.grow('text', depth)} + {self.grow('text', depth)})"

    def _boolean(self, depth: int) -> str:
        form = self.draw(st.integers(0, 11))
        if form < 4:
            kind = self.one("number", "text", "date", "datetime", "duration", "number")
            return f"({self.grow(kind, depth)} {self.one(*OPERATORS)} {self.grow(kind, depth)})"
        if form < 7:
            return f"({self.grow('boolean', depth)} {self.one('and', 'or')} {self.grow('boolean', depth)})"
        if form == 7:
            return f"(not {self.grow('boolean', depth)})"
        if form == 8:
            kind = self.one("number", "text", "boolean", "date", "duration")
            return f"({self.grow(kind, depth)} is {self.one('None', 'not None')})"
        if form == 9:
            kind = self.one("number", "text", "date")
            items = ", ".join(self.grow(kind, 0) for _ in range(3))
            return f"({self.grow(kind, depth)} {self.one('in', 'not in')} [{items}])"
        if form == 10:
            return f"{self.one('contains', 'starts_with')}({self.grow('text', depth)}, {self.grow('text', depth)})"
        return self._special(depth)

    def _special(self, depth: int) -> str:
        users = self.names.users
        if bool(users) and self.draw(st.booleans()):
            people = f"{self.one(*users)}, {self.one(*users)}"
            teams = f"{self.one(*users)}.team, {self.one(*users)}.team"
            return self.one(f"reports_to({people})", f"in_team({teams})", f"({self.one(*users)} == {self.one(*users)})")
        if self.names.lists:
            return f"({self.grow('text', depth)} {self.one('in', 'not in')} {self.one(*self.names.lists)})"
        return f"({self.grow('boolean', depth)} == {self.grow('boolean', depth)})"

    def _date(self, depth: int) -> str:
        if self.draw(st.booleans()):
            return f"months({self.grow('date', depth)}, {self.grow('plain', depth)})"
        return f"({self.grow('date', depth)} {self.one('+', '-')} {self.grow('duration', depth)})"

    def _datetime(self, depth: int) -> str:
        return f"({self.grow('datetime', depth)} {self.one('+', '-')} {self.grow('duration', depth)})"

    def _duration(self, depth: int) -> str:
        form = self.draw(st.integers(0, 5))
        if form == 0:
            return f"({self.grow('date', depth)} - {self.grow('date', depth)})"
        if form == 1:
            return f"({self.grow('datetime', depth)} - {self.grow('datetime', depth)})"
        if form == 2:
            return f"({self.grow('duration', depth)} * {self.grow('plain', depth)})"
        if form == 3:
            return f"days({self.grow('plain', depth)})"
        if form == 4:
            return f"-{self.grow('duration', depth)}"
        return f"({self.grow('duration', depth)} {self.one('+', '-')} {self.grow('duration', depth)})"


KINDS: tuple[str, ...] = ("number", "text", "boolean", "date", "datetime", "duration")


@st.composite
def expressions(draw: st.DrawFn, names: Names = DEAL, kinds: tuple[str, ...] = KINDS) -> str:
    """An expression over a deal, of any kind."""
    return Grower(draw, names).grow(draw(st.sampled_from(kinds)), draw(st.integers(1, 4)))


@st.composite
def rollups(draw: st.DrawFn) -> tuple[str, str, str | None, str | None]:
    """A rollup over a deal's lines: function, of, value, where."""
    function = draw(st.sampled_from(("sum", "count", "min", "max", "avg")))
    kinds: tuple[str, ...] = {"sum": ("number", "duration"), "avg": ("number",)}.get(
        function, ("number", "text", "date", "duration")
    )
    value = None if function == "count" else draw(expressions(LINE, kinds))
    where = draw(st.none() | expressions(LINE, ("boolean",)))
    return function, "lines", value, where
