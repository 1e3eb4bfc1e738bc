"""A small printing firm's config for tests of the store, and ways to change it."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.catalog import Catalog, collect
from engine.compiler import compile_config
from engine.expression import functions
from engine.fields import plugin
from engine.model import Model
from engine.store import records, search
from engine.store.database import Database
from engine.store.tables import Tables

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

FIRM = """\
app: {name: Friendly Printers, locale: en, locales: [en, zh-CN], timezone: Asia/Shanghai, currency: CNY}
entities:
  customer:
    label: Customer
    title: "{name}"
    fields:
      name: {type: text, required: true, unique: true, search: true}
      city: {type: text, search: true}
      kind: {type: choice, choices: {publisher: Publisher, packaging: Packaging}}
      owner: {type: user}
  quote:
    label: Quote
    fields:
      title: {type: text, search: true}
      customer: {type: link, to: customer}
      price: {type: decimal, scale: 2}
      parts: {type: lines, of: part}
  part:
    label: Part
    owned_by: quote.parts
    fields:
      name: {type: text}
      pages: {type: integer}
roles:
  sales:
    label: Sales
    grants:
      customer: {read: true, create: true}
"""


def catalog() -> Catalog:
    return collect([("engine.fields", plugin), ("engine.functions", functions)])


def compiled(text: str = FIRM, *changes: tuple[str, str]) -> Model:
    """The model of the text, with some of its words replaced; each must stand in it exactly once."""
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "app.yaml").write_text(text, "utf-8")
        return compile_config(Path(folder), catalog())


def add(connection: sa.Connection, tables: Tables, entity: str, **values: Any) -> int:
    """Store one record as the write path would; its id."""
    [id] = records.allocate(connection, tables, entity, 1)
    whole = {"id": id, "version": 1, "created_at": NOW, "updated_at": NOW, **values}
    records.insert(connection, tables, entity, [whole])
    texts = {name: str(values[name]) for name in tables.searched.get(entity, ()) if values.get(name)}
    search.index(connection, tables, entity, id, texts)
    return id


def table_names(database: Database) -> set[str]:
    with database.reading() as connection:
        return set(sa.inspect(connection).get_table_names())
