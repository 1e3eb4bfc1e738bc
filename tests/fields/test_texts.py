"""Texts, addresses, choices, links: what is taken and what is refused."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from engine.api import BadOption, BadValue, Reader, Shower, columns
from engine.store.database import open_database
from tests.fields.kinds import CHOICES, build
from tests.fields.test_numbers import refusal

FORM, JSON, CSV = Reader("form"), Reader("json"), Reader("csv")


def test_equal_texts_are_stored_equal() -> None:
    assert build("text").parse("  cafe\u0301\u3000", FORM) == "café"
    assert build("text").parse("one\r\ntwo", FORM) == "one two"
    assert build("long_text").parse("one\r\ntwo\n", FORM) == "one\ntwo"


@pytest.mark.parametrize("raw", ["a\0b", "a\ud800b", "a\x1bb", "a\x7fb", "a\x9fb"])
def test_what_cannot_be_stored_or_shown_is_refused(raw: str) -> None:
    assert refusal(build("text"), raw, "json") == "bad_character"
    assert refusal(build("long_text"), raw, "json") == "bad_character"


def test_a_surrogate_pair_of_javascript_is_a_character() -> None:
    assert build("text").parse("印😀", JSON) == "印😀"


def test_hostile_text_stays_text() -> None:
    for hostile in ("<img src=x onerror=1>", "{{7*7}}", '"><svg onload>', "=1+1", "'; drop table x; --"):
        assert build("text").parse(hostile, JSON) == hostile


def test_length_is_told_in_numbers() -> None:
    with pytest.raises(BadValue) as refused:
        build("text", {"max": 3}).parse("铜版157", FORM)
    assert refused.value.details == {"length": 5, "max": 3}
    assert refusal(build("text", {"min": 3}), "ab") == "too_short"


def test_a_pattern_must_fit_the_whole_text() -> None:
    code = build("text", {"pattern": "[A-Z]{2}-[0-9]+", "pattern_message": {"zh-CN": "如 AB-1", "en": "As AB-1"}})

    assert code.parse("AB-12", FORM) == "AB-12"
    assert refusal(code, "xAB-12") == "bad_pattern"


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"(.*)*x", r"(a|aa)+$", r"(\w+\s?)*!", r"(.{0,40}){20}y"])
def test_no_pattern_can_make_a_text_slow(pattern: str) -> None:
    kind = build("text", {"pattern": pattern, "max": 20_000})
    started = time.perf_counter()
    for text in ("a" * 19_999 + "!", "a " * 9_999):
        try:
            kind.parse(text, FORM)
        except BadValue as bad:
            assert bad.code == "bad_pattern"
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    "pattern", ["(", "(?=a)", r"(a)\1", "a" * 1000, "(.{0,100}){20}", "[z-a]", "a{2000}", "\\p{Xyz}"]
)
def test_a_pattern_that_cannot_be_read_is_told_to_its_author(pattern: str) -> None:
    with pytest.raises(BadOption) as refused:
        build("text", {"pattern": pattern})
    assert refused.value.option == "pattern"


def test_a_misspelt_option_gets_the_nearest_word() -> None:
    with pytest.raises(BadOption) as refused:
        build("text", {"patern": "a"})
    assert refused.value.hint == "Did you mean 'pattern'?"


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("138 0013 8000", "+8613800138000", "138 0013 8000"),
        ("１３８００１３８０００", "+8613800138000", "138 0013 8000"),
        ("0086-13800138000", "+8613800138000", "138 0013 8000"),
        ("010-82345678", "+861082345678", "010 8234 5678"),
        ("+44 20 7946 0958", "+442079460958", "+44 20 7946 0958"),
        ("400-800-1234", "+864008001234", "400 800 1234"),
    ],
)
def test_a_phone_number_is_kept_in_one_form(typed: str, kept: str, shown: str) -> None:
    phone = build("phone")

    assert phone.parse(typed, FORM) == kept
    assert phone.show(kept, Shower("zh-CN")) == shown


def test_an_extension_is_kept() -> None:
    assert build("phone").parse("010-82345678转12", FORM) == "+861082345678;ext=12"


@pytest.mark.parametrize("typed", ["12345", "phone", "+999 123456", "138001380001", "1e10", "javascript:alert(1)"])
def test_what_is_no_phone_number_is_refused(typed: str) -> None:
    assert refusal(build("phone"), typed) == "bad_phone"


def test_another_country_may_be_home() -> None:
    assert build("phone", {"region": "GB"}).parse("020 7946 0958", FORM) == "+442079460958"
    with pytest.raises(BadOption):
        build("phone", {"region": "China"})


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://example.com/a?b=1#c", "https://example.com/a?b=1#c"), ("HTTP://example.com", "http://example.com"),
        ("example.com/页", "https://example.com/页"), ("www.例子.中国", "https://www.例子.中国"),
        ("mailto:li@example.com", "mailto:li@example.com"), ("tel:+8613800138000", "tel:+8613800138000"),
    ],
)  # fmt: skip
def test_an_address_is_taken(typed: str, kept: str) -> None:
    assert build("url").parse(typed, FORM) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x",
        "//evil.example", "file:///etc/passwd", "https://", "https://a b.example", "https://a\\b",
        "ftp://example.com", "mailto:", "/local", "https://[::1", "https://x:99999999/", "https://exa\u202emple.com",
    ],
)  # fmt: skip
def test_an_address_that_could_run_or_deceive_is_refused(typed: str) -> None:
    assert refusal(build("url"), typed) == "bad_url"
    assert refusal(build("url"), typed, "json") == "bad_url"


def test_an_address_with_a_user_name_is_refused() -> None:
    assert refusal(build("url"), "https://bank.example@evil.example/") == "url_user"


def test_an_email_address_has_one_form() -> None:
    assert build("email").parse(" Li.Wei@EXAMPLE.com ", FORM) == "Li.Wei@example.com"
    for typed in ("li", "li@", "@example.com", "a@b@c.com", "li@example..com", "<li@example.com>", "x" * 300):
        assert refusal(build("email"), typed) in ("bad_email", "too_long")


def test_a_choice_is_an_id_and_in_a_file_its_words() -> None:
    kind = build("choice", {"choices": CHOICES})

    assert kind.parse("cover", JSON) == "cover"
    assert kind.parse("封面", CSV) == "cover"
    assert kind.parse(" ｃｏｖｅｒ ", CSV) == "cover"
    assert refusal(kind, "封面", "json") == "not_a_choice"
    assert kind.show("inside", Shower("zh-CN")) == "内页"
    assert kind.show("gone", Shower("zh-CN")) == "gone"


def test_a_replaced_choice_is_shown_but_not_taken() -> None:
    kind: Any = build("choice", {"choices": {"old": {"label": "Old", "replaced_by": "new"}, "new": "New"}})

    assert kind.show("old", Shower("en")) == "Old"
    assert refusal(kind, "old", "json") == "not_a_choice"
    with pytest.raises(BadOption):
        build("choice", {"choices": {"old": {"label": "Old", "replaced_by": "newer"}}})


def test_several_choices_keep_the_order_of_the_choices() -> None:
    kind = build("choices", {"choices": CHOICES})

    assert kind.parse(["body", "cover", "body"], JSON) == ("cover", "body")
    assert kind.parse("盒身、封面", CSV) == ("cover", "body")


def test_tags_that_differ_in_case_are_one() -> None:
    assert build("tags").parse("急件， VIP,vip；老客户", FORM) == ("急件", "VIP", "老客户")
    assert refusal(build("tags"), ["a,b"], "json") == "bad_tag"
    assert refusal(build("tags"), [str(number) for number in range(21)], "json") == "too_many_items"


def test_a_link_is_an_id() -> None:
    link = build("link", {"to": "customer"})

    assert [link.parse(raw, JSON) for raw in (12, "12", {"id": 12, "title": "甲公司"})] == [12, 12, 12]
    for raw in (0, -1, 1.0, True, "1e3", "12 ; 13", 2**63, {"name": "甲公司"}, [12]):
        assert refusal(link, raw, "json") == "not_an_id"


def test_a_link_to_any_names_its_entity() -> None:
    visit = build("any_link", {"to": ["customer", "deal"]})

    assert visit.parse({"entity": "deal", "id": 3, "title": "画册"}, JSON) == "deal:3"
    assert visit.to_json("deal:3") == {"entity": "deal", "id": 3}
    assert refusal(visit, "user:1", "json") == "not_a_link"


def test_links_carry_values_of_their_own() -> None:
    contacts = build("links", {"to": "contact", "attributes": {"role": {"type": "text"}}})

    assert contacts.parse([3, {"id": 4, "role": "buyer"}], JSON) == ({"id": 3}, {"id": 4, "role": "buyer"})
    assert refusal(contacts, [{"id": 4, "rank": 1}], "json") == "unknown_field"
    assert refusal(contacts, [4, 4], "json") == "same_twice"


def test_numbers_follow_their_pattern() -> None:
    number: Any = build("number", {"pattern": "Q-{yyyy}{mm}-{seq:4}"})

    assert number.format(42, date(2026, 11, 22)) == "Q-202611-0042"
    assert number.format(123456, date(2026, 11, 22)) == "Q-202611-123456"
    assert number.period(date(2026, 11, 22)) == "2026-11"
    assert build("number", {"pattern": "{yy}{seq:3}"}).period(date(2026, 11, 22)) == "2026"  # type: ignore[attr-defined]
    assert build("number").period(date(2026, 11, 22)) == ""  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "options",
    [
        {"pattern": "Q-{yyyy}"}, {"pattern": "{seq}{seq}"}, {"pattern": "{seq:0}"}, {"pattern": "{week}{seq}"},
        {"pattern": "{seq"}, {"pattern": "Q-{seq}", "reset": "year"}, {"pattern": "{yyyy}-{seq}", "reset": "month"},
        {"pattern": "{seq}", "reset": "weekly"}, {"pattern": "{mm}-{seq}", "reset": "month"},
    ],
)  # fmt: skip
def test_a_pattern_that_could_give_a_number_twice_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BadOption):
        build("number", options)


def test_a_secret_is_never_shown() -> None:
    secret = build("secret")

    assert secret.parse("s3cret", FORM) == "s3cret"
    assert "s3cret" not in secret.show("s3cret", Shower()) + secret.edit("s3cret", Shower()) + secret.to_json("s3cret")
    assert refusal(secret, secret.to_json("s3cret"), "json") == "masked_value"
    assert secret.secret
    assert not secret.expressible


@pytest.mark.parametrize("raw", ["{", "nul", '{"a": NaN}', "[" * 5000, '"\\ud800"', '"\\u0000"', "1e999", "9" * 5000])
def test_json_that_could_not_come_back_is_refused(raw: str) -> None:
    assert refusal(build("json"), raw) in ("bad_json", "bad_character")


@pytest.mark.parametrize("raw", ["#fff", "FFFFFF", "＃ｆｆｆｆｆｆ"])
def test_a_colour_has_one_form(raw: str) -> None:
    assert build("color").parse(raw, FORM) == "#ffffff"


def test_an_item_of_a_list_is_found_in_both_databases(database_url: str) -> None:
    database = open_database(database_url)
    table = sa.Table("job", sa.MetaData(), sa.Column("tags", columns.TextList()), sa.Column("files", columns.IdList()))
    with database.writing() as connection:
        table.create(connection)
        connection.execute(
            table.insert(), [{"tags": ("急件", "a%b"), "files": (1, 12)}, {"tags": ("急",), "files": None}]
        )

        def found(column: sa.ColumnElement[Any], item: str) -> int:
            condition = columns.has_item(database.dialect, column, sa.literal(item))
            return int(connection.execute(sa.select(sa.func.count()).select_from(table).where(condition)).scalar_one())

        assert [found(table.c.tags, item) for item in ("急件", "急", "a%b", "b")] == [1, 1, 1, 0]
        assert [found(table.c.files, item) for item in ("1", "12", "2")] == [1, 1, 0]
    database.close()
