"""The SQL itself: indexes are used, nesting does not multiply, words of users are parameters."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from engine.expression import Function
from engine.expression.nodes import NUMBER, TEXT
from engine.expression.sql import NotInSql, to_column, to_sql
from tests.expression.ground import Ground, Rows, Tables, compiled, ground


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Ground]:
    url = "sqlite://" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with ground(url) as found:
        yield found


@pytest.mark.parametrize(
    "text",
    ["amount > 1000", "amount < 0.005", "1000 <= amount", "copies == 5", "name == '画册'", "closes >= today()"],
)
def test_a_comparison_with_a_literal_uses_the_index(database: Ground, text: str) -> None:
    names = ("amount", "copies", "name", "closes")
    for name in names:
        database.connection.execute(sa.text(f"CREATE INDEX i_{name} ON x_deal ({name})"))
    context = Tables(database.tables, database.dialect)
    source = context.open("deal")
    statement = sa.select(source.alias.c.id).where(to_sql(compiled(text).node, context, source))
    if database.dialect == "postgresql":
        database.connection.execute(sa.text("SET enable_seqscan = off"))
    plan = _plan(database, statement)
    assert any(f"i_{name}" in plan for name in names), plan


def _plan(database: Ground, statement: sa.Select[Any]) -> str:
    word = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    query = statement.compile(database.engine, compile_kwargs={"render_postcompile": True})
    parameters: Any = query.construct_params()
    processed = {key: _bound(query, key, value) for key, value in parameters.items()}
    final = tuple(processed[name] for name in query.positiontup) if query.positiontup else processed
    return "\n".join(str(row) for row in database.connection.exec_driver_sql(word + str(query), final))


def _bound(query: Any, key: str, value: Any) -> Any:
    processor = query._bind_processors.get(key)
    return processor(value) if callable(processor) else value


NESTED = [
    "//".join(["share"] * 38),
    "%".join(["share"] * 38),
    "-".join(["copies"] * 38),
    "lower(" * 35 + "name" + ")" * 35,
    "max(1, " * 35 + "copies" + ")" * 35,
    "default(" * 30 + "copies" + ", 1)" * 30,
    "(" * 36 + "open" + " and urgent)" * 36,
    "not (" * 18 + "open" + ")" * 18,
    "(1 if open else " * 18 + "2" + ")" * 18,
    "months(" * 35 + "closes" + ", 1)" * 35,
    "called" + " + length" * 36,
    " + ".join(["name"] * 38),
    "join('-', " * 35 + "name" + ", note)" * 35,
]


@pytest.mark.parametrize("text", NESTED, ids=[text[:20] for text in NESTED])
def test_nesting_to_the_limit_stays_quick(database: Ground, text: str) -> None:
    rows = Rows()
    rows.add("deal", copies=7, share=Decimal("0.5"), name="a", note="b", open=True, urgent=False)
    database.fill(rows)
    begun = time.perf_counter()
    values = database.values(compiled(text))
    assert len(values) == 1 and time.perf_counter() - begun < 2


def test_words_and_numbers_of_a_config_are_parameters(database: Ground) -> None:
    text = """name == "'; DROP TABLE x_deal; --" or amount > 123456789 or stage in ('open', 'won') or '%s' == name"""
    context = Tables(database.tables, database.dialect)
    source = context.open("deal")
    statement = sa.select(to_sql(compiled(text).node, context, source))
    sql = str(statement.compile(database.engine))
    assert "DROP" not in sql and "123456789" not in sql and "'open'" not in sql
    assert database.connection.execute(statement.select_from(source.alias)).fetchall() == []


def test_a_worked_out_number_can_be_sorted_as_its_field_keeps_it(database: Ground) -> None:
    rows = Rows()
    for amount in ("9.99", "100.00", "-3.50", "0.05"):
        rows.add("deal", amount=Decimal(amount), share=Decimal("0.5"))
    rows.add("deal", amount=Decimal(1), copies=2**63 - 1)
    database.fill(rows)
    context = Tables(database.tables, database.dialect)
    source = context.open("deal")
    for scale, expected in ((2, ["-1.75", "0.03", "5.00", "50.00"]), (0, ["-2", "0", "5", "50"])):
        column = to_column(compiled("amount * share").node, context, source, scale)
        statement = sa.select(column).where(column.is_not(None)).order_by(column)
        assert [Decimal(row[0]) for row in database.connection.execute(statement)] == [Decimal(x) for x in expected]
    large = to_column(compiled("copies * 10").node, context, source, 0)
    assert all(row[0] is None for row in database.connection.execute(sa.select(large)))


def test_a_function_without_a_sql_form_says_so(database: Ground) -> None:
    function = Function("in_words", (NUMBER,), TEXT, str, None)
    context = Tables(database.tables, database.dialect, functions={"lower": function})
    with pytest.raises(NotInSql, match="lower"):
        to_sql(compiled("lower(name)").node, context, context.open("deal"))
    with pytest.raises(NotInSql, match="old"):
        to_sql(compiled("old.amount").node, context, context.open("deal"))
