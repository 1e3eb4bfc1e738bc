"""One or more ready fields of every kind, and values that each may hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from hypothesis import strategies as st

from engine.api import BadValue, FieldType, Reader
from engine.fields import KINDS

BY_KEY = {kind.key: kind for kind in KINDS}
CHOICES = {
    "cover": {"zh-CN": "封面", "en": "Cover"},
    "inside": {"label": {"zh-CN": "内页", "en": "Inside"}, "color": "teal"},
    "body": {"zh-CN": "盒身", "en": "Body"},
}
INT64 = 9_223_372_036_854_775_807


class Ready(NamedTuple):
    """A kind with options, and the stored values that it may hold."""

    name: str
    kind: FieldType
    values: st.SearchStrategy[Any]


def build(key: str, options: dict[str, Any] | None = None, **filled: Any) -> FieldType:
    """A kind as the compiler makes it."""
    return BY_KEY[key].build(options or {}, **filled)


def decimals(scale: int) -> st.SearchStrategy[Decimal]:
    return st.integers(-INT64, INT64).map(lambda number: Decimal(number).scaleb(-scale))


def read_through(kind: FieldType, raw: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values that the kind itself made of raw input."""

    def read(item: object) -> Any:
        try:
            return kind.parse(item, Reader("json", timezone="UTC"))
        except BadValue:
            return None

    return raw.map(read).filter(lambda value: value is not None)


def _made() -> list[Ready]:
    text, long_text, tags, json = build("text"), build("long_text"), build("tags"), build("json")
    choices = build("choices", {"choices": CHOICES})
    stages = build("choice", {"choices": CHOICES})
    stage = build("stage", {"pipeline": "sales"}, choices=getattr(stages, "choices"))  # noqa: B009
    moments = st.datetimes(datetime(2, 2, 1), datetime(9998, 11, 30)).map(lambda moment: moment.replace(tzinfo=UTC))
    data = st.recursive(
        st.booleans() | st.integers(-INT64, INT64) | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=10,
    )
    ids = st.integers(1, INT64)
    clock = st.times().map(lambda value: value.replace(microsecond=0))
    seconds = st.integers(-36_500 * 86_400, 36_500 * 86_400).map(lambda count: timedelta(seconds=count))
    tag = st.text("急件ABab ñé\t|%_", min_size=1, max_size=50)
    some = st.lists(st.sampled_from(list(CHOICES)), min_size=1, unique=True)
    return [
        Ready("text", text, read_through(text, st.text())),
        Ready("long_text", long_text, read_through(long_text, st.text())),
        Ready("integer", build("integer"), st.integers(-INT64, INT64)),
        Ready("decimal", build("decimal", {"scale": 6}), decimals(6)),
        Ready("decimal_0", build("decimal", {"scale": 0}), decimals(0)),
        Ready("percent", build("percent"), decimals(2)),
        Ready("percent_4", build("percent", {"scale": 4}), decimals(4)),
        Ready("money", build("money", currency="CNY"), decimals(2)),
        Ready("money_4", build("money", {"scale": 4}, currency="CNY"), decimals(4)),
        Ready("yen", build("money", currency="JPY"), decimals(0)),
        Ready("boolean", build("boolean"), st.booleans()),
        Ready("date", build("date"), st.dates()),
        Ready("datetime", build("datetime"), moments),
        Ready("time", build("time"), clock),
        Ready("duration", build("duration"), seconds),
        Ready("choice", stages, st.sampled_from(list(CHOICES))),
        Ready("choices", choices, read_through(choices, some)),
        Ready("stage", stage, st.sampled_from(list(CHOICES))),
        Ready("tags", tags, read_through(tags, st.lists(tag, min_size=1, max_size=6))),
        Ready("email", build("email"), st.sampled_from(["li@example.com", "Li.Wei+1@Example.COM", "王@例子.cn"]).map(
            lambda item: build("email").parse(item, Reader("json")))),
        Ready("phone", build("phone"), st.sampled_from([
            "+8613800138000", "+861082345678", "+861082345678;ext=12", "+442079460958", "+12125550123", "+864008001234",
            "+85223456789"])),
        Ready("url", build("url"), read_through(build("url"), st.text(max_size=30).map(lambda path: f"https://例.cn/{path}"))),
        Ready("user", build("user"), ids),
        Ready("team", build("team"), ids),
        Ready("link", build("link", {"to": "customer"}), ids),
        Ready("any_link", build("any_link", {"to": ["customer", "deal"]}), st.builds(
            "{}:{}".format, st.sampled_from(["customer", "deal"]), ids)),
        Ready("number", build("number", {"pattern": "Q-{yyyy}{mm}-{seq:4}"}), st.integers(1, INT64).map(
            lambda seq: f"Q-202611-{seq:04d}")),
        Ready("file", build("file"), ids),
        Ready("files", build("files"), st.lists(ids, min_size=1, max_size=20, unique=True).map(tuple)),
        Ready("image", build("image"), ids),
        Ready("color", build("color"), st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")),
        Ready("json", json, read_through(json, data)),
    ]  # fmt: skip


READY = _made()
"""Every kind with a column whose values can be shown; `secret` and the kinds without one have tests of their own."""
EXAMPLES = {"day": date(2026, 11, 22), "clock": time(14, 30)}
