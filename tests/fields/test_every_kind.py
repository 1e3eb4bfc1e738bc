"""What holds for every kind: what is read can be shown, edited, sent, stored, and read again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.api import BadValue, Reader, Shower, Source
from engine.fields import KINDS
from engine.messages import MESSAGES, message_text
from engine.store.database import open_database
from tests.fields.kinds import BY_KEY, CHOICES, READY, Ready, build

ZONES = ["UTC", "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "nowhere/at_all"]
PLACES = st.builds(Shower, st.sampled_from(["zh-CN", "en", "de", "xx"]), st.sampled_from(ZONES), st.just("CNY"))
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals() | st.dates() | st.datetimes()
    | st.times() | st.timedeltas() | st.binary()
    | st.from_regex(r"[-+0-9０-９.,，。％%/:： TZ年月日PHMSD¥￥a-z@#元]{0,25}", fullmatch=True)
    | st.sampled_from(["1e5", "1E400", "nan", "Infinity", "\0", "\ud800", "９" * 5000, "1" * 70, "-0", "²", "٣", "{}"])
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
every_kind = pytest.mark.parametrize("ready", READY, ids=lambda ready: ready.name)


def parse(ready: Ready, raw: object, source: Source, shower: Shower) -> Any:
    return ready.kind.parse(raw, Reader(source, shower.locale, shower.timezone))


@every_kind
@given(data=st.data(), shower=PLACES)
def test_what_an_input_shows_reads_back_as_it_was(ready: Ready, data: st.DataObject, shower: Shower) -> None:
    value = data.draw(ready.values)

    text = ready.kind.edit(value, shower)

    assert isinstance(text, str)
    assert not ready.kind.is_empty(text)
    assert parse(ready, text, "form", shower) == value


@every_kind
@given(data=st.data(), shower=PLACES)
def test_what_the_api_answers_reads_back_as_it_was(ready: Ready, data: st.DataObject, shower: Shower) -> None:
    value = data.draw(ready.values)

    sent = ready.kind.to_json(value)

    assert parse(ready, sent, "json", shower) == value
    Draft202012Validator(ready.kind.json_schema()).validate(sent)


@every_kind
@given(data=st.data(), shower=PLACES)
def test_every_value_can_be_shown_and_searched(ready: Ready, data: st.DataObject, shower: Shower) -> None:
    value = data.draw(ready.values)

    assert ready.kind.show(value, shower)
    assert isinstance(ready.kind.search_text(value), str)


@pytest.mark.parametrize("key", sorted(BY_KEY))
@given(raw=ANYTHING, source=st.sampled_from(["form", "json", "yaml", "csv"]), shower=PLACES)
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_comes_in_is_a_value_or_refused_with_words(
    key: str, raw: object, source: Source, shower: Shower
) -> None:
    kind = any_of(key)
    try:
        value = kind.parse(raw, Reader(source, shower.locale, shower.timezone))
    except BadValue as bad:
        assert bad.code in MESSAGES
        for locale in ("zh-CN", "en"):
            assert message_text(bad, locale)
        return
    assert value is not None
    assert isinstance(kind.show(value, shower), str)
    if kind.stored and not kind.secret:
        assert kind.parse(kind.to_json(value), Reader("json", timezone=shower.timezone)) == value
        assert kind.parse(kind.edit(value, shower), Reader("form", shower.locale, shower.timezone)) == value


@every_kind
def test_samples_are_values_of_the_kind_and_differ(ready: Ready) -> None:
    samples = [ready.kind.sample(number) for number in range(8)]

    for sample in samples:
        assert parse(ready, ready.kind.to_json(sample), "json", Shower()) == sample
    assert len({repr(sample) for sample in samples}) > 1


@pytest.fixture
def stored(database_url: str) -> Iterator[sa.Connection]:
    database = open_database(database_url)
    with database.writing() as connection:
        yield connection
    database.close()


@every_kind
def test_what_is_stored_comes_back_as_it_was(ready: Ready, stored: sa.Connection) -> None:
    table = sa.Table(
        "sample", sa.MetaData(), sa.Column("at", sa.Integer, primary_key=True), sa.Column("value", ready.kind.column())
    )
    strict = " STRICT" if stored.dialect.name == "sqlite" else ""
    stored.exec_driver_sql(str(sa.schema.CreateTable(table).compile(dialect=stored.dialect)) + strict)

    @settings(max_examples=25, deadline=timedelta(seconds=5))
    @given(value=ready.values)
    def keeps(value: Any) -> None:
        stored.execute(table.delete())
        stored.execute(table.insert(), [{"at": 1, "value": value}, {"at": 2, "value": None}])
        kept = stored.execute(sa.select(table.c.value).order_by(table.c.at)).scalars().all()
        assert kept == [value, None]

    keeps()


@pytest.mark.parametrize("ready", [ready for ready in READY if ready.kind.sortable], ids=lambda ready: ready.name)
def test_both_databases_sort_as_python_does(ready: Ready, stored: sa.Connection) -> None:
    table = sa.Table("sample", sa.MetaData(), sa.Column("value", ready.kind.column()))
    table.create(stored)
    values = [ready.kind.sample(number) for number in range(12)]
    stored.execute(table.insert(), [{"value": value} for value in values])

    kept = stored.execute(sa.select(table.c.value).order_by(table.c.value)).scalars().all()

    assert kept == sorted(values)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_every_kind_is_named_and_explained(kind: Any) -> None:
    assert kind.words.text("zh-CN")
    assert kind.words.text("en")
    assert kind.__doc__
    for option in kind.options().values():
        assert option.help, f"{kind.key}.{option.name} is not explained"
    Draft202012Validator.check_schema({"type": "object", **kind.option_schema()})


def any_of(key: str) -> Any:
    """A kind with just the options that it needs."""
    needed: dict[str, dict[str, Any]] = {
        "choice": {"choices": CHOICES}, "choices": {"choices": CHOICES}, "stage": {"pipeline": "sales"},
        "link": {"to": "customer"}, "links": {"to": "customer", "attributes": {"role": {"type": "text"}}},
        "any_link": {"to": ["customer", "deal"]}, "lines": {"of": "part"}, "backlink": {"of": "deal.customer"},
        "lookup": {"of": "customer.phone"}, "rollup": {"of": "parts", "count": True},
    }  # fmt: skip
    return build(key, needed.get(key))
