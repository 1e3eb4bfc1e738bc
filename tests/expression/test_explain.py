"""A figure can be explained: formula in the firm's words, inputs, records found."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from engine.expression import aggregate
from engine.expression.explain import explain
from tests.expression.ground import DEAL, HERE, Rows, compiled

LABELS = {
    "amount": "金额", "copies": "数量", "share": "折扣", "price": "单价", "rate": "价目", "lines": "明细",
    "closes": "预计成交", "customer": "客户", "name": "名称", "from_date": "起", "stage": "阶段",
    "open": "进行中", "done": "完成",
}  # fmt: skip


class Chinese:
    def field(self, entity: str, field: str) -> str:
        return LABELS[field]

    def entity(self, entity: str) -> str:
        return LABELS[entity]

    def choice(self, entity: str, field: str, choice: str) -> str:
        return {"won": "成交"}.get(choice, choice)


def a_deal() -> Rows:
    rows = Rows()
    customer = rows.add("customer", name="甲公司")
    rows.add("deal", amount=Decimal("12.50"), copies=3, closes=date(2026, 3, 1), customer=customer, stage="won")
    rows.add("rate", price=Decimal("1.1"), from_date=date(2026, 1, 1))
    rows.add("line", deal=1, price=Decimal(3), done=True)
    rows.add("line", deal=1, price=Decimal(4))
    return rows


def test_a_formula_names_its_inputs_in_the_firms_words() -> None:
    found = explain(
        compiled("amount * copies + 2 if stage == 'won' else share"), a_deal().context("deal", 1), Chinese(), "zh"
    )
    assert found.words == "阶段 = 成交时取 (金额 × 数量 + 2)，否则取 折扣"
    assert found.value == Decimal("39.50")
    assert [(step.words, step.value) for step in found.steps] == [
        ("阶段", "won"),
        ("金额", Decimal("12.50")),
        ("数量", 3),
    ]


def test_brackets_stand_only_where_they_are_needed() -> None:
    for text, words in (
        ("amount * copies / 1000 * 500", "金额 × 数量 ÷ 1000 × 500"),
        ("amount - (copies - 2)", "金额 − (数量 − 2)"),
        ("amount / (copies * 2)", "金额 ÷ (数量 × 2)"),
        ("(amount + 1) * copies + 2", "(金额 + 1) × 数量 + 2"),
        ("amount + copies * 2 - 1", "金额 + 数量 × 2 − 1"),
    ):
        assert explain(compiled(text), a_deal().context("deal", 1), Chinese(), "zh").words == words


def test_a_lookup_names_the_record_found_and_what_it_was_found_by() -> None:
    text = "copies * find(rate.price, where=from_date <= outer.closes, latest=from_date)"
    found = explain(compiled(text), a_deal().context("deal", 1), Chinese(), "zh")
    lookup = found.steps[1]
    assert lookup.words == "查找 价目的单价，条件为 起 ≤ 本单的预计成交，取 起 最新的"
    assert (lookup.kind, lookup.entity, lookup.record, lookup.value) == ("find", "rate", 1, Decimal("1.1"))
    assert [(step.words, step.value) for step in lookup.steps] == [("预计成交", date(2026, 3, 1))]


def test_a_rollup_says_how_many_rows_it_took() -> None:
    rollup = aggregate("sum", "lines", "price", "done", DEAL, of_mark=HERE, value_mark=HERE, where_mark=HERE)
    found = explain(rollup, a_deal().context("deal", 1), Chinese(), "en")
    assert (found.kind, found.words, found.value, found.rows) == (
        "rollup",
        "sum of 单价 in 明细 where 完成",
        Decimal(3),
        1,
    )


def test_a_figure_that_cannot_be_told_says_why() -> None:
    found = explain(
        compiled("copies * 99999999999999999999 * 99999999999999999999"), a_deal().context("deal", 1), Chinese()
    )
    assert found.value is None and found.trouble == "too_large"
    rows = a_deal()
    rows.add("rate", price=Decimal(2), from_date=date(2026, 1, 1))
    tie = explain(compiled("find(rate.price, latest=from_date)"), rows.context("deal", 1), Chinese())
    assert tie.trouble == "tie"
