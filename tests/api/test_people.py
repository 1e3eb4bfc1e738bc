"""Who gives whom which roles, who is closed out, and whose records go to whom."""

from __future__ import annotations

import pytest

from engine.change import Actor, Forbidden, InvalidRecord, NotFound, system
from engine.runtime import people
from engine.runtime.handover import hand_over, held_by
from engine.runtime.site import Site
from engine.store import security_log
from tests.api.conftest import Firm, Program

PASSWORD = "correct horse battery"
CLERK = frozenset({"people"})


def make(site: Site, login: str, *roles: str) -> int:
    """A person made by the console."""
    return people.add(site, system(), name=login, login=login, roles=roles, password=None)


def clerk(site: Site) -> Actor:
    """Somebody who may manage people, and nothing else."""
    return Actor(make(site, "clerk", "rep"), "clerk", frozenset({"rep"}), CLERK)


def test_nobody_gives_what_they_do_not_have(firm: Firm) -> None:
    boss, plain = make(firm.site, "boss", "administrator"), make(firm.site, "plain", "rep")
    actor = clerk(firm.site)
    people.give_roles(firm.site, actor, plain, ["rep", "manager"])
    before = firm.digest()
    with pytest.raises(Forbidden, match="config"):
        people.give_roles(firm.site, actor, plain, ["administrator"])
    with pytest.raises(Forbidden):
        people.add(firm.site, actor, name="x", login="x", roles=["administrator"], password=PASSWORD)
    with pytest.raises(Forbidden):
        people.set_password(firm.site, actor, boss, PASSWORD)
    with pytest.raises(Forbidden):
        people.give_roles(firm.site, actor, boss, ["rep"])
    with pytest.raises(Forbidden):
        people.close(firm.site, actor, boss)
    with pytest.raises(Forbidden):
        people.give_roles(firm.site, Actor(plain, "plain", frozenset({"rep"})), plain, ["manager"])
    with pytest.raises(InvalidRecord, match="no role 'boss'"):
        people.give_roles(firm.site, system(), plain, ["boss"])
    with pytest.raises(NotFound):
        people.give_roles(firm.site, system(), 4242, ["rep"])
    assert firm.digest() == before


def test_somebody_is_left_who_manages_people(firm: Firm) -> None:
    boss = make(firm.site, "boss", "administrator")
    with pytest.raises(InvalidRecord, match="manage people"):
        people.give_roles(firm.site, system(), boss, ["rep"])
    with pytest.raises(InvalidRecord, match="manage people"):
        people.close(firm.site, system(), boss)
    second = make(firm.site, "second", "administrator")
    people.close(firm.site, system(), boss)
    assert people.actor_by_login(firm.site, "boss") is None
    people.reopen(firm.site, system(), boss)
    assert people.actor_by_login(firm.site, "boss") is not None
    with firm.site.database.reading() as connection:
        events = [event.event for event in security_log.read(connection, firm.site.tables)]
    assert events[:2] == ["user_reopened", "user_closed"]
    assert second


def test_a_leaver_s_records_go_to_an_heir(firm: Firm, rep: Program, other: Program) -> None:
    mine = [rep.make("deal", name=f"d{n}", items=[{"what": "a", "price": "1"}])["id"] for n in range(3)]
    make(firm.site, "boss", "administrator")
    actor = Actor(other.user, "r2", frozenset({"rep"}), CLERK)
    assert [(held.field.name, held.count) for held in held_by(firm.site, rep.user)] == [("owner", 3)]
    with pytest.raises(Forbidden):
        hand_over(firm.site, Actor(other.user, "r2", frozenset({"rep"})), leaver=rep.user, heir=other.user)
    outcome = hand_over(firm.site, actor, leaver=rep.user, heir=other.user)
    assert (outcome.changed, outcome.refused) == (3, [])
    assert rep.get("/deal").json()["total"] == 0
    for id in mine:
        deal = other.get(f"/deal/{id}").json()
        assert deal["owner"] == {"id": other.user, "title": "r2"}
        assert deal["updated_by"] == {"id": other.user, "title": "r2"}
        assert [line["what"] for line in deal["items"]] == ["a"]


def test_the_first_administrator_s_link_works_once(firm: Firm) -> None:
    secret = people.setup_secret(firm.site)
    assert secret is not None
    assert people.setup_open(firm.site, secret)
    forged = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    for wrong in ("", "x", "-", "--", forged, f"fffffffff{secret[8:]}"):
        assert not people.setup_open(firm.site, wrong), wrong
    with pytest.raises(InvalidRecord, match="at least"):
        people.set_up(firm.site, secret=secret, name="李", login="li", password="short")
    people.set_up(firm.site, secret=secret, name="李", login="li", password=PASSWORD)
    assert not people.setup_open(firm.site, secret)
    assert people.setup_secret(firm.site) is None
    with pytest.raises(NotFound):
        people.set_up(firm.site, secret=secret, name="x", login="x", password=PASSWORD)
    made = people.actor_by_login(firm.site, "li")
    assert made is not None
    assert "people" in made.may
