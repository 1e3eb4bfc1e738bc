"""A small repair shop, and the printing firm's quotation, for stories about saving."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.crm import Crm

REPAIR_SHOP = """
app: {name: Repair shop, locale: en, locales: [en], timezone: Europe/London, currency: GBP}
terms:
  customer: {en: {one: Customer, other: Customers}}
  job:      {en: {one: Job, other: Jobs}}
  work:     {en: {one: Work, other: Works}}
  part:     {en: {one: Part, other: Parts}}
  advice:   {en: {one: Advice, other: Advices}}
entities:
  customer:
    title: "{name}"
    fields:
      name:    {type: text, label: Name, required: true, unique: true, search: true}
      vip:     {type: boolean, label: VIP, default: false}
      owner:   {type: user, label: Owner, default: =me}
      jobs:    {type: backlink, of: job.customer}
      spent:   {type: rollup, label: Spent, of: jobs, sum: total, where: stage == 'paid', declassify: true}
      jobs_n:  {type: rollup, label: Jobs, of: jobs, count: true, declassify: true}
      grade:   {type: text, label: Grade, expr: "'gold' if spent >= 1000 else 'plain'"}
  job:
    title: "{number} {name}"
    unique: [[customer, name]]
    frozen_when: stage == 'paid'
    copy: {set: {name: "{old.name} again"}}
    fields:
      number:   {type: number, label: Number, pattern: "J-{seq:3}"}
      name:     {type: text, label: Name, required: true}
      customer: {type: link, to: customer, required: true, on_delete: restrict}
      kind:     {type: choice, label: Kind, default: bench, choices: {bench: On the bench, visit: At the customer}}
      address:  {type: text, label: Address, visible_when: kind == 'visit', required_when: kind == 'visit'}
      urgent:   {type: boolean, label: Urgent, default: false}
      due:      {type: date, label: Due, default: "=today() + days(2 if urgent else 7)"}
      discount: {type: percent, label: Discount, readonly_when: not customer.vip}
      works:    {type: lines, of: work, label: Works}
      net:      {type: rollup, label: Net, of: works, sum: amount}
      total:    {type: money, label: Total, expr: "net * (1 - default(discount, 0))", override: true, declassify: true}
      stage:    {type: stage, pipeline: bench}
      advices:  {type: backlink, of: advice.job}
    checks:
      too_cheap:
        refuse_when: total < 10 and stage == 'ready'
        message: Nothing leaves the shop below 10.
      very_dear:
        warn_when: total > 5000
        message: This is a lot. Is it right?
  work:
    owned_by: job.works
    title: "{what}"
    fields:
      what:   {type: text, label: What, required: true}
      hours:  {type: decimal, scale: 2, label: Hours, default: 1, min: 0}
      rate:   {type: money, label: Rate, required: true}
      amount: {type: money, label: Amount, expr: hours * rate + parts_cost}
      parts:  {type: lines, of: part}
      parts_cost: {type: rollup, label: Parts, of: parts, sum: price}
      before: {type: link, to: work, label: After}
  part:
    owned_by: work.parts
    fields:
      name:  {type: text, label: Name}
      price: {type: money, label: Price, required: true}
  advice:
    title: "{text}"
    fields:
      text: {type: text, label: Text, required: true}
      job:  {type: link, to: job, on_delete: cascade}
      customer: {type: link, to: customer, on_delete: clear}
pipelines:
  bench:
    label: Bench
    stages:
      waiting: {label: Waiting, moves: [ready, waiting]}
      ready:   {label: Ready, requires: [due], moves: [paid, waiting]}
      paid:    {label: Paid, outcome: won, roles: [boss]}
roles:
  boss:
    label: Boss
    grants:
      customer: {read: true, create: true, update: true, delete: true, restore: true}
      job:      {read: true, create: true, update: true, delete: true, restore: true}
      advice:   {read: true, create: true, update: true, delete: true}
  keeper:
    label: Keeper
    grants:
      advice: {read: true, restore: true}
  mechanic:
    label: Mechanic
    grants:
      customer: {read: owner == me, create: true, update: {before: owner == me, after: true}}
      job:
        read: true
        create: true
        update: customer.owner == me
        fields: {discount: {read: false}, urgent: {update: stage == 'waiting'}}
"""


@pytest.fixture
def shop(database_url: str) -> Iterator[Crm]:
    """The repair shop on a fresh database."""
    with Crm.load(REPAIR_SHOP, database_url) as crm:
        yield crm
