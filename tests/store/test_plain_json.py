"""Values written to JSON from what the driver gives are what their kinds would have written."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from engine.columns import ExactDecimal, Flag, Json, Moment, PlainText
from engine.store.plain_json import plain_json

DIALECT = sqlite.dialect()


@given(st.integers(-(2**62), 2**62), st.integers(0, 10))
def test_a_scaled_integer_reads_as_the_decimal_that_it_stands_for(number: int, scale: int) -> None:
    type_ = ExactDecimal(scale)
    plain, convert = plain_json(type_, "sqlite")
    assert plain
    assert convert is not None
    assert convert(number) == format(type_.process_result_value(number, DIALECT), "f")


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)), st.booleans())
def test_a_stored_moment_reads_as_iso_text_in_utc(moment: datetime, whole: bool) -> None:
    here = moment.replace(tzinfo=UTC, microsecond=0 if whole else moment.microsecond)
    stored = Moment().process_bind_param(here, DIALECT)
    _, convert = plain_json(Moment(), "sqlite")
    assert convert is not None
    assert convert(stored) == here.astimezone(UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_what_is_not_known_to_be_plain_is_left_to_its_kind(dialect: str) -> None:
    assert plain_json(Json(), dialect) == (False, None)
    assert plain_json(PlainText(), dialect) == (True, None)


def test_yes_and_no_are_no_numbers_in_json() -> None:
    _, convert = plain_json(Flag(), "sqlite")
    assert convert is not None
    assert convert(1) is True
    assert plain_json(Flag(), "postgresql") == (True, None)


def test_the_encoder_writes_what_postgresql_gives_alike() -> None:
    import msgspec

    encoder = msgspec.json.Encoder(decimal_format="string")
    moment = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
    for given_moment in (moment, moment + timedelta(microseconds=120)):
        assert encoder.encode(given_moment).decode().strip('"') == given_moment.isoformat().replace("+00:00", "Z")
    assert encoder.encode(Decimal("1234.50")) == b'"1234.50"'
