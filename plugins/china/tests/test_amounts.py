"""Amounts in Chinese capitals, by the published vectors."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import plugins.china
from engine.catalog import collect
from plugins.china.amounts import amount_in_words

DIGITS = "零壹贰叁肆伍陆柒捌玖"
UNITS = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("18702.72", "壹万捌仟柒佰零贰元柒角贰分"),
        ("7622.09", "柒仟陆佰贰拾贰元零玖分"),
        ("100000.00", "壹拾万元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("0.55", "伍角伍分"),
        ("0", "零元整"),
        ("10", "壹拾元整"),
        ("1001", "壹仟零壹元整"),
        ("1010", "壹仟零壹拾元整"),
        ("10000001", "壹仟万零壹元整"),
        ("100100000", "壹亿零壹拾万元整"),
        ("100000000", "壹亿元整"),
        ("1000000000001", "壹万亿零壹元整"),
        ("1234567890123456.78", "壹仟贰佰叁拾肆万伍仟陆佰柒拾捌亿玖仟零壹拾贰万叁仟肆佰伍拾陆元柒角捌分"),
    ],
)
def test_amounts_read_as_banks_write_them(amount: str, words: str) -> None:
    assert amount_in_words(Decimal(amount)) == f"人民币{words}"


def test_a_negative_amount_says_so_after_the_currency() -> None:
    assert amount_in_words(Decimal("-7.50")) == "人民币负柒元伍角"


def test_less_than_half_a_fen_below_nothing_is_plainly_nothing() -> None:
    assert amount_in_words(Decimal("-0.0049")) == "人民币零元整"


def test_unit_prices_are_rounded_half_up_first() -> None:
    assert amount_in_words(Decimal("3.7450")) == "人民币叁元柒角伍分"


@given(st.integers(min_value=0, max_value=9_223_372_036_854_775_807))
def test_every_amount_can_be_read_back(fen: int) -> None:
    words = amount_in_words(Decimal(fen).scaleb(-2)).removeprefix("人民币")

    assert read_back(words) == fen
    assert "零零" not in words
    assert words.endswith("整") == (fen % 100 == 0)


def test_the_plugin_offers_the_function_through_the_hook() -> None:
    catalog = collect([("china", plugins.china)])

    assert catalog.plugins == ("china",)
    assert catalog.functions["amount_in_words"].python(Decimal(10)) == "人民币壹拾元整"
    assert catalog.functions["amount_in_words"].sql is None


def test_the_examples_of_the_readme_hold() -> None:
    rows = [line.split("|") for line in Path(plugins.china.__file__).with_name("README.md").read_text().splitlines()]
    examples = [(row[1].strip(), row[2].strip()) for row in rows if len(row) == 4 and "人民币" in row[2]]

    assert len(examples) >= 7
    for amount, words in examples:
        assert amount_in_words(Decimal(amount)) == words


def read_back(words: str) -> int:
    """The amount in 分 that the words say: an independent reading of them."""
    yuan, _, coins = words.removesuffix("整").rpartition("元")
    jiao, _, fen = coins.rpartition("角")
    digit = {"": 0} | {name: value for value, name in enumerate(DIGITS)}
    return number(yuan) * 100 + digit[jiao.strip("零")] * 10 + digit[fen.removesuffix("分").strip("零")]


def number(words: str) -> int:
    for name, size in (("亿", 10**8), ("万", 10**4)):
        above, found, below = words.rpartition(name)
        if found:
            return number(above) * size + number(below)
    total = digit = 0
    for character in words:
        if character in UNITS:
            total, digit = total + digit * UNITS[character], 0
        else:
            digit = DIGITS.index(character)
    return total + digit
