"""Rollups over backlinks stay right, however many people save at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from engine.change import system
from engine.runtime.past import past
from engine.runtime.removal import restore
from tests.crm import Crm

WORK = [{"what": "Look", "rate": 500}]


def paid_job(shop: Crm, customer: int, name: str) -> int:
    boss = shop.sign_in("Bea", "boss")
    job = shop.create("job", boss, name=name, customer=customer, works=WORK)
    shop.update("job", job, boss, stage="ready")
    shop.update("job", job, boss, stage="paid")
    return job


def spent(shop: Crm, customer: int) -> tuple[object, object, object]:
    values = shop.get("customer", customer).values
    return values["spent"], values["jobs_n"], values["grade"]


def test_a_customers_figures_follow_the_jobs(shop: Crm) -> None:
    ada, bob = shop.create("customer", name="Ada"), shop.create("customer", name="Bob")
    assert spent(shop, ada) == (Decimal("0.00"), 0, "plain")

    paid_job(shop, ada, "Clock")
    assert spent(shop, ada) == (Decimal("500.00"), 1, "plain")
    second = paid_job(shop, ada, "Watch")
    assert spent(shop, ada) == (Decimal("1000.00"), 2, "gold")

    shop.update("job", second, customer=bob)
    assert spent(shop, ada) == (Decimal("500.00"), 1, "plain")
    assert spent(shop, bob) == (Decimal("500.00"), 1, "plain")

    shop.delete("job", second)
    assert spent(shop, bob) == (Decimal("0.00"), 0, "plain")
    restore(shop.site, system(), "job", second)
    assert spent(shop, bob) == (Decimal("500.00"), 1, "plain")


def test_figures_that_follow_conflict_with_nobody_but_are_in_the_history(shop: Crm) -> None:
    ada = shop.create("customer", name="Ada")

    paid_job(shop, ada, "Clock")

    assert shop.version("customer", ada) == 1
    newest = past(shop.site, system(), "customer", ada)[0]
    assert newest.action == "computed"
    assert {change.field.name for change in newest.changes} == {"spent"}


def test_sixteen_people_saving_at_once_lose_nothing(shop: Crm) -> None:
    ada = shop.create("customer", name="Ada")
    bob = shop.create("customer", name="Bob")

    def work(person: int) -> None:
        for number in range(4):
            job = shop.create("job", name=f"{person}/{number}", customer=(ada, bob)[number % 2], works=WORK)
            shop.update("job", job, customer=(bob, ada)[number % 2])

    with ThreadPoolExecutor(16) as people:
        list(people.map(work, range(16)))

    assert spent(shop, ada)[1] == spent(shop, bob)[1] == 32
    numbers = [row["number"] for row in shop.list("job", fields=("number",), size=100)]
    assert sorted(numbers) == [f"J-{n:03}" for n in range(1, 65)]
