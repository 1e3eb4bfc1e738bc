"""How long searching takes among many mixed Chinese and English names: the twenty newest hits.

Run as: python -m tests.bench.search_bench [ROWS] [URL ...]; without a URL on a scratch SQLite file and a scratch
PostgreSQL. Prints milliseconds, best and 95th percentile of 20 runs.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.store import records, search
from engine.store.apply import apply
from engine.store.database import Database, open_database
from engine.store.tables import Tables, build_tables
from tests.postgres import start_server
from tests.store.firm import NOW, compiled

CITIES = ["上海", "北京", "深圳", "广州", "杭州", "成都", "苏州", "南京", "武汉", "东莞"]
NAMES = [
    "华彩",
    "文华",
    "锦绣",
    "明德",
    "天成",
    "鸿图",
    "金叶",
    "雅致",
    "瑞丰",
    "博文",
    "星光",
    "长城",
    "东方",
    "新意",
    "大地",
    "云帆",
]
TRADES = ["印刷", "包装", "图书", "文化", "纸业", "传媒", "广告", "出版"]
WORDS = [
    "Smith",
    "Heron",
    "Atlas",
    "Summit",
    "River",
    "Harbor",
    "Maple",
    "Willow",
    "Falcon",
    "Orchid",
    "Copper",
    "Cedar",
]
BATCH = 10_000
RUNS = 20
QUERIES = (
    "独角", "深圳", "有限公司", "明", "zy", "Zyxwv", "smith 77", "华彩 印刷", "没有这个", "e", "有限 公司 深圳",
)  # fmt: skip


def names(count: int) -> list[str]:
    """Believable names; a handful of them hold the rare words."""
    chance = random.Random(7)
    made = []
    for number in range(count):
        if number % 2:
            made.append(f"{chance.choice(CITIES)}{chance.choice(NAMES)}{chance.choice(TRADES)}有限公司{number}")
        else:
            made.append(f"{chance.choice(WORDS)} {chance.choice(WORDS)} {number}")
    for place in range(count // 10, count, max(1, count // 5)):
        made[place] = f"上海独角兽印刷 Zyxwv {place}"
    return made


def fill(database: Database, tables: Tables, count: int) -> None:
    """Store the names and index them as saving would."""
    texts = names(count)
    started = time.perf_counter()
    for start in range(0, count, BATCH):
        with database.writing() as connection:
            batch = texts[start : start + BATCH]
            ids = records.allocate(connection, tables, "customer", len(batch))
            rows: list[dict[str, Any]] = [
                {
                    "id": id,
                    "version": 1,
                    "created_at": NOW,
                    "updated_at": NOW + timedelta(seconds=(id * 7919) % count),
                    "name": name,
                    "city": CITIES[id % 10],
                }
                for id, name in zip(ids, batch, strict=True)
            ]
            records.insert(connection, tables, "customer", rows)
            search.write(
                connection,
                "customer",
                [(row["id"], {"name": row["name"], "city": row["city"]}) for row in rows],
            )
    print(f"  {count:,} records stored and indexed in {time.perf_counter() - started:.1f} s")
    if database.dialect == "postgresql":
        with database.writing() as connection:
            connection.exec_driver_sql("ANALYZE")


def ask(connection: sa.Connection, tables: Tables, query: str) -> list[int]:
    """The ids of the twenty newest hits, as a list would ask for them."""
    table = tables.entities["customer"]
    common = search.is_common(connection, tables, "customer", ("name", "city"), query)
    found = search.matches(
        tables, "customer", ("name", "city"), query, table.c.id,
        text={"name": table.c.name, "city": table.c.city}, common=common,
    )  # fmt: skip
    statement = (
        sa.select(table.c.id)
        .where(table.c.deleted_at.is_(None), found)
        .order_by(table.c.updated_at.desc(), table.c.id.desc())
        .limit(20)
    )
    return list(connection.execute(statement).scalars())


def measure(database: Database, tables: Tables) -> None:
    """Print the figures of all queries."""
    for query in QUERIES:
        times = []
        with database.reading() as connection:
            for _ in range(RUNS):
                started = time.perf_counter()
                found = ask(connection, tables, query)
                times.append((time.perf_counter() - started) * 1000)
        times.sort()
        print(
            f"  {query:<12} {len(found):>3} found   best {times[0]:8.2f} ms   p95 {times[RUNS - 2]:8.2f} ms", flush=True
        )


def bench(url: str, count: int) -> None:
    """Fill and measure one database."""
    database, model = open_database(url), compiled()
    print(database.dialect, flush=True)
    tables = build_tables(model)
    apply(database, model, base=None, by=None)
    fill(database, tables, count)
    measure(database, tables)
    if database.path:
        print(f"  {Path(database.path).stat().st_size / 1e6:.0f} MB on the disk")
    database.close()


def main() -> None:
    """Measure the given databases, or scratch ones."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if len(sys.argv) > 2:
        for url in sys.argv[2:]:
            bench(url, count)
        return
    with tempfile.TemporaryDirectory() as folder:
        bench(f"sqlite:///{folder}/forme.db", count)
    server = start_server()
    try:
        bench(server.create(), count)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
