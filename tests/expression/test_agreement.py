"""Python, SQLite and PostgreSQL give the same answer: random expressions over random rows.

A larger run on demand: FORME_HYPOTHESIS=long.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from engine.expression import Expression, ExpressionError, Tie, TooLarge, aggregate, evaluate
from tests.expression.ground import DEAL, HERE, Ground, Rows, compiled, ground, plain
from tests.expression.growing import expressions, random_rows, rollups

LONG = os.environ.get("FORME_HYPOTHESIS") == "long"
SEEDS = range(40 if LONG else 3)
EXAMPLES = 2_000 if LONG else 150
RUN = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
REFUSED = object()
"""What Python refuses: too large, or a tie. SQL gives something empty there, and works on."""


class Both:
    """The same rows on both databases and in Python."""

    def __init__(self, sqlite: Ground, postgresql: Ground) -> None:
        self.databases = (sqlite, postgresql)
        self.rows = Rows()

    def fill(self, seed: int) -> None:
        self.rows = random_rows(seed)
        for database in self.databases:
            database.fill(self.rows)
            database.connection.commit()

    def check(self, expression: Expression) -> None:
        python = [self.python(expression, id_) for id_ in self.rows.by_entity["deal"]]
        sqlite, postgresql = (database.values(expression) for database in self.databases)
        expected = [found if value is REFUSED else value for value, found in zip(python, sqlite, strict=True)]
        assert sqlite == expected, f"SQLite: {expression.text}"
        assert postgresql == expected, f"PostgreSQL: {expression.text}"

    def python(self, expression: Expression, id_: int) -> Any:
        try:
            return plain(evaluate(expression.node, self.rows.context("deal", id_)))
        except (TooLarge, Tie):
            return REFUSED


@pytest.fixture(scope="module")
def both(postgres_server: Any) -> Iterator[Both]:
    url = postgres_server.create()
    try:
        with ground("sqlite://") as sqlite, ground(url) as postgresql:
            yield Both(sqlite, postgresql)
    finally:
        postgres_server.drop(url)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_expression_has_one_answer(both: Both, seed: int) -> None:
    both.fill(seed)

    @RUN
    @given(expressions())
    def check(text: str) -> None:
        both.check(_compiled(text))

    check()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rollup_has_one_answer(both: Both, seed: int) -> None:
    both.fill(seed)

    @RUN
    @given(rollups())
    def check(rollup: tuple[str, str, str | None, str | None]) -> None:
        try:
            found = aggregate(*rollup, DEAL, of_mark=HERE, value_mark=HERE, where_mark=HERE)
        except ExpressionError as error:
            _only_limits(error)
            assume(False)
        both.check(found)

    check()


def _compiled(text: str) -> Expression:
    try:
        return compiled(text)
    except ExpressionError as error:
        _only_limits(error)
        assume(False)
        raise


def _only_limits(error: ExpressionError) -> None:
    """What is drawn is right but for its size, and for amounts multiplied by an amount in disguise."""
    for problem in error.problems:
        assert problem.code in ("expression.too_long", "expression.not_allowed") or "amount" in str(problem), str(error)
