"""Showing a secret value to somebody who may read it: on one record, at one moment, and noted for the auditor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from engine.change import Actor, NotFound
from engine.columns import BigInteger
from engine.model import Entity
from engine.runtime.inquiry import Inquiry, inquire, known_entity
from engine.runtime.secrets import decrypt
from engine.runtime.site import Site
from engine.store import security_log


def reveal(site: Site, actor: Actor, entity: str, id: int, field: str, *, address: str = "") -> str:
    """The secret in clear. The security log has it that it was shown, before it is.

    Raises NotFound: there is none, or the actor may not read it on this record; and Unreadable when it was encrypted
    with another installation's key.
    """
    with inquire(site, actor) as inquiry:
        known = known_entity(inquiry, entity)
        kept = _readable(inquiry, known, id, [field] if field in known.fields else [])
    if field not in kept:
        raise NotFound(field)
    text = decrypt(site.key, (entity, field, id), kept[field])
    with site.database.writing() as connection:
        security_log.write(
            connection, site.tables, "secret_shown", site.now(), user=actor.user, account=actor.name, address=address,
            details={"entity": entity, "field": field, "record": id},
        )  # fmt: skip
    return text


def revealable(site: Site, actor: Actor, entity: str, id: int) -> frozenset[str]:
    """The secret fields that hold something on this record and that the actor may have shown."""
    if not any(field.kind.secret for field in site.model.entities[entity].fields.values()):
        return frozenset()
    with inquire(site, actor) as inquiry:
        known = known_entity(inquiry, entity)
        return frozenset(_readable(inquiry, known, id, known.fields))


def _readable(inquiry: Inquiry, entity: Entity, id: int, names: Iterable[str]) -> Mapping[str, bytes]:
    """The ciphertexts of those secret fields whose value, not only its mask, may be read on this very record."""
    wanted = tuple(
        name for name in names if entity.fields[name].kind.secret and inquiry.access.reading(entity.name, name).open
    )
    if not wanted:
        return {}
    rows = inquiry.rows(("reveal", entity.name, wanted), lambda: _statement(inquiry, entity, wanted), {"sought": id})
    return {name: kept for row in rows for name, kept in zip(wanted, row, strict=True) if kept is not None}


def _statement(inquiry: Inquiry, entity: Entity, names: Iterable[str]) -> sa.Select[Any]:
    sql, source = inquiry.sql, inquiry.sql.open(entity.name)
    values = [sql.column(source, entity.name, name).label(name) for name in names]
    chosen = sa.select(*values).where(source.alias.c.id == sa.bindparam("sought", None, type_=BigInteger()))
    return chosen if source.condition is None else chosen.where(source.condition)
