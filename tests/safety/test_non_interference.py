"""Ann cannot tell two worlds apart that differ only in what she may not see.

Not by any list, order, count, cursor, title, search, picker, record or refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count

import pytest
from hypothesis import HealthCheck, event, given, settings

from tests.crm import Crm
from tests.postgres import PostgresServer
from tests.safety.worlds import ONE, ZERO, Question, World, questions, world

Worlds = tuple[World, World]


REP, REP_AND_MORE = ("rep",), ("rep", "desk", "margins")
each_roles = pytest.mark.parametrize("roles", (REP, REP_AND_MORE), ids=("rep", "rep, desk and margins"))


@pytest.fixture(scope="module")
def sqlite_worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, ...], Worlds]]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("worlds")
        urls = (f"sqlite:///{folder / f'{number}.db'}" for number in count())
        yield {roles: _pair(stack, urls, roles) for roles in (REP, REP_AND_MORE)}


@pytest.fixture(scope="module")
def postgresql_worlds(postgres_server: PostgresServer) -> Iterator[dict[tuple[str, ...], Worlds]]:
    with ExitStack() as stack:
        urls = (postgres_server.create() for _ in count())
        yield {roles: _pair(stack, urls, roles) for roles in (REP, REP_AND_MORE)}


def _pair(stack: ExitStack, urls: Iterator[str], roles: tuple[str, ...]) -> Worlds:
    zero, one = (stack.enter_context(world(secrets, next(urls), roles)) for secrets in (ZERO, ONE))
    return zero, one


@each_roles
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(question=questions)
def test_no_answer_differs_on_sqlite(
    sqlite_worlds: dict[tuple[str, ...], Worlds], roles: tuple[str, ...], question: Question
) -> None:
    _ask_both(sqlite_worlds[roles], question)


@each_roles
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(question=questions)
def test_no_answer_differs_on_postgresql(
    postgresql_worlds: dict[tuple[str, ...], Worlds], roles: tuple[str, ...], question: Question
) -> None:
    _ask_both(postgresql_worlds[roles], question)


@each_roles
def test_the_worlds_do_differ_for_who_may_see_more(
    sqlite_worlds: dict[tuple[str, ...], Worlds], roles: tuple[str, ...]
) -> None:
    zero, one = sqlite_worlds[roles]
    assert _everything(zero.crm) != _everything(one.crm)


def _ask_both(worlds: Worlds, question: Question) -> None:
    first, second = (each.ask(question) for each in worlds)
    event("refused" if isinstance(first, tuple) and first and isinstance(first[0], str) else question.kind)
    assert first == second
    assert repr(first) == repr(second)


def _everything(crm: Crm) -> str:
    mia = crm.sign_in("Mia", "manager")
    return repr([crm.list(entity, mia) for entity in ("deal", "customer")])
