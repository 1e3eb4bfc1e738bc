"""Which saves may share the event loop with every other request: those that touch the record alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crm import Crm
from web.api.direct import stands_alone

FIRM = """
app: {name: Friendly Printers, locale: en, timezone: Asia/Shanghai, currency: CNY}
terms:
  customer: {en: {one: Customer, other: Customers}}
  deal:     {en: {one: Deal, other: Deals}}
  line:     {en: {one: Line, other: Lines}}
  paper:    {en: {one: Paper, other: Papers}}
  job:      {en: {one: Job, other: Jobs}}
  visit:    {en: {one: Visit, other: Visits}}
  report:   {en: {one: Report, other: Reports}}
entities:
  customer:
    title: "{name}"
    fields:
      name:  {type: text, label: Name}
      deals: {type: backlink, of: deal.customer}
      sold:  {type: rollup, of: deals, sum: amount, label: Sold}
  deal:
    fields:
      customer: {type: link, to: customer, label: Customer}
      amount:   {type: money, label: Amount}
  paper:
    fields:
      name:  {type: text, label: Name}
      lines: {type: lines, of: line, label: Lines}
  line:
    owned_by: paper.lines
    fields:
      what: {type: text, label: What}
  job:
    fields:
      name:  {type: text, label: Name}
      paper: {type: text, label: Paper, default: "=find(paper.name, where=name == outer.name)"}
  visit:
    fields:
      customer: {type: link, to: customer, label: Customer}
      sold:     {type: lookup, of: customer.sold, label: Sold}
      day:      {type: date, label: Day, default: =today()}
  report:
    fields:
      name: {type: text, label: Name}
    checks:
      twice:
        refuse_when: find(paper.name, where=name == outer.name) != ''
        message: Too many.
"""


@pytest.fixture
def firm() -> Iterator[Crm]:
    with Crm.load(FIRM) as crm:
        yield crm


@pytest.mark.parametrize(
    ("entity", "alone"),
    [
        ("visit", True),
        ("customer", True),  # what is sold to it is counted by the saves of its deals
        ("deal", False),
        ("paper", False),
        ("job", False),
        ("report", False),
    ],
)
def test_only_saves_of_the_record_alone_are_sure_to_be_short(firm: Crm, entity: str, alone: bool) -> None:
    assert stands_alone(firm.site, entity) is alone
