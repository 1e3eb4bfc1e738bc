"""The floor's data set inside a Forme database: the same rows, so that the two can be measured in turn.

Usage: python -m tests.bench.ground DATA_FOLDER DATABASE_URL
where DATA_FOLDER holds the CSV files that the floor's generator has written.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from engine.boot import build_catalog
from engine.compiler import compile_sources
from engine.model import SourceText
from engine.store import records, search
from engine.store.apply import apply
from engine.store.database import Database, open_database
from engine.store.tables import Tables, build_tables

CONFIG = Path(__file__).with_name("crm.yaml")
BATCH = 5_000
STAMP = datetime(2025, 1, 1, tzinfo=UTC)


def load(folder: Path, url: str) -> None:
    """Apply the config to an empty database and store the generated rows."""
    database = open_database(url)
    text = CONFIG.read_text("utf-8")
    model = compile_sources((SourceText("", "app.yaml", text),), build_catalog(CONFIG.parent))
    apply(database, model, base=None, by=None)
    tables = build_tables(model)
    for entity, name, read in (
        ("user", "app_user", _user),
        ("customer", "customer", _customer),
        ("deal", "deal", _deal),
    ):
        count = _store(database, tables, entity, (read(row) for row in _rows(folder / f"{name}.csv")))
        print(f"{entity}: {count}", flush=True)
    with database.writing() as connection:
        for row in _rows(folder / "customer.csv"):
            texts = {"name": row["name"], "phone": row["phone"]}
            search.index(connection, tables, "customer", int(row["id"]), texts)
    _settle(database)
    database.close()


def _settle(database: Database) -> None:
    """As a database is that has been in use for a while: PostgreSQL has looked through what was loaded."""
    if database.dialect == "postgresql":
        with psycopg.connect(database.url, autocommit=True) as server:
            server.execute("VACUUM ANALYZE")
        return
    with database.writing() as connection:
        connection.execute(sa.text("ANALYZE"))


def _store(database: Database, tables: Tables, entity: str, rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    while batch := list(islice(rows, BATCH)):
        with database.writing() as connection:
            # The rows bring their ids along; the counter is moved past them, so that later saves get new ones.
            records.allocate(connection, tables, entity, len(batch))
            records.insert(connection, tables, entity, batch)
        count += len(batch)
    return count


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _stamps(row: dict[str, str]) -> dict[str, Any]:
    made, changed = (row.get(name) for name in ("created_at", "updated_at"))
    return {
        "id": int(row["id"]),
        "version": 1,
        "created_at": _moment(made) if made else STAMP,
        "updated_at": _moment(changed) if changed else STAMP,
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _user(row: dict[str, str]) -> dict[str, Any]:
    return {**_stamps(row), "name": row["name"], "login": f"u{row['id']}", "email": row["email"], "active": True}


def _customer(row: dict[str, str]) -> dict[str, Any]:
    plain = (
        "code", "name", "industry", "region", "phone", "mobile", "email", "website", "status", "address", "city",
        "notes", "source",
    )  # fmt: skip
    return {
        **_stamps(row),
        **{name: row[name] for name in plain},
        "rating": row["rating"].lower(),
        "owner": int(row["owner_id"]),
        "annual_revenue": Decimal(row["annual_revenue"]),
        "employees": int(row["employees"]),
        "score": int(row["score"]),
        "last_contacted_at": _moment(row["last_contacted_at"]),
    }


def _deal(row: dict[str, str]) -> dict[str, Any]:
    return {
        **_stamps(row),
        "name": row["name"],
        "customer": int(row["customer_id"]),
        "owner": int(row["owner_id"]),
        "amount": Decimal(row["amount"]),
        "state": row["stage"],
        "probability": int(row["probability"]),
        "close_date": date.fromisoformat(row["close_date"]),
    }


if __name__ == "__main__":
    load(Path(sys.argv[1]), sys.argv[2])
