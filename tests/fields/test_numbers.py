"""Numbers, percentages and money, as people and programs write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.api import BadOption, BadValue, Reader, Shower, Source
from tests.fields.kinds import build

FORM, JSON, YAML, CSV = (Reader(source) for source in ("form", "json", "yaml", "csv"))
ZH, EN = Shower("zh-CN", currency="CNY"), Shower("en", currency="CNY")


def refusal(kind: Any, raw: object, source: Source = "form") -> str:
    with pytest.raises(BadValue) as refused:
        kind.parse(raw, Reader(source))
    return refused.value.code


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1250", "1250.00"), ("1,250.5", "1250.50"), ("１２５０．５", "1250.50"), ("１，２５０。５０", "1250.50"),
        ("￥1,250", "1250.00"), ("¥ 1250.00", "1250.00"), ("CNY 1250", "1250.00"), ("1250元", "1250.00"),
        ("-¥7.50", "-7.50"), ("－７.５", "-7.50"), (" .5 ", "0.50"), ("+3", "3.00"), ("0007", "7.00"), ("-0", "0.00"),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_people_type_it(typed: str, amount: str) -> None:
    money = build("money", currency="CNY")

    assert money.to_json(money.parse(typed, FORM)) == amount


@pytest.mark.parametrize(
    "typed",
    ["1,5", "12,34", "1.250,00", "1e5", "nan", "inf", "5²", "٣", "1 250", "--1", "1.", "0x10", "一百", "1_000", "½"],
)
def test_an_unclear_number_is_refused(typed: str) -> None:
    assert refusal(build("decimal"), typed) == "not_a_number"


def test_another_currencys_sign_is_refused() -> None:
    assert refusal(build("money", currency="CNY"), "$100") == "other_currency"
    assert refusal(build("money", currency="USD"), "￥100") == "other_currency"
    assert build("money", currency="USD").parse("$100", FORM) == 100


def test_more_places_than_kept_are_refused_not_rounded() -> None:
    assert refusal(build("money", currency="CNY"), "1.005") == "too_many_places"
    assert refusal(build("money", currency="JPY"), "100.5") == "too_many_places"
    assert build("money", {"scale": 4}, currency="CNY").parse("1.0050", JSON) == Decimal("1.005")
    assert refusal(build("integer"), "1.5") == "too_many_places"
    assert build("integer").parse("2.0", FORM) == 2


def test_nothing_passes_64_bits() -> None:
    assert build("integer").parse("9223372036854775807", JSON) == 2**63 - 1
    assert refusal(build("integer"), 2**63, "json") == "too_many_digits"
    assert refusal(build("money", currency="CNY"), "92233720368547758.08") == "too_many_digits"
    assert refusal(build("decimal"), 10**400, "json") == "too_many_digits"
    assert refusal(build("decimal"), 1e308, "json") == "too_many_digits"


def test_json_numbers_are_read_as_they_were_written() -> None:
    assert build("decimal").parse(0.1, JSON) == Decimal("0.1")
    assert refusal(build("decimal"), True, "json") == "not_a_number"
    assert refusal(build("decimal"), float("nan"), "json") == "not_a_number"
    assert refusal(build("decimal"), "1,250", "json") == "not_a_number"


def test_bounds_are_told() -> None:
    price = build("money", {"min": 0, "max": "99.50"}, currency="CNY")

    with pytest.raises(BadValue) as refused:
        price.parse("100", FORM)
    assert (refused.value.code, refused.value.details) == ("too_big", {"max": Decimal("99.50")})
    assert refusal(price, "-0.01") == "too_small"


@pytest.mark.parametrize(
    ("raw", "source", "fraction"),
    [
        ("20", "form", "0.20"), ("20%", "form", "0.20"), ("２０％", "form", "0.20"), ("0.20", "json", "0.20"),
        (0.2, "json", "0.20"), ("20%", "yaml", "0.20"), (0.2, "yaml", "0.20"),
        ("20%", "csv", "0.20"), ("0", "csv", "0.00"),
    ],
)  # fmt: skip
def test_a_percentage_is_a_fraction_everywhere(raw: object, source: Source, fraction: str) -> None:
    percent = build("percent")

    assert percent.to_json(percent.parse(raw, Reader(source))) == fraction


def test_a_bare_20_in_a_file_is_no_percentage() -> None:
    assert refusal(build("percent"), 20, "yaml") == "percent_sign"
    assert refusal(build("percent"), "20", "csv") == "percent_sign"
    assert refusal(build("percent"), "1", "yaml") == "percent_sign"


def test_the_scale_of_a_percentage_is_that_of_the_fraction() -> None:
    assert build("percent", {"scale": 4}).parse("16.67", FORM) == Decimal("0.1667")
    with pytest.raises(BadValue) as refused:
        build("percent").parse("16.67", FORM)
    assert (refused.value.code, refused.value.details) == ("too_many_percent_places", {"scale": 0})


def test_the_bounds_of_a_percentage_are_percentages() -> None:
    share = build("percent", {"min": "0%", "max": "100%"})

    assert share.parse("100", FORM) == 1
    assert refusal(share, "101") == "percent_too_big"
    with pytest.raises(BadOption):
        build("percent", {"max": 100})


@pytest.mark.parametrize(
    ("key", "options", "value", "zh", "en"),
    [
        ("money", {}, "18702.72", "¥18,702.72", "CN¥18,702.72"),
        ("money", {"scale": 4}, "3.7405", "¥3.7405", "CN¥3.7405"),
        ("money", {"scale": 4}, "0.8000", "¥0.80", "CN¥0.80"),
        ("money", {}, "-7.50", "-¥7.50", "-CN¥7.50"),
        ("percent", {"scale": 4}, "0.1667", "16.67%", "16.67%"),
        ("percent", {}, "0.20", "20%", "20%"),
        ("decimal", {"scale": 3}, "10.700", "10.7", "10.7"),
        ("decimal", {"scale": 3}, "-1234567.000", "-1,234,567", "-1,234,567"),
    ],
)
def test_numbers_are_shown_for_people(key: str, options: dict[str, Any], value: str, zh: str, en: str) -> None:
    kind = build(key, options, **({"currency": "CNY"} if key == "money" else {}))

    assert kind.show(Decimal(value), ZH) == zh
    assert kind.show(Decimal(value), EN) == en


def test_other_languages_have_their_own_signs() -> None:
    assert build("decimal").show(Decimal("1234.50"), Shower("de")) == "1.234,5"
    assert build("money", currency="EUR").show(Decimal("1234.50"), Shower("de", currency="EUR")) == "1.234,50\u00a0€"
    assert build("money", currency="JPY").show(Decimal("1234"), Shower("en", currency="JPY")) == "¥1,234"


def test_a_record_in_another_currency_is_shown_in_it() -> None:
    amount = build("money", {"currency_field": "currency"}, currency="CNY")

    assert amount.show(Decimal("10.00"), Shower("en", currency="USD")) == "$10.00"


def test_options_that_cannot_be_are_refused_with_their_name() -> None:
    for key, options, name in (
        ("decimal", {"scale": 13}, "scale"), ("decimal", {"min": 2, "max": 1}, "min"),
        ("integer", {"min": "two"}, "min"), ("integer", {"least": 2}, "least"), ("decimal", {"max": "nan"}, "max"),
    ):  # fmt: skip
        with pytest.raises(BadOption) as refused:
            build(key, options)
        assert refused.value.option == name
    with pytest.raises(BadOption):
        build("money", currency="XQZ")
