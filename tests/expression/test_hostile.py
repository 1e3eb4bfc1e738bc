"""Hostile and oversized expressions end as problems with a place, or as typed errors, at once and in little memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.expression import ExpressionError, TooLarge, evaluate
from tests.expression.ground import HERE, NOW, TODAY, Rows, compiled

ESCAPES = [
    "().__class__", "name.__class__.__mro__", "customer._meta", "[x for x in ().__class__.__base__.__subclasses__()]",
    "{x: 1 for x in tags}", "(x for x in tags)", "lambda: 1", "(x := 1)", "__import__('os').system('id')",
    "f'{name!r:>9}'", "f'{name:{10**9}}'", "getattr(name, 'upper')", "eval('1')", "exec('1')", "globals()",
    "open('/etc/passwd')",
    "name['__class__']", "tags[0]", "tags[0:1]", "name.upper()", "name.format(1)", "'{0.__class__}'.format(name)",
    "max(*tags)", "max(**tags)", "lower(upper)", "max(lower, upper)", "name.lower", "lower.__call__(name)", "ｎame",
    "ｏs", "ﬁnd(rate)", "deal.ⅳ", "name\u200b == 'x'", "yield 1", "await name", "1 if", "import os", "name; name",
    "print(1)", "type(name)", "name @ name", "amount ** 2", "1 << 100", "1 >> 1", "1 & 2", "1 | 2", "1 ^ 2", "~1",
    "name % name", "'%999999999d' % 1", "'%s' % name", "'a' * 999999999", "[0] * 99999", "b'bytes'", "1j", "...",
    "0xFF", "1_000", "1e309", "inf", "nan", "9**9**9", "'a'.ljust(1000000000)", "name.zfill(10**9)", "'\\x00'",
    "'\\ud800'",
    "# comment", "name # or True", "name \\\n == 'x'", "True = 1", "None.x", "(1, 2)", "[1, 2]", "{}", "me()", "today",
    "find", "find()", "find(find(rate))", "find(rate, where=find)", "name is 3", "name is name", "not", "and", "''.x",
    "x" * 5_000, "(" * 500 + "1" + ")" * 500, "[" * 500, "-" * 1_900 + "1", "-" * 5_000 + "1", "not " * 400 + "open",
    "1" + "+1" * 900, "amount" + ".a" * 900, "lower(" * 300 + "name" + ")" * 300, "9" * 1_999, "0." + "0" * 1_900 + "1",
    "1 if open else " * 120 + "1", "open and " * 300 + "open", "'" + "\\" * 1_001, "name in [" + "'a'," * 400 + "]",
    "'" * 1_999, "\x00", "\ud800", "name == '\ud800'", "(((((((((((((((((((((((((((((((((((((((((1)))))))))))))))))))",
]  # fmt: skip


@pytest.mark.parametrize("text", ESCAPES, ids=[ascii(text)[:40] for text in ESCAPES])
def test_it_is_refused_at_its_place_at_once(text: str) -> None:
    with pytest.raises(ExpressionError) as raised, at_once():
        compiled(text)
    for problem in raised.value.problems:
        assert problem.code.startswith("expression.") and problem.message and problem.mark.line == HERE.line
        assert HERE.column <= problem.mark.column <= HERE.column + len(text)
    with pytest.raises(ExpressionError), in_little_memory():
        compiled(text)


@contextmanager
def at_once() -> Iterator[None]:
    """Fail past 50 ms of this process's own time."""
    begun = time.process_time()
    try:
        yield
    finally:
        assert time.process_time() - begun < 0.05


@contextmanager
def in_little_memory() -> Iterator[None]:
    """Fail past 10 MB."""
    tracemalloc.start()
    try:
        yield
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10_000_000


GREEDY = [
    "copies * " * 30 + "copies",
    "copies / 0.000000000001 / 0.000000000001 / 0.000000000001 / 0.000000000001",
    " + ".join(["name"] * 35),
    "closes + days(copies)",
    "closes + months(copies)",
    "called + days(copies) * copies",
]


@pytest.mark.parametrize("text", GREEDY)
def test_what_grows_without_end_is_a_typed_error(text: str) -> None:
    rows = Rows()
    rows.add("deal", copies=2**63 - 1, name="长" * 90_000, closes=TODAY, called=NOW)
    expression = compiled(text)
    with pytest.raises(TooLarge), at_once():
        evaluate(expression.node, rows.context("deal", 1))
    with pytest.raises(TooLarge), in_little_memory():
        evaluate(expression.node, rows.context("deal", 1))
