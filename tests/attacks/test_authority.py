"""Authority that has gone, or never was: A45 to A50."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.change import NOBODY, Draft, Forbidden, NotFound, system
from engine.runtime.browse import ListQuery, browse
from engine.runtime.past import past
from engine.runtime.record import read_record
from engine.runtime.removal import delete, restore
from engine.runtime.save import save
from engine.store import tokens
from tests.attacks.world import World


@pytest.mark.attack("A45")
def test_a_role_that_is_taken_away_is_gone_at_the_next_request(world: World) -> None:
    person = world.hire("leaver", "rep")
    person.sign_in()
    assert person.get("/deal").status_code == 200 and person.page("/deal").status_code == 200
    world.give_roles("leaver")
    assert person.get("/deal").status_code == 404 and person.page("/deal").status_code == 404
    world.give_roles("leaver", "manager")
    assert person.get("/deal/1").status_code == 200
    world.give_roles("leaver", "no longer in the config")
    assert person.get("/deal/1").status_code == 404


@pytest.mark.attack("A45", "A52")
def test_a_closed_account_is_closed_everywhere_at_once(world: World) -> None:
    person = world.hire("closed", "rep")
    person.sign_in()
    token, session = person.token, person.session
    assert world.admin.send(f"/-/people/{person.id}/active", {"active": "no"}).status_code == 303
    assert person.get("/deal").status_code == 401
    assert person.page("/deal").status_code == 303
    assert person.send("/deal/new", {"name": "x"}).status_code in (303, 401)
    assert world.sign_in("closed").status_code == 401
    # Opened again: what was issued before stays void.
    assert world.admin.send(f"/-/people/{person.id}/active", {"active": "yes"}).status_code == 303
    person.token, person.session = token, session
    assert person.get("/deal").status_code == 401 and person.page("/deal").status_code == 303
    assert person.sign_in() != session


@pytest.mark.attack("A45")
def test_ownership_decides_at_each_request(world: World) -> None:
    deal = world.r1.make("deal", name="Handed over", account=world.ids["A1"])
    version = world.r1.version(f"/deal/{deal}")
    assert world.r1.page(f"/deal/{deal}/edit").status_code == 200
    answer = world.r1.api("PATCH", f"/deal/{deal}", {"owner": world.r2.id, "version": version})
    assert answer.status_code == 200 and answer.json().keys() == {"id", "version"}
    assert world.r1.get(f"/deal/{deal}").status_code == 404
    assert world.r1.send(f"/deal/{deal}/edit", {"name": "x", "_version": str(version + 1)}).status_code == 404


@pytest.mark.attack("A47")
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer null", "Bearer undefined", "Basic cjE6eA==",
    "bearer forme_",
                                    "Bearer forme_00000000_", "Bearer {token}x", "Bearer {short}", "Token {token}",
                                    "{token}",
                                    "Bearer {token} {token}", "Bearer\t{token}", "Bearer {upper}",
                                    "Bearer " + "x" * 5000])  # fmt: skip
def test_a_credential_that_is_none_opens_nothing(world: World, header: str) -> None:
    token = world.r1.token
    sent = header.format(token=token, short=token[:-1], upper=token.upper())
    for path in ("/api/v1/deal", "/api/v1/deal/1", "/api/v1/openapi.json", "/api/v1/user"):
        answer = world.request("GET", path, headers={"Authorization": sent})
        assert answer.status_code == 401, (sent, answer.text)
        assert answer.headers["www-authenticate"] == "Bearer"
    for method, path in (("POST", "/api/v1/deal"), ("PATCH", "/api/v1/deal/1"), ("DELETE", "/api/v1/deal/1"),
                         ("POST", "/api/v1/deal/bulk"), ("POST", "/api/v1/files")):  # fmt: skip
        assert world.request(method, path, headers={"Authorization": sent}, json={}).status_code == 401


@pytest.mark.attack("A47")
def test_nobody_may_nothing_below_the_web_either(world: World) -> None:
    site, deal = world.site, world.ids["D1"]
    for ask in (
        lambda: browse(site, NOBODY, ListQuery(entity="deal")), lambda: read_record(site, NOBODY, "deal", deal),
        lambda: save(site, NOBODY, Draft("deal", {"name": "x"})), lambda: save(site, NOBODY, Draft("deal",
            {"name": "x"}, id=deal)),
        lambda: delete(site, NOBODY, "deal", deal, 1), lambda: restore(site, NOBODY, "deal", deal),
        lambda: past(site, NOBODY, "deal", deal), lambda: read_record(site, NOBODY, "user", 1),
        lambda: browse(site, NOBODY, ListQuery(entity="user")), lambda: save(site, NOBODY, Draft("user",
            {"name": "x"})),
    ):  # fmt: skip
        with pytest.raises((NotFound, Forbidden)):
            ask()
    assert not NOBODY.system and system().system


@pytest.mark.attack("A47", "A59")
def test_a_token_that_is_revoked_or_over_opens_nothing(world: World) -> None:
    person = world.hire("lender", "rep")
    person.sign_in()
    with world.site.database.writing() as connection:
        text, token = tokens.create(
            connection, world.site.tables, person.id, "short", world.site.now(),
            expires_at=world.site.now() + timedelta(hours=1),
        )  # fmt: skip
    world.changed()
    person.token = text
    assert person.get("/deal").status_code == 200
    world.changed()
    assert world.r1.send(f"/-/account/tokens/{token.id}/revoke").status_code == 404, "it is not r1's"
    assert person.get("/deal").status_code == 200
    with world.later(timedelta(hours=2)):
        assert person.get("/deal").status_code == 401
    assert person.get("/deal").status_code == 200
    assert person.send(f"/-/account/tokens/{token.id}/revoke").status_code == 303
    assert person.get("/deal").status_code == 401


@pytest.mark.attack("A45")
def test_a_deleted_person_is_nobody(world: World) -> None:
    person = world.hire("deleted", "rep")
    person.sign_in()
    delete(world.site, system(), "user", person.id, 1)
    world.changed()
    assert person.get("/deal").status_code == 401
    assert person.page("/deal").status_code == 303
    assert world.sign_in("deleted").status_code == 401
