"""Secret fields: stored encrypted, shown to nobody, kept out of the history."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from engine.change import Draft, InvalidQuery, system
from engine.runtime.past import past
from engine.runtime.save import save
from engine.runtime.secrets import Unreadable, decrypt
from tests.crm import KEY, Crm

PORTALS = """
app: {name: Portals, locale: en, locales: [en], timezone: UTC, currency: EUR}
terms: {portal: {en: {one: Portal, other: Portals}}}
entities:
  portal:
    title: "{name}"
    fields:
      name:     {type: text, label: Name, required: true}
      password: {type: secret, label: Password}
"""
CANARY = "canary-7f3a-opensesame"


def stored(crm: Crm, id: int) -> bytes:
    table = crm.site.tables.entities["portal"]
    with crm.site.database.reading() as connection:
        return bytes(connection.execute(sa.select(table.c.password).where(table.c.id == id)).scalar_one())


def test_a_secret_is_nowhere_in_clear(database_url: str) -> None:
    with Crm.load(PORTALS, database_url) as crm:
        portal = crm.create("portal", name="Customs", password=CANARY)

        assert CANARY.encode() not in stored(crm, portal)
        assert decrypt(KEY, ("portal", "password", portal), stored(crm, portal)) == CANARY
        assert CANARY not in repr(crm.get("portal", portal)) + repr(past(crm.site, system(), "portal", portal))
        with crm.site.database.reading() as connection:
            assert CANARY not in json.dumps(
                [str(row) for row in connection.execute(sa.select(crm.site.tables.history))]
            )
        with pytest.raises(InvalidQuery):
            crm.url("portal", f"f.password={CANARY}")
        with pytest.raises(InvalidQuery):
            crm.url("portal", "sort=password")


def test_a_ciphertext_moved_to_another_record_does_not_open(database_url: str) -> None:
    with Crm.load(PORTALS, database_url) as crm:
        one = crm.create("portal", name="One", password=CANARY)
        other = crm.create("portal", name="Other")

        with pytest.raises(Unreadable):
            decrypt(KEY, ("portal", "password", other), stored(crm, one))


def test_a_form_that_leaves_the_secret_empty_keeps_it(database_url: str) -> None:
    with Crm.load(PORTALS, database_url) as crm:
        portal = crm.create("portal", name="Customs", password=CANARY)
        before = stored(crm, portal)

        save(crm.site, system(), Draft("portal", {"name": "Customs 2", "password": ""}, id=portal, source="form"))
        assert stored(crm, portal) == before
        save(crm.site, system(), Draft("portal", {"password": None}, id=portal))

        assert crm.get("portal", portal).values["password"] is None
