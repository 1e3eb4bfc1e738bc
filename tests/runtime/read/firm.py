"""The firm that the stories of reading are about: reps with their own deals, margins that they may not know."""

from __future__ import annotations

FIRM = """
app: {name: Firm, locale: en, locales: [en], timezone: Asia/Shanghai, currency: CNY}

entities:
  customer:
    label: Customer
    title: "{name}"
    fields:
      name:   {type: text, required: true, search: true}
      phone:  {type: phone, search: true, mask: "*** **** ####"}
      secret: {type: text, search: true}
      owner:  {type: user}
      deals:  {type: backlink, of: deal.customer}
      won:    {type: rollup, of: deals, sum: amount, where: "stage == 'won'", declassify: true}
    list: {columns: [name, phone, secret, owner]}
  deal:
    label: Deal
    title: "{name}"
    fields:
      name:     {type: text, required: true, search: true}
      customer: {type: link, to: customer}
      amount:   {type: money}
      margin:   {type: money}
      note:     {type: text, search: true}
      closes:   {type: date}
      tags:     {type: tags}
      rush:     {type: boolean}
      surcharge: {type: money, visible_when: rush}
      owner:    {type: user}
      stage:    {type: stage, pipeline: sales}
      parts:    {type: lines, of: part}
      contact_phone: {type: lookup, of: customer.phone}
      buyer:    {type: lookup, of: customer.name}
      days_left: {type: integer, expr: "10 if closes > today() else 5"}
    list: {columns: [name, customer, amount, margin, owner, stage], sort: [-amount]}
  part:
    label: Part
    owned_by: deal.parts
    title: "{what}"
    fields:
      what:  {type: text, required: true}
      copies: {type: integer}
      cost:  {type: money}
      steps: {type: lines, of: step}
  step:
    label: Step
    owned_by: part.steps
    title: "{machine}"
    fields:
      machine: {type: text}
      minutes: {type: integer}

pipelines:
  sales:
    label: Sales
    stages:
      open:   {label: Open}
      quoted: {label: Quoted, moves: [won, lost]}
      won:    {label: Won, outcome: won, roles: [manager]}
      lost:   {label: Lost, outcome: lost}

roles:
  rep:
    label: Rep
    grants:
      customer: {read: owner == me, update: owner == me, fields: {secret: {read: false}}}
      deal:
        read: owner == me
        create: true
        update: {before: "owner == me and stage != 'won'", after: true}
        fields:
          margin: {read: false}
          note:   {read: "stage == 'open'"}
          amount: {update: "stage == 'open'"}
      part: {fields: {cost: {read: false}}}
  desk:
    label: Front desk
    grants:
      customer: {read: true, fields: {phone: {read: masked}, secret: {read: false}}}
  margins:
    label: Sees margins of won deals
    grants:
      deal: {read: "stage == 'won'", fields: {note: {read: false}, name: {read: true}}}
  manager:
    label: Manager
    may: [history]
    grants:
      customer: {read: true, create: true, update: true, delete: true, restore: true, export: true}
      deal: {read: true, create: true, update: true, delete: true, restore: true, export: true}
  buyerless:
    label: Deals without customers
    grants:
      deal: {read: true}
"""
