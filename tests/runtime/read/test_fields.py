"""Which fields a person sees, and that a hidden one cannot be felt through any question."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.change import Actor, InvalidQuery
from engine.runtime.cells import Masked
from tests.crm import Crm
from tests.runtime.read.conftest import Firm
from tests.runtime.read.firm import FIRM

QUESTIONS = [
    "f.{}=1", "f.{}.at_least=1", "f.{}.empty=", "sort={}", "sort=-{}", "fields=name,{}", "where={} > 1",
    "where=owner == me and {} is not None", "where=1 if {} > 1 else 2", "where=max({}, 1) > 1",
    "where=customer.{} == 1", "where=find(deal.{}, where=id == 1) > 1",
    "where=find(deal, where={} > 1) is None", "where=me.{} == 1", "f.{}.between=1..2", "f.{}.nonsense=1",
]  # fmt: skip


def refusal(crm: Crm, question: str, actor: Actor) -> tuple[str, ...]:
    with pytest.raises(InvalidQuery) as refused:
        crm.url("deal", question.format("margin"), actor)
    return (refused.value.message, refused.value.field, refused.value.code)


def test_a_hidden_field_gets_the_answer_of_a_field_that_does_not_exist(firm: Firm) -> None:
    without = FIRM.replace("      margin:   {type: money}\n", "").replace("          margin: {read: false}\n", "")
    with Crm.load(without.replace("amount, margin,", "amount,")) as bare:
        ann = bare.sign_in("Ann", "rep")
        for question in QUESTIONS:
            assert refusal(firm.crm, question, firm.ann) == refusal(bare, question, ann), question


def test_a_hidden_field_is_in_no_list_no_record_and_no_default_columns(firm: Firm) -> None:
    assert "margin" not in [column.name for column in firm.crm.page("deal", firm.ann).columns]
    assert "margin" not in firm.crm.get("deal", firm.anns, firm.ann).values
    assert firm.crm.get("deal", firm.anns, firm.mia).values["margin"] == Decimal("12345.67")


def test_a_hidden_text_is_not_searched(firm: Firm) -> None:
    assert firm.crm.titles("customer", firm.ann, q="canary") == []
    assert firm.crm.titles("customer", firm.ann, q="ca") == []
    assert firm.crm.titles("customer", firm.mia, q="canary-acme") == ["ACME Press"]


def test_a_hidden_field_of_a_line_stays_hidden_in_the_record(firm: Firm) -> None:
    cover, inside = firm.crm.get("deal", firm.anns, firm.ann).lines["parts"]
    assert (cover.title, cover.values["copies"], "cost" in cover.values) == ("Cover", 500, False)
    assert [step.title for step in cover.lines["steps"]] == ["Offset"]
    assert inside.lines["steps"] == ()
    assert firm.crm.get("deal", firm.anns, firm.mia).lines["parts"][0].values["cost"] == Decimal("77.77")
    with pytest.raises(InvalidQuery):
        firm.crm.page("part", firm.ann, where="cost > 1")


def test_a_field_that_shows_on_some_rows_is_empty_on_the_others(firm: Firm) -> None:
    assert firm.crm.get("deal", firm.anns, firm.ann).values["note"] == "soft cover"
    assert firm.crm.titles("deal", firm.ann, q="soft") == ["Catalogue"]
    assert firm.crm.titles("deal", firm.ann, q="so") == ["Catalogue"]
    firm.crm.update("deal", firm.anns, stage="quoted")
    assert "note" not in firm.crm.get("deal", firm.anns, firm.ann).values
    assert firm.crm.list("deal", firm.ann, fields=("note",))[0]["note"] is None
    assert firm.crm.titles("deal", firm.ann, where="note == 'soft cover'") == []
    assert firm.crm.titles("deal", firm.ann, where="note is None") == ["Catalogue"]
    assert firm.crm.url("deal", "f.note.contains=soft", firm.ann).rows == ()
    assert firm.crm.titles("deal", firm.ann, q="soft") == []
    assert firm.crm.titles("deal", firm.ann, q="so") == []
    assert firm.crm.titles("deal", firm.mia, q="soft") == ["Catalogue"]


def test_a_masked_phone_shows_its_mask_and_is_no_name_in_questions(firm: Firm) -> None:
    desk = firm.crm.sign_in("Dora", "desk")
    rows = {row["name"]: row["phone"] for row in firm.crm.list("customer", desk)}
    assert rows == {"ACME Press": "*** **** 8000", "Hidden House": "*** **** 2222"}
    assert all(isinstance(value, Masked) for value in rows.values())
    assert firm.crm.get("customer", firm.acme, desk).values["phone"] == "*** **** 8000"
    for question in ("f.phone=13800138000", "sort=phone", "where=phone is None"):
        with pytest.raises(InvalidQuery):
            firm.crm.url("customer", question, desk)
    assert firm.crm.titles("customer", desk, q="8000") == []


def test_a_lookup_of_a_masked_field_shows_nothing(firm: Firm) -> None:
    both = firm.crm.sign_in("Eva", "desk", "buyerless")
    assert firm.crm.get("deal", firm.anns, both).values["contact_phone"] is None
    assert firm.crm.get("deal", firm.anns, firm.mia).values["contact_phone"] == "+8613800138000"


def test_roles_add_up_but_a_field_needs_one_role_that_grants_both(firm: Firm) -> None:
    firm.crm.update("deal", firm.bobs, stage="won")
    both = firm.crm.sign_in("Ann", "rep", "margins")
    own, won = firm.crm.get("deal", firm.anns, both), firm.crm.get("deal", firm.bobs, both)
    # The own deal comes by `rep`, which hides margins; the won one by `margins`, which shows them and hides notes.
    assert "margin" not in own.values
    assert won.values["margin"] == Decimal("54321")
    assert "note" in own.values
    assert "note" not in won.values
    assert firm.crm.titles("deal", both, where="margin > 12000") == ["Poster"]
    assert [row["margin"] for row in firm.crm.list("deal", both, fields=("margin",), sort=("-margin",))] == [
        Decimal("54321"), None,
    ]  # fmt: skip


def test_a_field_whose_visible_when_is_not_true_is_empty_for_everybody(firm: Firm) -> None:
    firm.crm.update("deal", firm.anns, rush=True, surcharge="50")
    assert firm.crm.get("deal", firm.anns, firm.mia).values["surcharge"] == Decimal("50.00")
    firm.crm.update("deal", firm.anns, rush=False)
    record = firm.crm.get("deal", firm.anns, firm.mia)
    assert record.values["surcharge"] is None
    assert "surcharge" in record.invisible
    assert firm.crm.page("deal", firm.mia, where="surcharge == 50").rows == ()
    assert firm.crm.url("deal", "f.surcharge=50", firm.mia).rows == ()


def test_what_depends_on_today_is_worked_out_at_each_reading(firm: Firm) -> None:
    from datetime import timedelta

    assert firm.crm.get("deal", firm.anns, firm.ann).values["days_left"] == 10
    assert firm.crm.titles("deal", firm.ann, where="days_left == 10") == ["Catalogue"]
    firm.crm.clock.advance(timedelta(days=60))
    assert firm.crm.get("deal", firm.anns, firm.ann).values["days_left"] == 5
    assert firm.crm.url("deal", "f.days_left=5&sort=days_left", firm.ann).total == 1


def test_what_may_be_done_is_said_with_the_record(firm: Firm) -> None:
    record = firm.crm.get("deal", firm.anns, firm.ann)
    assert record.may == {"update"}
    assert "amount" in record.editable
    assert record.editable.isdisjoint({"margin", "id", "version", "days_left", "created_at"})
    assert record.moves == ("quoted", "lost")
    assert (record.pipeline, record.values["stage"]) == ("sales", "open")
    firm.crm.update("deal", firm.anns, stage="quoted")
    record = firm.crm.get("deal", firm.anns, firm.ann)
    assert "amount" not in record.editable
    assert record.moves == ("lost",)
    firm.crm.update("deal", firm.anns, stage="won")
    record = firm.crm.get("deal", firm.anns, firm.ann)
    assert (record.may, record.editable, record.moves) == (frozenset(), frozenset(), ())
    assert firm.crm.get("deal", firm.anns, firm.mia).may == {"update", "delete", "restore", "export"}


def test_can_says_which_rules_decided_and_where_they_stand(firm: Firm) -> None:
    from engine.runtime.can import can

    yes = can(firm.crm.site, firm.ann, "update", "deal", firm.anns)
    assert yes.allowed
    assert [(reason.role, reason.rule, reason.outcome) for reason in yes.reasons] == [
        ("rep", "owner == me and stage != 'won'", True)
    ]
    assert yes.reasons[0].mark.path == "app.yaml"
    assert yes.reasons[0].mark.line > 1
    no = can(firm.crm.site, firm.ann, "update", "deal", firm.bobs)
    assert (no.allowed, [(reason.rule, reason.outcome) for reason in no.reasons]) == (False, [("owner == me", False)])
    assert not firm.crm.can(firm.ann, "delete", "deal", firm.anns)
    assert not firm.crm.can(firm.ann, "read", "deal", 99_999)
    assert firm.crm.can(firm.ann, "create", "deal")
    assert not firm.crm.can(firm.ann, "create", "customer")
