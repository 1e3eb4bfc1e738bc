"""Which records a person sees: in lists, counts, records, titles, searches and pickers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.change import NOBODY, InvalidQuery, NotFound
from engine.runtime.inquiry import inquire
from engine.runtime.record import related
from tests.runtime.read.conftest import Firm


def test_a_rep_sees_the_own_deals_only(firm: Firm) -> None:
    page = firm.crm.page("deal", firm.ann)
    assert [row[0] for row in page.rows] == [firm.anns]
    assert (page.total, page.total_is) == (1, "exact")
    assert firm.crm.titles("deal", firm.mia) == ["Poster", "Catalogue"]


def test_a_record_that_may_not_be_seen_is_not_found_as_if_there_were_none(firm: Firm) -> None:
    with pytest.raises(NotFound) as hidden:
        firm.crm.get("deal", firm.bobs, firm.ann)
    with pytest.raises(NotFound) as missing:
        firm.crm.get("deal", 99_999, firm.ann)
    assert str(hidden.value) == str(missing.value)
    assert hidden.value.args == missing.value.args


def test_an_entity_without_a_grant_is_not_found_either(firm: Firm) -> None:
    desk = firm.crm.sign_in("Dora", "desk")
    with pytest.raises(NotFound):
        firm.crm.page("deal", desk)
    with pytest.raises(NotFound):
        firm.crm.page("no_such_entity", desk)


def test_nobody_sees_nothing_even_with_roles(firm: Firm) -> None:
    for actor in (NOBODY, replace(NOBODY, roles=frozenset({"manager"}))):
        for entity in ("deal", "customer", "user", "team", "part"):
            with pytest.raises(NotFound):
                firm.crm.page(entity, actor)


def test_a_role_taken_away_is_gone_with_the_next_question(firm: Firm) -> None:
    assert firm.crm.sees("deal", firm.anns, firm.ann)
    assert not firm.crm.sees("deal", firm.anns, replace(firm.ann, roles=frozenset()))
    assert not firm.crm.sees("deal", firm.anns, replace(firm.ann, roles=frozenset({"of_an_old_config"})))


def test_handing_a_deal_over_moves_it_to_the_other_list(firm: Firm) -> None:
    firm.crm.update("deal", firm.anns, owner=firm.bob.user)
    assert not firm.crm.sees("deal", firm.anns, firm.ann)
    assert firm.crm.sees("deal", firm.anns, firm.bob)


def test_lines_have_the_rights_of_their_deal(firm: Firm) -> None:
    bobs_part = firm.crm.create("deal", name="B2", owner=firm.bob.user, parts=[{"what": "Secret part"}])
    assert firm.crm.titles("part", firm.ann) == ["Inside", "Cover"]
    assert firm.crm.titles("part", firm.bob) == ["Secret part"]
    assert firm.crm.titles("step", firm.ann) == ["Offset"]
    assert firm.crm.page("step", firm.bob).rows == ()
    firm.crm.delete("deal", bobs_part)
    assert firm.crm.page("part", firm.bob).rows == ()


def test_a_deleted_record_is_in_the_bin_of_who_may_restore_it(firm: Firm) -> None:
    firm.crm.delete("deal", firm.anns)
    assert not firm.crm.sees("deal", firm.anns, firm.mia)
    assert [row[0] for row in firm.crm.page("deal", firm.mia, deleted=True).rows] == [firm.anns]
    assert firm.crm.page("deal", firm.ann, deleted=True).rows == ()


def test_the_title_of_an_invisible_customer_is_never_told(firm: Firm) -> None:
    firm.crm.update("deal", firm.anns, customer=firm.other)
    [row] = firm.crm.list("deal", firm.ann)
    assert row["customer"] == ("customer", firm.other, None)
    assert firm.crm.get("deal", firm.anns, firm.ann).values["customer"].title is None
    assert firm.crm.get("deal", firm.anns, firm.mia).values["customer"].title == "Hidden House"


def test_a_deleted_and_an_invisible_link_look_the_same(firm: Firm) -> None:
    free = firm.crm.create("customer", name="Gone", owner=firm.bob.user)
    firm.crm.update("deal", firm.anns, customer=free)
    before = firm.crm.list("deal", firm.ann)[0]["customer"]
    # The engine refuses to delete what is linked; a computed link, or an import gone wrong, may still leave one.
    with firm.crm.site.database.writing() as connection:
        table = firm.crm.site.tables.entities["customer"]
        connection.execute(table.update().where(table.c.id == free).values(deleted_at=firm.crm.clock.now()))
    assert firm.crm.list("deal", firm.ann)[0]["customer"] == before


def test_lookups_are_read_under_the_readers_rights(firm: Firm) -> None:
    firm.crm.update("deal", firm.anns, customer=firm.other)
    assert firm.crm.get("deal", firm.anns, firm.ann).values["buyer"] is None
    assert firm.crm.get("deal", firm.anns, firm.mia).values["buyer"] == "Hidden House"
    assert firm.crm.page("deal", firm.ann, where="buyer == 'Hidden House'").rows == ()
    assert firm.crm.url("deal", "f.buyer=Hidden House", firm.ann).rows == ()
    assert len(firm.crm.url("deal", "f.buyer=Hidden House", firm.mia).rows) == 2


def test_a_path_of_a_filter_ends_at_what_may_not_be_seen(firm: Firm) -> None:
    firm.crm.update("deal", firm.anns, customer=firm.other)
    assert firm.crm.page("deal", firm.ann, where="customer.name == 'Hidden House'").rows == ()
    assert firm.crm.page("deal", firm.ann, where="customer.name is None").total == 1
    assert firm.crm.page("deal", firm.ann, where="find(customer.name, where=owner != me) is None").total == 1


def test_search_finds_nothing_that_may_not_be_seen(firm: Firm) -> None:
    assert firm.crm.titles("customer", firm.ann, q="House") == []
    assert firm.crm.titles("customer", firm.mia, q="house") == ["Hidden House"]
    assert firm.crm.titles("customer", firm.ann, q="acme") == ["ACME Press"]


def test_a_picker_offers_what_may_be_seen_by_title(firm: Firm) -> None:
    assert [link.title for link in firm.crm.pick("customer", "", firm.ann)] == ["ACME Press"]
    assert [link.title for link in firm.crm.pick("customer", "", firm.mia)] == ["ACME Press", "Hidden House"]
    assert firm.crm.pick("customer", "Hidden", firm.ann) == ()


def test_everybody_who_is_signed_in_knows_the_names_of_the_people_and_no_more(firm: Firm) -> None:
    firm.crm.update("user", firm.bob.user or 0, phone="13800000000")
    assert [link.title for link in firm.crm.pick("user", "", firm.ann)] == ["Ann", "Bob", "Mia"]
    record = firm.crm.get("user", firm.bob.user or 0, firm.ann)
    assert set(record.values) == {"id", "version", "name"}
    with pytest.raises(InvalidQuery):
        firm.crm.page("user", firm.ann, where="login == 'Bob'")
    with pytest.raises(InvalidQuery):
        firm.crm.page("deal", firm.ann, where="owner.phone == '+8613800000000'")
    assert record.may == frozenset()


def test_related_lists_are_lists_with_a_filter(firm: Firm) -> None:
    firm.crm.update("deal", firm.bobs, customer=firm.acme)
    with inquire(firm.crm.site, firm.ann) as inquiry:
        [(field, entity, link)] = related(inquiry, firm.crm.get("customer", firm.acme, firm.ann))
    assert (field.name, entity, link) == ("deals", "deal", "customer")
    assert firm.crm.titles("deal", firm.ann, where=f"customer.id == {firm.acme}") == ["Catalogue"]
    page = firm.crm.url("deal", f"f.customer={firm.acme}", firm.ann)
    assert (page.total, len(page.rows)) == (1, 1)


def test_an_export_needs_its_own_grant(firm: Firm) -> None:
    assert len(firm.crm.page("deal", firm.mia, verb="export").rows) == 2
    assert firm.crm.page("deal", firm.ann, verb="export").rows == ()
