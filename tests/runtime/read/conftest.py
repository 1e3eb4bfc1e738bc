from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from engine.change import Actor
from tests.crm import Crm
from tests.runtime.read.firm import FIRM


@dataclass
class Firm:
    """The firm with Ann and Bob, who are reps, and a deal of each."""

    crm: Crm
    ann: Actor
    bob: Actor
    mia: Actor
    acme: int
    other: int
    anns: int
    bobs: int


@pytest.fixture
def firm(database_url: str) -> Iterator[Firm]:
    with Crm.load(FIRM, database_url) as crm:
        ann, bob, mia = crm.sign_in("Ann", "rep"), crm.sign_in("Bob", "rep"), crm.sign_in("Mia", "manager")
        acme = crm.create("customer", name="ACME Press", phone="13800138000", secret="canary-acme", owner=ann.user)
        other = crm.create("customer", name="Hidden House", phone="13911112222", secret="canary-other", owner=bob.user)
        parts = [
            {"what": "Cover", "copies": 500, "cost": "77.77", "steps": [{"machine": "Offset", "minutes": 12}]},
            {"what": "Inside", "copies": 500, "cost": "88.88"},
        ]
        anns = crm.create(
            "deal", name="Catalogue", customer=acme, amount="100.50", margin="12345.67", note="soft cover",
            closes="2026-02-01", tags=["rush", "art"], owner=ann.user, parts=parts,
        )  # fmt: skip
        bobs = crm.create("deal", name="Poster", customer=other, amount="200", margin="54321", owner=bob.user)
        yield Firm(crm, ann, bob, mia, acme, other, anns, bobs)
