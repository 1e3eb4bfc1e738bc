"""Saving records: what is refused, what is worked out, and what is never lost."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.change import (
    Conflict,
    Draft,
    Forbidden,
    InvalidRecord,
    NeedsConfirmation,
    NotFound,
    VersionRequired,
    system,
)
from engine.runtime.copying import copy
from engine.runtime.past import past
from engine.runtime.save import move_stage, save
from tests.crm import Crm


def codes(refused: pytest.ExceptionInfo[InvalidRecord]) -> dict[str, str]:
    """What was wrong, by place."""
    return {error.field: error.code for error in refused.value.errors}


def test_a_new_job_takes_its_defaults_in_the_order_of_their_dependencies(shop: Crm) -> None:
    customer = shop.create("customer", name="Ada")

    job = shop.get("job", shop.create("job", name="Clock", customer=customer, urgent=True))

    assert job.values["number"] == "J-001"
    assert (job.values["due"] - shop.site.today()).days == 2
    assert job.values["stage"] == "waiting"
    assert job.values["kind"] == "bench"
    assert job.values["total"] == Decimal("0.00")


def test_every_mistake_of_a_draft_is_told_at_once_with_its_place(shop: Crm) -> None:
    with pytest.raises(InvalidRecord) as refused:
        shop.create("job", kind="visit", due="yesterday", works=[{"what": "x", "rate": "dear"}, {"rate": 1}, 5])

    assert codes(refused) == {
        "name": "required",
        "customer": "required",
        "address": "required",
        "due": "bad_date",
        "works.0.rate": "not_a_number",
        "works.1.what": "required",
        "works.2": "not_a_line",
    }
    assert shop.titles("job") == []


def test_unknown_hidden_and_system_fields_refuse_the_whole_draft(shop: Crm) -> None:
    mechanic = shop.sign_in("Max", "mechanic")
    customer = shop.create("customer", mechanic, name="Ada")

    with pytest.raises(InvalidRecord) as refused:
        shop.create(
            "job", mechanic, name="Clock", customer=customer, discount="0.10", nonsense=1, created_at="2020-01-01"
        )

    assert codes(refused) == {"discount": "unknown_field", "nonsense": "unknown_field", "created_at": "read_only"}
    assert shop.titles("job") == []


def test_lines_are_matched_by_id_made_without_one_and_deleted_when_absent(shop: Crm) -> None:
    customer = shop.create("customer", name="Ada")
    works = [{"what": "Clean", "rate": 40}, {"what": "Spring", "rate": 50, "parts": [{"price": 12.5}]}]
    job = shop.create("job", name="Clock", customer=customer, works=works)
    clean, spring = shop.get("job", job).lines["works"]
    assert shop.get("job", job).values["total"] == Decimal("102.50")

    shop.update("job", job, works=[{"id": spring.id, "hours": "2"}, {"what": "Oil", "rate": 5}])

    after = shop.get("job", job)
    assert [line.values["what"] for line in after.lines["works"]] == ["Spring", "Oil"]
    assert after.lines["works"][0].id == spring.id
    assert after.lines["works"][0].lines["parts"][0].values["price"] == Decimal("12.50")
    assert after.values["total"] == Decimal("117.50")
    assert clean.id not in {line.id for line in after.lines["works"]}


def test_a_line_of_another_record_cannot_be_taken(shop: Crm) -> None:
    customer = shop.create("customer", name="Ada")
    one = shop.create("job", name="One", customer=customer, works=[{"what": "Clean", "rate": 40}])
    other = shop.create("job", name="Other", customer=customer)
    line = shop.get("job", one).lines["works"][0]

    with pytest.raises(InvalidRecord) as refused:
        shop.update("job", other, works=[{"id": line.id, "rate": 1}])

    assert codes(refused) == {"works.0.id": "no_such_line"}
    assert shop.get("job", one).lines["works"][0].values["rate"] == Decimal("40.00")


def test_new_lines_of_one_draft_link_to_each_other_by_key(shop: Crm) -> None:
    customer = shop.create("customer", name="Ada")
    works = [{"what": "Fit", "rate": 1, "before": {"key": "k1"}}, {"key": "k1", "what": "Strip", "rate": 1}]

    job = shop.get("job", shop.create("job", name="Clock", customer=customer, works=works))

    fit, strip = job.lines["works"]
    assert fit.values["before"].id == strip.id


def test_an_update_names_its_version_and_a_stale_one_is_a_conflict(shop: Crm) -> None:
    boss = shop.sign_in("Bea", "boss")
    customer = shop.create("customer", boss, name="Ada")
    shop.update("customer", customer, name="Ada L")

    with pytest.raises(VersionRequired):
        save(shop.site, boss, Draft("customer", {"name": "B"}, id=customer))
    with pytest.raises(Conflict):
        save(shop.site, boss, Draft("customer", {"name": "B"}, id=customer, version=1))

    assert shop.get("customer", customer).values["name"] == "Ada L"


def test_saving_what_stands_already_changes_nothing(shop: Crm) -> None:
    customer = shop.create("customer", name="Ada")

    change = shop.update("customer", customer, name="Ada")

    assert change.action == "unchanged"
    assert shop.version("customer", customer) == 1
    assert [event.action for event in past(shop.site, system(), "customer", customer)] == ["created"]


def test_unique_values_ignore_case_width_and_spaces_and_count_live_records_only(shop: Crm) -> None:
    first = shop.create("customer", name="Ada  Ltd")
    with pytest.raises(InvalidRecord) as refused:
        shop.create("customer", name=" ada  ＬＴＤ ")
    assert codes(refused) == {"name": "not_unique"}

    shop.delete("customer", first)

    assert shop.create("customer", name="ada  ltd")


def test_a_field_that_does_not_show_is_empty_yet_kept(shop: Crm) -> None:
    customer = shop.create("customer", name="Ada")
    job = shop.create("job", name="Clock", customer=customer, kind="visit", address="1 High St")

    shop.update("job", job, kind="bench")
    assert shop.get("job", job).values["address"] is None
    shop.update("job", job, kind="visit")

    assert shop.get("job", job).values["address"] == "1 High St"


def test_a_read_only_condition_holds_for_every_caller(shop: Crm) -> None:
    plain, vip = shop.create("customer", name="Ada"), shop.create("customer", name="Bob", vip=True)
    work = [{"what": "Clean", "rate": 100}]

    with pytest.raises(InvalidRecord) as refused:
        shop.create("job", name="Clock", customer=plain, discount="0.10", works=work)
    job = shop.create("job", name="Clock", customer=vip, discount="0.10", works=work)

    assert codes(refused) == {"discount": "read_only"}
    assert shop.get("job", job).values["total"] == Decimal("90.00")


def test_a_figure_that_is_typed_over_stays_until_it_is_cleared(shop: Crm) -> None:
    customer = shop.create("customer", name="Ada")
    job = shop.create("job", name="Clock", customer=customer, works=[{"what": "Clean", "rate": 100}])

    shop.update("job", job, total="80")
    shop.update("job", job, works=[{"what": "Clean", "rate": 300}])
    typed = shop.get("job", job)
    shop.update("job", job, total=None)

    assert typed.values["total"] == Decimal("80.00")
    assert "total" in typed.typed
    assert shop.get("job", job).values["total"] == Decimal("300.00")


def test_checks_refuse_and_warn_with_the_firms_words(shop: Crm) -> None:
    customer = shop.create("customer", name="Ada")
    job = shop.create("job", name="Clock", customer=customer, works=[{"what": "Look", "rate": 5}])

    with pytest.raises(InvalidRecord) as refused:
        shop.update("job", job, stage="ready")
    assert [(e.check, e.message) for e in refused.value.errors] == [("too_cheap", "Nothing leaves the shop below 10.")]

    dear = Draft("job", {"works": [{"what": "Gold", "rate": 9000}]}, id=job, version=1)
    with pytest.raises(NeedsConfirmation) as warned:
        save(shop.site, system(), dear)
    assert [error.check for error in warned.value.errors] == ["very_dear"]
    confirmed = Draft("job", dear.values, id=job, version=1, confirmed=frozenset({"very_dear"}))
    assert save(shop.site, system(), confirmed).version == 2


def test_stages_move_as_the_pipeline_allows(shop: Crm) -> None:
    boss, mechanic = shop.sign_in("Bea", "boss"), shop.sign_in("Max", "mechanic")
    customer = shop.create("customer", mechanic, name="Ada")
    job = shop.create("job", mechanic, name="Clock", customer=customer, due=None, works=[{"what": "Look", "rate": 50}])

    with pytest.raises(InvalidRecord) as jump:
        shop.update("job", job, boss, stage="paid")
    with pytest.raises(InvalidRecord) as empty:
        shop.update("job", job, boss, stage="ready")
    shop.update("job", job, boss, stage="ready", due="2026-02-01")
    with pytest.raises(InvalidRecord) as role:
        move_stage(shop.site, mechanic, "job", job, "paid", shop.version("job", job))
    move_stage(shop.site, boss, "job", job, "paid", shop.version("job", job))

    assert codes(jump) == {"stage": "stage_move"}
    assert codes(empty) == {"due": "stage_requires"}
    assert codes(role) == {"stage": "stage_role"}
    assert shop.get("job", job).values["stage"] == "paid"


def test_what_is_frozen_keeps_its_figures_and_refuses_what_feeds_them(shop: Crm) -> None:
    boss = shop.sign_in("Bea", "boss")
    customer = shop.create("customer", boss, name="Ada", vip=True)
    job = shop.create("job", boss, name="Clock", customer=customer, works=[{"what": "Look", "rate": 50}])
    shop.update("job", job, boss, stage="ready")
    shop.update("job", job, boss, stage="paid")
    line = shop.get("job", job).lines["works"][0]

    shop.update("job", job, boss, name="Old clock")
    with pytest.raises(InvalidRecord) as price:
        shop.update("job", job, boss, works=[{"id": line.id, "rate": 60}])
    with pytest.raises(InvalidRecord) as removed:
        shop.update("job", job, boss, works=[])

    assert codes(price) == {"works.0.rate": "frozen"}
    assert codes(removed) == {"works": "frozen"}
    assert shop.get("job", job).values["total"] == Decimal("50.00")


def test_a_copy_takes_what_was_entered_and_starts_anew(shop: Crm) -> None:
    boss = shop.sign_in("Bea", "boss")
    customer = shop.create("customer", boss, name="Ada")
    works = [
        {"key": "a", "what": "Look", "rate": 50, "parts": [{"price": 2}]},
        {"what": "B", "rate": 1, "before": {"key": "a"}},
    ]
    job = shop.create("job", boss, name="Clock", customer=customer, works=works)
    shop.update("job", job, boss, stage="ready")

    again = shop.get("job", copy(shop.site, boss, "job", job).id)

    look, after = again.lines["works"]
    assert (again.values["name"], again.values["number"], again.values["stage"]) == ("Clock again", "J-002", "waiting")
    assert again.values["total"] == Decimal("53.00")
    assert after.values["before"].id == look.id
    assert look.id != shop.get("job", job).lines["works"][0].id


def test_a_person_may_change_only_what_the_rules_give(shop: Crm) -> None:
    max_, moe = shop.sign_in("Max", "mechanic"), shop.sign_in("Moe", "mechanic")
    customer = shop.create("customer", max_, name="Ada")
    job = shop.create("job", max_, name="Clock", customer=customer, works=[{"what": "Look", "rate": 50}])

    with pytest.raises(NotFound):
        save(shop.site, moe, Draft("customer", {"name": "Mine"}, id=customer, version=1))
    with pytest.raises(Forbidden):
        save(shop.site, moe, Draft("job", {"name": "Mine"}, id=job, version=1))
    with pytest.raises(InvalidRecord) as blind:
        shop.create("job", moe, name="Other", customer=customer)
    with pytest.raises(NotFound):
        shop.create("advice", max_, text="Oil it")
    shop.update("job", job, stage="ready")
    with pytest.raises(InvalidRecord) as late:
        shop.update("job", job, max_, urgent=True)

    assert codes(blind) == {"customer": "no_such_record"}
    assert codes(late) == {"urgent": "read_only"}


def test_handing_over_is_a_change_into_what_one_may_no_longer_see(shop: Crm) -> None:
    max_, moe = shop.sign_in("Max", "mechanic"), shop.sign_in("Moe", "mechanic")
    customer = shop.create("customer", max_, name="Ada")

    shop.update("customer", customer, max_, owner=moe.user)

    assert not shop.sees("customer", customer, max_)
    assert shop.sees("customer", customer, moe)


def test_numbers_have_no_gaps_though_saves_are_refused(shop: Crm) -> None:
    customer = shop.create("customer", name="Ada")
    shop.create("job", name="One", customer=customer)
    with pytest.raises(InvalidRecord):
        shop.create("job", name="One", customer=customer)

    second = shop.create("job", name="Two", customer=customer)

    assert shop.get("job", second).values["number"] == "J-002"
