"""Machines that tell whether an attack succeeded.

O1: no value that the caller may not see (a canary) is anywhere in an answer, in any writing.
O2: worlds that differ only in what the caller may not see answer alike (test_interference).
O3: a refused request leaves every table as it was.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator
from html import unescape
from urllib.parse import unquote_plus

import httpx
import sqlalchemy as sa

from engine.store.database import Database

UNTOLD = frozenset({"forme_security_log", "forme_login_failure"})
"""What a refused request may add to: the log of refusals, and the count of wrong passwords."""
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


def leaks(answer: httpx.Response, canaries: Iterable[str]) -> list[str]:
    """The canaries that an answer shows: in its body or a header; plain, encoded, or with the marks of thousands."""
    text = "\n".join(writings(answer))
    return [canary for canary in canaries if canary in text]


def writings(answer: httpx.Response) -> Iterator[str]:
    """What an answer says, read in every way."""
    said = answer.text + "\n" + "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    plain = unquote_plus(unescape(said))
    yield said
    yield plain
    yield re.sub(r"(?<=\d)[,\u202f\u00a0\u2009' ](?=\d)", "", plain)
    for found in set(_ENCODED.findall(said)):
        yield _decoded(found)


def _decoded(text: str) -> str:
    padded = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        raw = base64.b64decode(padded + "=" * (-len(padded) % 4))
    except (binascii.Error, ValueError):
        return ""
    # A signature before the content shifts nothing: base64 is read from the front.
    return raw.decode("utf-8", "ignore")


def same(found: httpx.Response, missing: httpx.Response) -> None:
    """Byte-equal, but for the request's own number and address."""
    assert found.status_code == missing.status_code, (found.text, missing.text)
    headers = [{k: v for k, v in one.headers.items() if k != "x-request-id"} for one in (found, missing)]
    assert headers[0] == headers[1]
    assert told(found) == told(missing)


def told(answer: httpx.Response) -> str:
    """What a page says, with the request's number and its one-time parts left out."""
    text = re.sub(r"\b[0-9a-f]{12}\b", "REQUEST", answer.text)
    return re.sub(r"\b\d+\b", "N", text)


def digest(database: Database) -> str:
    """Of everything that is stored, besides what a refused request may add to."""
    found = hashlib.sha256()
    with database.reading() as connection:
        if database.dialect == "sqlite":
            names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
        else:
            names = connection.exec_driver_sql(
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            ).scalars()
        for name in sorted(set(names) - UNTOLD):
            if not name.startswith("sqlite_"):
                found.update(name.encode() + _content(connection, name))
    return found.hexdigest()


def _content(connection: sa.Connection, table: str) -> bytes:
    if connection.dialect.name == "postgresql":
        statement = f"""SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM "{table}" t"""
        return str(connection.exec_driver_sql(statement).scalar_one()).encode()
    rows = connection.exec_driver_sql(f'SELECT * FROM "{table}"').fetchall()
    return "|".join(sorted(repr(tuple(row)) for row in rows)).encode()
