"""JSON twins of the floor's pages that have none: the same hard-coded queries, answered as data.

Run by the floor's own Python, with the floor's folder on its path; `uvicorn floor_json:app --app-dir tests/bench`.
"""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
from floor import app as floor  # type: ignore[import-not-found, unused-ignore]  # only where the floor is
from litestar import Litestar, Request, Response, get, post
from litestar.handlers import HTTPRouteHandler

AnyRequest = Request[Any, Any, Any]
JSON = "application/json"


def answer(rows: list[Any], total: int) -> Response[bytes]:
    """A page as the floor's own JSON list gives it."""
    return Response(orjson.dumps({"total": total, "rows": rows}, default=str), media_type=JSON)


@get("/json/w7", sync_to_thread=False)
def own(request: AnyRequest) -> Response[bytes]:
    """Own records, newest first."""
    user, connection = floor.who(request), floor.conn()
    rows = connection.execute(floor.QO, (user,)).fetchall()
    return answer(rows, connection.execute(CAPPED.format("?"), (user,)).fetchone()[0])


@get("/json/pg/w1")
async def filtered_pg(request: AnyRequest, status: str, region: str) -> Response[bytes]:
    """The filtered list on PostgreSQL, counted up to the cap."""
    floor.who(request)
    rows, total = await floor.pg_w1(status, region, 1, floor.PQ["QCC"])
    return answer([tuple(row) for row in rows], total)


@get("/json/pg/w7")
async def own_pg(request: AnyRequest) -> Response[bytes]:
    """Own records on PostgreSQL."""
    user = floor.who(request)
    async with (await floor.pool()).acquire() as connection:
        rows = await connection.fetch(floor.PQ["QO"], user)
        total = await connection.fetchval(CAPPED.format("$1"), user)
    return answer([tuple(row) for row in rows], total)


CAPPED = "SELECT count(*) FROM (SELECT 1 FROM customer WHERE owner_id={} LIMIT 1001) x"


@post("/json/w4")
async def create(request: AnyRequest) -> Response[bytes]:
    """A record made from JSON; the answer is the record, read again."""
    user, values, now = floor.who(request), parse(await request.body()), stamp()
    text, connection = now.strftime("%Y-%m-%d %H:%M:%S"), floor.conn()
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not connection.execute("SELECT 1 FROM app_user WHERE id=?", (values["owner_id"],)).fetchone():
            raise ValueError("owner")
        id = connection.execute(floor.QI, [values[name] for name in floor.COLS] + [text, text]).lastrowid
        log = (text, user, "customer", id, "create", orjson.dumps(values).decode())
        connection.execute(floor.QA, log)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    cursor = connection.execute(floor.QR, (id,))
    names = [column[0] for column in cursor.description]
    return Response(orjson.dumps(dict(zip(names, cursor.fetchone(), strict=True))), status_code=201, media_type=JSON)


@post("/json/pg/w4")
async def create_pg(request: AnyRequest) -> Response[bytes]:
    """The same on PostgreSQL."""
    user, values, now = floor.who(request), parse(await request.body()), stamp()
    values["annual_revenue"] = floor.Decimal(values["annual_revenue"])
    async with (await floor.pool()).acquire() as connection:
        async with connection.transaction():
            if not await connection.fetchval("SELECT 1 FROM app_user WHERE id=$1", values["owner_id"]):
                raise ValueError("owner")
            sent = [values[name] for name in floor.COLS]
            id = await connection.fetchval(floor.PQ["QI"] + " RETURNING id", *sent, now, now)
            kept = orjson.dumps({name: str(value) for name, value in values.items()}).decode()
            await connection.execute(floor.PQ["QA"], now.isoformat(), user, "customer", id, "create", kept)
        row = await connection.fetchrow(floor.PQ["QR"], id)
    return Response(orjson.dumps(dict(row), default=str), status_code=201, media_type=JSON)


def parse(body: bytes) -> dict[str, Any]:
    """The values of a new record, checked as the floor checks its form."""
    found: dict[str, Any] = floor.parse(msgspec.json.decode(body))
    return found


def stamp() -> Any:
    """The present moment."""
    return floor.datetime.now(floor.timezone.utc)


handlers = [value for value in vars(floor).values() if isinstance(value, HTTPRouteHandler)]
app = Litestar(
    [*handlers, own, filtered_pg, own_pg, create, create_pg],
    on_startup=[floor.startup],
    openapi_config=None,
    logging_config=None,
)
