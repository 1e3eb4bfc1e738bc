"""Days, moments, times and lengths of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from engine.api import BadOption, BadValue, Reader, Shower
from tests.fields.kinds import build
from tests.fields.test_numbers import refusal

FORM, JSON = Reader("form"), Reader("json")
SHANGHAI = Reader("form", "zh-CN", "Asia/Shanghai")


@pytest.mark.parametrize(
    "typed",
    [
        "2026-11-02",
        "2026/11/02",
        "2026/11/2",
        "2026.11.2",
        "2026年11月2日",
        "2026年11月2",
        "20261102",
        "２０２６－１１－０２",
        " 2026-11-02 ",
    ],
)
def test_a_day_is_read_as_people_type_it(typed: str) -> None:
    assert build("date").parse(typed, FORM) == date(2026, 11, 2)


@pytest.mark.parametrize(
    "typed", ["11月22日", "22/11/2026", "11-22-2026", "26-11-22", "2026-11/22", "tomorrow", "45987", "2026-11"]
)
def test_an_unclear_day_is_refused(typed: str) -> None:
    assert refusal(build("date"), typed) == "bad_date"


def test_a_day_that_is_not_in_the_calendar_is_told_apart() -> None:
    assert refusal(build("date"), "2026-02-29") == "no_such_day"


def test_programs_write_days_in_one_way() -> None:
    assert build("date").parse("2026-11-22", JSON) == date(2026, 11, 22)
    for raw in ("2026/11/22", "20261122", "2026-11-22T00:00:00", 20261122):
        assert refusal(build("date"), raw, "json") == "bad_date"


def test_days_keep_their_bounds() -> None:
    closes = build("date", {"min": "2026-01-01"})

    assert refusal(closes, "2025-12-31") == "too_early"
    with pytest.raises(BadOption):
        build("date", {"min": "1 May"})


def test_days_are_shown_for_people() -> None:
    assert build("date").show(date(2026, 11, 22), Shower("zh-CN")) == "2026年11月22日"
    assert build("date").show(date(2026, 11, 22), Shower("en")) == "Nov 22, 2026"


@pytest.mark.parametrize(
    "typed",
    [
        "2026-11-22T14:30",
        "2026-11-22 14:30:00",
        "2026/11/22 14:30",
        "2026年11月22日 14：30",
        "2026年11月22日14:30",
        "2026-11-22 06:30Z",
    ],
)
def test_a_moment_belongs_to_the_persons_time_zone(typed: str) -> None:
    assert build("datetime").parse(typed, SHANGHAI) == datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


def test_a_moment_is_shown_in_the_persons_time_zone() -> None:
    moment = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)

    assert build("datetime").show(moment, Shower("zh-CN", "Asia/Shanghai")) == "2026年11月22日 14:30"
    assert build("datetime").to_json(moment) == "2026-11-22T06:30:00Z"


def test_a_time_that_clocks_skip_is_refused() -> None:
    kind, berlin = build("datetime"), Reader("form", timezone="Europe/Berlin")

    with pytest.raises(BadValue) as refused:
        kind.parse("2026-03-29T02:30", berlin)
    assert refused.value.code == "no_such_time"


def test_a_time_that_clocks_show_twice_keeps_its_meaning() -> None:
    kind, first, second = (
        build("datetime"),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    )
    shower = Shower("en", "Europe/Berlin")

    assert kind.edit(first, shower) == "2026-10-25T02:30"
    assert kind.edit(second, shower) == "2026-10-25T02:30+01:00"


@pytest.mark.parametrize(
    "typed", ["2026-11-22T25:00", "2026-11-22T14:60", "2026-11-22 14:30+99:00", "0001-01-01T00:00", "now"]
)
def test_an_impossible_moment_is_refused(typed: str) -> None:
    assert refusal(build("datetime"), typed) in ("bad_datetime", "bad_date")


def test_times_of_day() -> None:
    assert build("time").parse("9：05", FORM) == time(9, 5)
    assert refusal(build("time"), "24:00") == "bad_time"
    assert build("time").show(time(14, 30), Shower("zh-CN")) == "14:30"


@pytest.mark.parametrize(
    "typed", ["1h 30m", "1:30", "90m", "1.5h", "PT1H30M", "1小时30分钟", "１小时３０分", "90 minutes"]
)
def test_a_length_of_time_is_read_as_people_type_it(typed: str) -> None:
    assert build("duration").parse(typed, FORM) == timedelta(minutes=90)


@pytest.mark.parametrize("typed", ["90", "h", "1:75", "P", "PT", "1.2.3h", "40000d", "0.0001s", "P1Y"])
def test_an_unclear_length_of_time_is_refused(typed: str) -> None:
    assert refusal(build("duration"), typed) == "bad_duration"


def test_lengths_of_time_are_shown_for_people() -> None:
    span = timedelta(days=2, hours=3)

    assert build("duration").show(span, Shower("zh-CN")) == "2天3小时"
    assert build("duration").show(span, Shower("en")) == "2d 3h"
    assert build("duration").to_json(span) == "P2DT3H"
