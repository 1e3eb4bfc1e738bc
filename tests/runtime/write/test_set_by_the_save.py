"""What a save sets last: figures that are stored may not name it, figures of a reading and rollups may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from engine.problems import ConfigError
from tests.crm import Crm, compile_text

FIRM = """
app: {name: Bindery, locale: en, locales: [en, zh-CN], timezone: Asia/Shanghai, currency: CNY}
entities:
  customer:
    title: "{name}"
    fields:
      name: {type: text, label: Name}
      jobs: {type: backlink, of: job.customer}
      touched: {type: rollup, label: Touched, of: jobs, max: updated_at}
      taken: {type: rollup, label: Taken, of: jobs, min: created_at}
  job:
    title: "{name}"
    fields:
      name: {type: text, label: Name}
      customer: {type: link, to: customer}
      works: {type: lines, of: work}
      begun: {type: datetime, label: Begun, expr: created_at}
      quiet: {type: duration, label: Quiet for, expr: now() - updated_at}
      # more
  work:
    owned_by: job.works
    title: "{what}"
    fields:
      what: {type: text, label: What}
      # more
"""


@pytest.fixture
def firm(database_url: str) -> Iterator[Crm]:
    """A bindery whose customers know when somebody last worked for them."""
    with Crm.load(FIRM, database_url) as crm:
        yield crm


def test_a_customer_knows_when_a_job_was_touched(firm: Crm) -> None:
    ada = firm.create("customer", name="Ada")
    job = firm.create("job", name="Clock", customer=ada, works=[{"what": "Look"}])
    begin = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
    firm.clock.advance(timedelta(days=2))
    firm.update("job", job, name="Watch")
    values = firm.get("customer", ada).values
    assert (values["taken"], values["touched"]) == (begin, begin + timedelta(days=2))


def test_what_is_worked_out_at_each_reading_is_never_behind(firm: Crm) -> None:
    job = firm.create("job", name="Clock")
    firm.clock.advance(timedelta(days=2))
    assert firm.get("job", job).values["quiet"] == timedelta(days=2)
    firm.update("job", job, name="Watch")
    assert firm.get("job", job).values["quiet"] == timedelta(0)
    assert firm.get("job", job).values["begun"] == datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("entity", "line"),
    [("job", "n: {type: datetime, label: N, expr: updated_at}"), ("job", "n: {type: integer, label: N, expr: version}"),
     ("job", "n: {type: user, label: N, expr: updated_by}"), ("job", "n: {type: boolean, label: N, expr: version > 1}"),
     ("job", "n: {type: rollup, label: N, of: works, max: updated_at}"),
     ("job", "n: {type: rollup, label: N, of: works, count: true, where: version > 1}"),
     ("work", "n: {type: datetime, label: N, expr: job.updated_at}"),
     ("job", "n: {type: link, to: customer, label: N, expr: 'find(customer, where=created_at == outer.updated_at)'}")],
)  # fmt: skip
def test_a_stored_figure_that_would_be_behind_is_refused(entity: str, line: str) -> None:
    before, _, after = FIRM.partition(f"  {entity}:\n")
    text = f"{before}  {entity}:\n{after.replace('# more', line, 1)}"
    with pytest.raises(ConfigError) as refused:
        compile_text(text)
    assert {problem.code for problem in refused.value.problems} == {"formula.behind"}
