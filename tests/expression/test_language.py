"""What expressions mean, rule by rule, in Python and on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.expression import ExpressionError, Scope, Tie, TooLarge, aggregate, evaluate, holds
from engine.expression.nodes import BOOLEAN, DATE, MONEY, NUMBER, TEXT, Type, record
from tests.expression.ground import DEAL, HERE, NOW, Firm, Ground, Rows, compiled, ground, plain


def a_firm() -> Rows:
    rows = Rows()
    head = rows.add("team", name="总部")
    south = rows.add("team", name="华南", parent=head)
    boss = rows.add("user", name="张经理", team=head)
    rows.add("user", name="小王", team=south, manager=boss)
    region = rows.add("region", name="华东", factor=Decimal("1.0500"))
    customer = rows.add("customer", name="甲公司", grade="a", region=region, since=date(2024, 2, 29))
    rows.add(
        "deal", name="画册", stage="open", amount=Decimal("1200.50"), copies=5000, pages=32, share=Decimal("0.5"),
        open=True, closes=date(2026, 3, 31), called=NOW, length=timedelta(hours=36), tags=("急件", "老客户"),
        customer=customer, owner=2,
    )  # fmt: skip
    rows.add("deal", name="空单")
    line = rows.add("line", deal=1, what="封面", price=Decimal("300.00"), done=True)
    rows.add("line", deal=1, what="内页", price=Decimal("150.25"))
    rows.add("line", deal=1, what="未定价")
    rows.add("step", line=line, cost=Decimal("12.5000"), minutes=20, kind="a")
    rows.add("step", line=line, cost=Decimal("7.2500"), minutes=10, kind="b")
    for price, since, until in (("1.1", 2025, None), ("1.2", 2026, None), ("9", 2027, None), ("8", 2024, 2025)):
        ends = until and date(until, 12, 31)
        rows.add("rate", price=Decimal(price), from_date=date(since, 1, 1), until_date=ends, least=since - 2020)
    return rows


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Ground]:
    if request.param == "sqlite":
        with ground("sqlite://") as found:
            found.fill(a_firm())
            yield found
        return
    server = request.getfixturevalue("postgres_server")
    url = server.create()
    with ground(url) as found:
        found.fill(a_firm())
        yield found
    server.drop(url)


def number(text: str) -> Decimal:
    return Decimal(text)


# On the deal 画册 and, after it, on a deal that holds a name only.
ANSWERS: list[tuple[str, Any, Any]] = [
    ("1 / 3", number("0.333333333333"), number("0.333333333333")),
    ("2 / 3", number("0.666666666667"), number("0.666666666667")),
    ("-2 / 3", number("-0.666666666667"), number("-0.666666666667")),
    ("0.1 + 0.2 == 0.3", True, True),
    ("1 / 0", None, None),
    ("1 // 0", None, None),
    ("1 % 0", None, None),
    ("-7 // 2", -4, -4),
    ("-7 % 3", 2, 2),
    ("7 % -3", -2, -2),
    ("round(2.5)", 3, 3),
    ("round(-2.5)", -3, -3),
    ("round(2.675, 2)", number("2.68"), number("2.68")),
    ("ceil(-1.5)", -1, -1),
    ("amount * share", number("600.25"), None),
    ("amount * customer.region.factor", number("1260.525"), None),
    ("copies * 9223372036854775807 * 2", number("92233720368547758070000"), None),
    ("default(amount, 0)", number("1200.50"), 0),
    ("max(amount, 2000)", 2000, None),
    ("min(copies, pages)", 32, None),
    ("amount > 1000", True, None),
    ("amount > 1000 and urgent", None, None),
    ("amount > 1000 or urgent", True, None),
    ("amount < 1000 and urgent", False, None),
    ("not (amount < 1000 and urgent)", True, None),
    ("urgent is None", True, True),
    ("amount is not None", True, False),
    ("'大单' if amount > 1000 else '小单'", "大单", "小单"),
    ("'大单' if urgent else '小单'", "小单", "小单"),
    ("stage in ('open', 'won')", True, None),
    ("stage not in ['won', 'lost']", True, None),
    ("'急件' in tags", True, None),
    ("'新客户' not in tags", True, None),
    ("len(tags)", 2, None),
    ("len(name)", 2, 2),
    ("name + '·' + customer.name", "画册·甲公司", None),
    ("join('、', name, note, customer.name)", "画册、甲公司", "空单"),
    ("contains(customer.name, '公')", True, None),
    ("starts_with(customer.name, '公')", False, None),
    ("lower('İSTANBUL ß')", "istanbul ß", "istanbul ß"),
    ("upper('straße é')", "STRAßE É", "STRAßE É"),
    ("closes + days(1)", date(2026, 4, 1), None),
    ("closes - days(31)", date(2026, 2, 28), None),
    ("closes + months(1)", date(2026, 4, 30), None),
    ("closes - months(1)", date(2026, 2, 28), None),
    ("months(customer.since, 12)", date(2025, 2, 28), None),
    ("closes - today()", timedelta(days=59), None),
    ("(closes - today()) / days(1)", 59, None),
    ("closes > '2026-02-28'", True, None),
    ("called == now()", True, None),
    ("called < '2026-01-31T17:00+08:00'", True, None),
    ("called < '2026-01-31T16:00+08:00'", False, None),
    ("called + length > now() + days(1)", True, None),
    ("owner.manager == me", True, None),
    ("in_team(owner.team, me.team)", True, None),
    ("in_team(me.team, owner.team)", False, None),
    ("reports_to(owner, me)", True, None),
    ("reports_to(me, me)", False, False),
    ("find(rate.price, where=from_date <= outer.closes, latest=from_date)", number("1.2"), None),
    ("find(rate.price, where=least <= 5, latest=[least, from_date])", number("1.1"), number("1.1")),
    ("find(rate, where=price > 5 and until_date is None)", 3, 3),
    ("find(rate.price, on=today())", number("1.2"), number("1.2")),
    ("find(rate.price, where=price > 100)", None, None),
    ("sheets_a_ream / 8", number("62.5"), number("62.5")),
    ("None", None, None),
]


@pytest.mark.parametrize(("text", "full", "bare"), ANSWERS, ids=[answer[0] for answer in ANSWERS])
def test_an_expression_gives(database: Ground, text: str, full: Any, bare: Any) -> None:
    expression = compiled(text)
    expected = [plain(full), plain(bare)]
    assert [plain(evaluate(expression.node, a_firm().context("deal", id_))) for id_ in (1, 2)] == expected
    assert database.values(expression) == expected


ROLLUPS: list[tuple[tuple[str, str, str | None, str | None], Any, Any]] = [
    (("sum", "lines", "price", None), number("450.25"), 0),
    (("count", "lines", None, None), 3, 0),
    (("count", "lines", None, "price is None"), 1, 0),
    (("avg", "lines", "price", None), number("225.125"), None),
    (("max", "lines", "price", "done"), 300, None),
    (("min", "lines", "what", None), "内页", None),
    (("sum", "lines.steps", "cost * minutes", None), number("322.5"), 0),
    (("sum", "lines.steps", "minutes", "line.price > outer.amount / 10"), 30, 0),
    (("sum", "lines", "price / 3", None), number("150.083333333333"), 0),
]


@pytest.mark.parametrize(("rollup", "full", "bare"), ROLLUPS, ids=[str(rollup[0]) for rollup in ROLLUPS])
def test_a_rollup_gives(
    database: Ground, rollup: tuple[str, str, str | None, str | None], full: Any, bare: Any
) -> None:
    function, of, value, where = rollup
    expression = aggregate(function, of, value, where, DEAL, of_mark=HERE, value_mark=HERE, where_mark=HERE)
    expected = [plain(full), plain(bare)]
    assert [plain(evaluate(expression.node, a_firm().context("deal", id_))) for id_ in (1, 2)] == expected
    assert database.values(expression) == expected


def test_a_tie_is_an_error_in_python_and_empty_in_sql(database: Ground) -> None:
    expression = compiled("find(rate.price, where=until_date is None, latest=kind)")
    with pytest.raises(Tie):
        evaluate(expression.node, a_firm().context("deal", 1))
    assert database.values(expression) == [None, None]


def test_what_is_too_large_is_an_error_in_python_and_empty_in_sql(database: Ground) -> None:
    for text in (
        "copies * 99999999999999999999 * 99999999999999999999",
        "closes + days(99999999)",
        "closes + months(99999)",
    ):
        expression = compiled(text)
        with pytest.raises(TooLarge):
            evaluate(expression.node, a_firm().context("deal", 1))
        assert database.values(expression) == [None, None]


def test_only_true_holds(database: Ground) -> None:
    for text, ids in (("amount > 1000", [1]), ("amount < 1000", []), ("not (amount < 1000)", [1]), ("urgent", [])):
        expression = compiled(text, expects=BOOLEAN)
        assert [id_ for id_ in (1, 2) if holds(expression, a_firm().context("deal", id_))] == ids
        assert database.matching(expression) == ids


def test_chained_comparisons_and_constants() -> None:
    assert compiled("1000 < amount < 2000").type == BOOLEAN
    assert compiled("sheets_a_ream").type == NUMBER


TYPES = [
    ("amount * 2", MONEY), ("amount / 3", MONEY), ("amount / paid", NUMBER), ("amount + 5", MONEY), ("closes", DATE),
    ("amount if open else 0", MONEY), ("max(0, amount)", MONEY), ("me", record("user")),
    ("customer", record("customer")),
    ("name", TEXT), ("customer.region.name", TEXT), ("find(rate, on=closes)", record("rate")),
    ("default(paid, amount) % 3", MONEY), ("round(amount)", MONEY),
]  # fmt: skip


@pytest.mark.parametrize(("text", "type_"), TYPES)
def test_the_type_of(text: str, type_: Type) -> None:
    found = compiled(text).type
    assert (found.kind, found.money, found.entity) == (type_.kind, type_.money, type_.entity)


WRONG = [
    ("amuont > 3", "expression.unknown_name", 1, "Did you mean 'amount'?"),
    ("1 + customer.nam", "expression.unknown_name", 14, "Did you mean 'name'?"),
    ("stage == 'wno'", "expression.choice", 10, "Did you mean 'won'?"),
    ("'wno' != stage", "expression.choice", 1, "Did you mean 'won'?"),
    ("stage in ('open', 'wno')", "expression.choice", 19, "Did you mean 'won'?"),
    ("customer.grade == 'A'", "expression.choice", 19, "Did you mean 'a'?"),
    ("amount * paid", "expression.type", 1, "One side should be a plain number."),
    ("amount == None", "expression.type", 1, "Write 'is None'."),
    ("name > 3", "expression.type", 1, "A number stands without quotes."),
    ("closes + 3", "expression.type", 1, "days(n)"),
    ("closes > '2026-02-30'", "expression.type", 1, "'2027-01-31'"),
    ("closes > '20260131'", "expression.type", 1, "'2027-01-31'"),
    ("called > '2026-01-31'", "expression.type", 1, "offset"),
    ("owner == customer", "expression.type", 1, "same entity"),
    ("amount and open", "expression.type", 1, "x != 0"),
    ("lowr(name)", "expression.unknown_function", 1, "Did you mean 'lower'?"),
    ("lower(amount)", "expression.arguments", 7, ""),
    ("lower(name, name)", "expression.arguments", 1, ""),
    ("round(amount, pages)", "expression.arguments", 15, ""),
    ("len(lines)", "expression.type", 1, "rollup"),
    ("lines.price > 3", "expression.type", 7, "rollup"),
    ("name.upper", "expression.not_allowed", 6, "no attributes"),
    ("outer.name", "expression.unknown_name", 1, ""),
    ("record.name", "expression.unknown_name", 1, ""),
    ("find(rate.pric, on=closes)", "expression.unknown_name", 11, "price"),
    ("find(rates.price, on=closes)", "expression.unknown_name", 6, "Did you mean 'rate'?"),
    ("find(rate.price, where=copies > least)", "expression.unknown_name", 24, "outer.copies"),
    ("find(rate.price, wehre=least > 3)", "expression.arguments", 18, "where"),
    ("find(deal.name, on=closes)", "expression.arguments", 20, "dated"),
    ("find(rate.price, latest=frm_date)", "expression.unknown_name", 25, "from_date"),
    ("stage = 'won'", "expression.syntax", 7, "'==' compares"),
    ("open && urgent", "expression.syntax", 7, "Write 'and'"),
    ("amount > 3 ? 1 : 0", "expression.syntax", 12, "a if condition else b"),
    ("name == “画册”", "expression.syntax", 9, ""),
    ("amount ＞ 3", "expression.syntax", 8, "Write '>'."),
    ("名称 == '画册'", "expression.syntax", 1, "text stands in quotes"),
    ("", "expression.syntax", 1, ""),
    ("(amount", "expression.syntax", 1, ""),
]


@pytest.mark.parametrize(("text", "code", "column", "hint"), WRONG, ids=[wrong[0] or "empty" for wrong in WRONG])
def test_a_mistake_is_told_with_its_place_and_what_to_write(text: str, code: str, column: int, hint: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        compiled(text)
    problem = raised.value.problems[0]
    assert problem.code == code, str(problem)
    assert (problem.mark.line, problem.mark.column) == (HERE.line, HERE.column + column - 1), str(problem)
    assert hint in problem.hint, str(problem)


def test_all_mistakes_of_a_text_are_told_at_once() -> None:
    with pytest.raises(ExpressionError) as raised:
        compiled("amuont > 3 and nmae == 'x' or pages + 'y' == 2")
    assert [problem.mark.column - HERE.column for problem in raised.value.problems] == [0, 15, 30]


def test_what_is_expected_is_checked() -> None:
    assert compiled("amount > 3", expects=BOOLEAN)
    for text, expects in (("amount", BOOLEAN), ("amount", TEXT), ("owner", record("customer")), ("closes", NUMBER)):
        with pytest.raises(ExpressionError, match="expected"):
            compiled(text, expects=expects)


def test_old_and_record_have_a_meaning_only_where_there_is_one() -> None:
    assert compiled("old.amount").starts_at("old")
    rule = Scope(Firm(), None, record="deal")
    assert compiled("record.customer.name", rule).type == TEXT
    with pytest.raises(ExpressionError, match="not known here"):
        compiled("amount", rule)
