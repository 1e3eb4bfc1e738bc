"""The engine's own tables. Their names begin with forme_, which no entity of a config may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from engine.columns import BigInteger, Flag, Json, Moment, PlainText

FORMAT: Final = 1
"""The layout of these tables. A later release that changes it counts up; an older one then refuses the database."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EngineTables:
    """What the engine keeps besides the firm's records."""

    store: sa.Table
    """One row: the layout's number. Whoever applies a config locks it."""
    revision: sa.Table
    source: sa.Table
    text: sa.Table
    """Source texts by digest: revisions that share a file share its text."""
    history: sa.Table
    credential: sa.Table
    user_role: sa.Table
    login_failure: sa.Table
    session: sa.Table
    token: sa.Table
    file: sa.Table
    sequence: sa.Table
    idempotency: sa.Table
    security_log: sa.Table
    grams: sa.Table
    """The search index on PostgreSQL (on SQLite each entity has an FTS5 table of its own)."""


def define(metadata: sa.MetaData) -> dict[str, sa.Table]:
    """All engine tables, in this MetaData."""
    return {
        **_of_the_config(metadata),
        **_of_people(metadata),
        **_of_records(metadata),
    }


def _table(name: str, metadata: sa.MetaData, *parts: Any) -> sa.Table:
    return sa.Table(f"forme_{name}", metadata, *parts, sqlite_strict=True, sqlite_autoincrement=True)


def _id() -> sa.Column[Any]:
    return sa.Column("id", BigInteger(), sa.Identity(always=False), primary_key=True)


def _integer(name: str, *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, BigInteger(), nullable=null, primary_key=key, autoincrement=False)


def _text(name: str, *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, PlainText(), nullable=null, primary_key=key)


def _moment(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Moment(), nullable=null)


def _of_the_config(metadata: sa.MetaData) -> dict[str, sa.Table]:
    return {
        "store": _table("store", metadata, _integer("id", key=True), _integer("format")),
        "revision": _table(
            "revision", metadata, _integer("number", key=True), _moment("at"), _integer("by", null=True),
            _text("digest"), sa.Column("versions", Json(), nullable=False),
            sa.Column("snapshot", Json(), nullable=False),
        ),
        "source": _table(
            "source", metadata, _integer("revision", key=True), _integer("position", key=True), _text("layer"),
            _text("path"), _text("digest"),
        ),
        "text": _table("text", metadata, _text("digest", key=True), _text("text")),
    }  # fmt: skip


def _of_people(metadata: sa.MetaData) -> dict[str, sa.Table]:
    return {
        "credential": _table(
            "credential", metadata, _integer("user_id", key=True), _text("password_hash", null=True),
            _integer("version"), _moment("changed_at"), sa.Column("must_change", Flag(), nullable=False),
        ),
        "user_role": _table("user_role", metadata, _integer("user_id", key=True), _text("role", key=True)),
        "login_failure": _table(
            "login_failure", metadata, _id(), _text("account"), _text("address"), _moment("at"),
            sa.Index("ix__forme_login_failure__account", "account", "at"),
        ),
        "session": _table(
            "session", metadata, _text("digest", key=True), _integer("user_id"), _integer("credential_version"),
            _text("csrf"), _moment("created_at"), _moment("seen_at"), _moment("expires_at"), _text("address"),
            _text("agent"), sa.Index("ix__forme_session__user", "user_id"),
            sa.Index("ix__forme_session__expires", "expires_at"),
        ),
        "token": _table(
            "token", metadata, _id(), _integer("user_id"), _text("name"), _text("prefix"), _text("digest"),
            _moment("created_at"), _moment("expires_at", null=True), _moment("used_at", null=True),
            _moment("revoked_at", null=True), sa.Index("uq__forme_token__prefix", "prefix", unique=True),
            sa.Index("ix__forme_token__user", "user_id"),
        ),
        "security_log": _table(
            "security_log", metadata, _id(), _moment("at"), _text("event"), _integer("user_id", null=True),
            _text("account"), _text("address"), sa.Column("details", Json(), nullable=False),
        ),
    }  # fmt: skip


def _of_records(metadata: sa.MetaData) -> dict[str, sa.Table]:
    grams = _table(
        "grams", metadata, _text("entity", key=True), _integer("record_id", key=True),
        sa.Column("grams", postgresql.ARRAY(sa.Text(collation="C")), nullable=False),
    )  # fmt: skip
    grams.info["dialect"] = "postgresql"
    # What was written lately is searched one by one until it is sorted in: a short list keeps that below a millisecond.
    pending = {"gin_pending_list_limit": 256}
    sa.Index("ix__forme_grams__grams", grams.c.grams, postgresql_using="gin", postgresql_with=pending)
    return {
        "grams": grams,
        "history": _table(
            "history", metadata, _id(), _moment("at"), _integer("actor", null=True), _text("actor_name"),
            _text("entity"), _integer("record_id"), _text("root_entity"), _integer("root_id"), _text("action"),
            sa.Column("changes", Json(), nullable=False), _text("source"), _text("rule"),
            sa.Index("ix__forme_history__root", "root_entity", "root_id", "id"),
        ),
        "file": _table(
            "file", metadata, _id(), _text("name"), _text("type"), _integer("size"), _text("digest"),
            _integer("created_by", null=True), _moment("created_at"), _moment("used_at", null=True),
            sa.Index("ix__forme_file__digest", "digest"),
        ),
        "sequence": _table(
            "sequence", metadata, _text("entity", key=True), _text("field", key=True), _text("period", key=True),
            _integer("last"),
        ),
        "idempotency": _table(
            "idempotency", metadata, _text("actor", key=True), _text("route", key=True), _text("key", key=True),
            _text("digest"), _integer("status", null=True), _text("headers"), _text("body"), _moment("at"),
            sa.Index("ix__forme_idempotency__at", "at"),
        ),
    }  # fmt: skip
