"""The language's own functions, each in a Python and a SQL form with the same answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from types import MappingProxyType
from typing import Any

from engine.expression import casing, dates, numbers
from engine.expression.expression import Function
from engine.expression.function_forms import FUNCTION_FORMS
from engine.expression.nodes import BOOLEAN, DATE, DATETIME, DURATION, NULL, NUMBER, TEXT, Type
from engine.expression.types import Mismatch, greatest, one_of, same_number


def _round(value: Decimal, places: Decimal = numbers.ZERO) -> Decimal:
    return numbers.rounded(value, int(places))


def _least_of(*values: Any) -> Any:
    return min(values)


def _greatest_of(*values: Any) -> Any:
    return max(values)


def _default(*values: Any) -> Any:
    return reduce(lambda found, value: value if found is None else found, values)


def _join(separator: str, *texts: str | None) -> str | None:
    return separator.join(text for text in texts if text is not None) if separator is not None else None


def _months(day: date, count: Decimal) -> date:
    return dates.months(day, count)


def _days(count: Decimal) -> timedelta:
    return dates.days(count)


def _countable(given: Type) -> Type:
    if given.kind not in ("text", "list", "null"):
        raise Mismatch(f"len() counts characters or items; this is {given}.")
    if given.item and given.item.kind == "record":
        raise Mismatch(
            "len() does not count records.", "A rollup field counts them: {type: rollup, of: lines, count: true}."
        )
    return NUMBER


def _never(*_: Any) -> Any:
    raise AssertionError("today() and now() are read from the context")


def _function(
    name: str, parameters: tuple[Type, ...], result: Type | Callable[..., Type], python: Callable[..., Any],
    zh: str, en: str, **more: Any,
) -> Function:  # fmt: skip
    sql = FUNCTION_FORMS.get(name, _never)
    return Function(name, parameters, result, python, sql, help={"zh-CN": zh, "en": en}, **more)


_ALL = (
    _function("ceil", (NUMBER,), same_number, numbers.ceiling, "向上取整", "The least whole number not below x."),
    _function("floor", (NUMBER,), same_number, numbers.floor, "向下取整", "The greatest whole number not above x."),
    _function(
        "round", (NUMBER, NUMBER), same_number, _round,
        "四舍五入到 n 位小数（默认 0 位）", "x with n places (0 when left out), half up.", optional=1,
    ),
    _function(
        "min", (NULL, NULL), greatest, _least_of,
        "其中最小的；有一个为空则为空", "The least of the values; empty if one is.", repeats=True,
    ),
    _function(
        "max", (NULL, NULL), greatest, _greatest_of,
        "其中最大的；有一个为空则为空", "The greatest of the values; empty if one is.", repeats=True,
    ),
    _function("abs", (NUMBER,), same_number, Decimal.copy_abs, "绝对值", "x without its sign."),
    _function(
        "default", (NULL, NULL), one_of, _default,
        "第一个不为空的值", "The first value that is not empty.", repeats=True, takes_none=True,
    ),
    _function("days", (NUMBER,), DURATION, _days, "n 天的时长", "A span of n days, to add to a date or a moment."),
    _function(
        "months", (DATE, NUMBER), DATE, _months,
        "n 个月后的同一天，月末对齐；也可写 date + months(n)",
        "The same day n months later, at most that month's last; also written date + months(n).",
    ),
    _function("len", (NULL,), _countable, len, "字符数或项数", "How many characters a text, or items a list, has."),
    _function("lower", (TEXT,), TEXT, casing.lower, "转小写", "The text in small letters, letter by letter."),
    _function("upper", (TEXT,), TEXT, casing.upper, "转大写", "The text in capitals, letter by letter."),
    _function(
        "contains", (TEXT, TEXT), BOOLEAN, str.__contains__,
        "文字中是否含有另一段", "Whether a text holds another; capitals count.",
    ),
    _function(
        "starts_with", (TEXT, TEXT), BOOLEAN, str.startswith,
        "文字是否以另一段开头", "Whether a text begins with another; capitals count.",
    ),
    _function(
        "join", (TEXT, TEXT), TEXT, _join,
        "用分隔符连接不为空的文字", "The texts that are not empty, with the first value between them.",
        repeats=True, takes_none=True,
    ),
    _function("today", (), DATE, _never, "今天（公司时区）", "Today, in the firm's time zone."),
    _function("now", (), DATETIME, _never, "此刻", "This moment."),
)  # fmt: skip

BUILTIN: Mapping[str, Function] = MappingProxyType({function.name: function for function in _ALL})
"""Every function of the language itself, by name."""
