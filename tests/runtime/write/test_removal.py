"""The recycle bin: what goes together comes back together."""

from __future__ import annotations

import pytest

from engine.change import Conflict, Forbidden, InvalidRecord, NotFound, system
from engine.runtime.removal import delete, restore
from tests.crm import Crm


def test_what_is_linked_restricts_follows_or_lets_go(shop: Crm) -> None:
    customer = shop.create("customer", name="Ada")
    job = shop.create("job", name="Clock", customer=customer, works=[{"what": "Look", "rate": 5}])
    advice = shop.create("advice", text="Oil it", job=job, customer=customer)

    with pytest.raises(InvalidRecord) as used:
        shop.delete("customer", customer)
    shop.delete("job", job)
    assert not shop.sees("advice", advice, system())
    loose = shop.create("advice", text="Come again", customer=customer)
    shop.delete("customer", customer)

    assert [error.code for error in used.value.errors] == ["in_use"]
    assert shop.get("advice", loose).values["customer"] is None


def test_a_cascade_comes_back_whole(shop: Crm) -> None:
    customer = shop.create("customer", name="Ada")
    job = shop.create("job", name="Clock", customer=customer, works=[{"what": "Look", "rate": 5}])
    advice = shop.create("advice", text="Oil it", job=job)
    shop.delete("job", job)

    restore(shop.site, system(), "job", job)

    assert shop.get("job", job).lines["works"][0].values["what"] == "Look"
    assert shop.get("advice", advice).values["job"].id == job
    assert shop.titles("job", q="") == ["J-001 Clock"]


def test_a_restore_that_conflicts_is_refused_and_names_both(shop: Crm) -> None:
    first = shop.create("customer", name="Ada")
    shop.delete("customer", first)
    shop.create("customer", name="ADA")

    with pytest.raises(InvalidRecord) as refused:
        restore(shop.site, system(), "customer", first)

    assert refused.value.errors[0].code == "restore_not_unique"
    assert "Ada" in refused.value.errors[0].message


def test_a_restore_needs_what_it_links_to(shop: Crm) -> None:
    customer = shop.create("customer", name="Ada")
    job = shop.create("job", name="Clock", customer=customer)
    shop.delete("job", job)
    shop.delete("customer", customer)

    with pytest.raises(InvalidRecord) as refused:
        restore(shop.site, system(), "job", job)

    assert refused.value.errors[0].code == "restore_link_gone"


def test_deleting_asks_for_the_right_and_the_version(shop: Crm) -> None:
    boss, mechanic = shop.sign_in("Bea", "boss"), shop.sign_in("Max", "mechanic")
    customer = shop.create("customer", mechanic, name="Ada")

    with pytest.raises(Forbidden):
        delete(shop.site, mechanic, "customer", customer, 1)
    with pytest.raises(Conflict):
        delete(shop.site, boss, "customer", customer, 7)
    delete(shop.site, boss, "customer", customer, 1)
    with pytest.raises(NotFound):
        delete(shop.site, boss, "customer", customer, 2)
    with pytest.raises(Forbidden):
        restore(shop.site, mechanic, "customer", customer)
    restore(shop.site, boss, "customer", customer)

    assert shop.sees("customer", customer, boss)


def test_who_restores_what_went_along_may_restore_what_it_went_with(shop: Crm) -> None:
    keeper = shop.sign_in("Kim", "mechanic", "keeper")
    customer = shop.create("customer", name="Ada")
    job = shop.create("job", name="Clock", customer=customer)
    advice = shop.create("advice", text="Oil it", job=job)
    shop.delete("job", job)

    with pytest.raises(Forbidden):
        restore(shop.site, keeper, "advice", advice)
    assert not shop.sees("job", job, system())
