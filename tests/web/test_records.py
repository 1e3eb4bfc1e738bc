"""Making, changing, moving, copying and deleting records by pages."""

from __future__ import annotations

import re

from engine.runtime.site import Site
from tests.web.conftest import Browser


def new_customer(boss: Browser, name: str = "Sunrise Tea", **more: object) -> str:
    """A customer made by the form; its address."""
    boss.open("/customer/new")
    boss.send("/customer/new", {"name": name, **more})
    assert boss.page.status_code == 200, boss.text
    return str(boss.page.url.path)


def new_deal(boss: Browser, customer: str, **more: object) -> str:
    """A deal made by the form; its address."""
    boss.open("/deal/new")
    boss.send("/deal/new", {"name": "Gift boxes", "customer": customer.rsplit("/", 1)[1], **more})
    assert boss.page.status_code == 200, boss.text
    return str(boss.page.url.path)


def test_a_new_record_shows_on_its_page_and_in_the_list(boss: Browser) -> None:
    path = new_customer(boss, kind="packaging", wants=["", "boxes"], vip="true", limit="12,500", notes="two\nlines")

    assert path == "/customer/1"
    for words in ("Created.", "Sunrise Tea", "Packaging", "Boxes", "CN¥12,500.00", "王经理", "two lines"):
        assert words in boss.text, boss.text
    boss.open("/customer")
    assert 'href="/customer/1">Sunrise Tea' in boss.page.text
    assert "Packaging" in boss.text


def test_what_is_wrong_stands_beside_the_field_and_everything_typed_stays(boss: Browser) -> None:
    boss.open("/customer/new")
    boss.send("/customer/new", {"name": "", "vip": "true", "limit": "many", "notes": "keep  this\nplease"})

    assert boss.page.status_code == 422
    assert boss.value("limit") == "many"
    assert "keep  this\nplease</textarea>" in boss.page.text
    assert 'href="#f-name"' in boss.page.text
    assert re.search(r'id="f-name"[^>]*aria-describedby="f-name-error"[^>]*aria-invalid="true"', boss.page.text)
    assert boss.open("/customer").text.count("<tbody>") == 0


def test_lines_two_levels_deep_grow_and_shrink_before_anything_is_saved(boss: Browser) -> None:
    boss.open("/quote/new")
    boss.send("/quote/new", {"name": "Brochure", "parts": "", "_add": "parts"})
    assert boss.page.status_code == 200, boss.text
    assert boss.value("parts.0.price") == "1.00"

    first = {"name": "Brochure", "parts": "", "parts.0.name": "Cover", "parts.0.pages": "4", "parts.0.price": "2.50",
             "parts.0.processes": ""}  # fmt: skip
    boss.send("/quote/new", {**first, "_add": "parts.0.processes"})
    assert boss.value("parts.0.name") == "Cover"
    assert 'name="parts.0.processes.0.name"' in boss.page.text

    second = {**first, "parts.0.processes.0.name": "Foil", "parts.1.name": "Inside", "parts.1.pages": "x"}
    boss.send("/quote/new", {**second, "_remove": "parts.1"})
    assert 'name="parts.1.name"' not in boss.page.text

    boss.send("/quote/new", {**first, "parts.0.processes.0.name": "Foil"})
    assert boss.page.status_code == 200, boss.text
    for words in ("Cover", "Foil", "CN¥10.00"):
        assert words in boss.text


def test_a_mistake_in_a_line_is_told_beside_that_line(boss: Browser) -> None:
    boss.open("/quote/new")
    boss.send("/quote/new", {"name": "Brochure", "parts": "", "parts.0.name": "Cover", "parts.0.pages": "-3"})

    assert boss.page.status_code == 422
    assert 'id="f-parts-0-pages-error"' in boss.page.text
    assert boss.value("parts.0.pages") == "-3"


def test_editing_keeps_lines_by_their_ids(boss: Browser) -> None:
    boss.open("/quote/new")
    boss.send("/quote/new", {"name": "Brochure", "parts": "", "parts.0.name": "Cover", "parts.0.pages": "4",
                             "parts.0.price": "1", "parts.1.name": "Inside", "parts.1.price": "1"})  # fmt: skip
    boss.open("/quote/1/edit")
    ids = re.findall(r'name="parts\.\d\.id" value="(\d+)"', boss.page.text)
    assert len(ids) == 2

    version = boss.value("_version")
    boss.send("/quote/1/edit", {"_version": version, "name": "Brochure", "parts": "", "parts.0.id": ids[1],
                                "parts.0.name": "Inside pages"})  # fmt: skip
    assert "Inside pages" in boss.text and "Cover" not in boss.text.split("History")[0]


def test_a_stage_asks_for_what_it_needs_then_moves(boss: Browser) -> None:
    deal = new_deal(boss, new_customer(boss))
    version = boss.value("_version")

    boss.send(f"{deal}/stage", {"to": "quoted", "_version": version})
    assert boss.page.status_code == 422
    assert "Amount" in boss.text

    boss.open(f"{deal}/edit")
    boss.send(f"{deal}/edit", {"_version": boss.value("_version"), "amount": "800", "closes": "2026-03-01"})
    boss.send(f"{deal}/stage", {"to": "quoted", "_version": boss.value("_version")})
    assert boss.page.status_code == 200
    assert "The stage has changed." in boss.text


def test_a_warning_is_confirmed_before_it_is_saved(boss: Browser) -> None:
    customer = new_customer(boss)
    boss.open("/deal/new")
    values = {"name": "Huge", "customer": customer.rsplit("/", 1)[1], "amount": "2000000"}
    boss.send("/deal/new", values)
    assert boss.page.status_code == 422
    assert "That is a large amount: please confirm" in boss.text

    boss.send("/deal/new", {**values, "_confirm": "big"})
    assert boss.page.status_code == 200
    assert "Huge" in boss.text


def test_two_people_saving_at_once_decide_field_by_field(boss: Browser) -> None:
    path = new_customer(boss, phone="13900000000", notes="old")
    boss.open(f"{path}/edit")
    base = {"_version": boss.value("_version"), "_was": boss.value("_was")}
    boss.send(f"{path}/edit", {**base, "name": "Sunrise Tea", "notes": "theirs", "email": "tea@example.org"})
    assert boss.page.status_code == 200, boss.text

    boss.send(f"{path}/edit", {**base, "name": "Sunrise Tea", "notes": "mine", "email": "", "phone": "+8613900000000"})
    assert boss.page.status_code == 409
    for words in ("The record has changed meanwhile", "old", "theirs", "mine"):
        assert words in boss.text
    assert boss.value("email") == "tea@example.org", "what only the others changed is taken over"

    again = {"_version": boss.value("_version"), "_was": boss.value("_was")}
    boss.send(f"{path}/edit", {**again, "notes": "mine", "_take.notes": "now"})
    assert boss.page.status_code == 200
    assert "theirs" in boss.text.split("History")[0]


def test_history_tells_old_and_new(boss: Browser) -> None:
    path = new_customer(boss, kind="packaging")
    boss.open(f"{path}/edit")
    boss.send(f"{path}/edit", {"_version": boss.value("_version"), "kind": "publisher"})

    assert re.search(r"Industry\s+Packaging\s+→\s+Publisher", boss.text), boss.text


def test_a_deleted_record_waits_in_the_recycle_bin(boss: Browser) -> None:
    path = new_customer(boss)
    boss.open(f"{path}/delete")
    boss.send(f"{path}/delete", {"_version": boss.value("_version")})
    assert "Deleted." in boss.text and "No customers yet" in boss.text

    boss.open("/customer?deleted=1")
    assert "Sunrise Tea" in boss.text
    boss.open(path)
    assert "recycle bin" in boss.text
    boss.send(f"{path}/restore")
    assert "Restored." in boss.text


def test_a_record_in_use_is_not_deleted(boss: Browser) -> None:
    path = new_customer(boss)
    new_deal(boss, path)
    boss.open(f"{path}/delete")
    boss.send(f"{path}/delete", {"_version": boss.value("_version")})

    assert boss.page.status_code == 422
    assert boss.open(path).status_code == 200


def test_a_new_version_is_a_copy_with_its_lines(boss: Browser) -> None:
    boss.open("/quote/new")
    boss.send("/quote/new", {"name": "Brochure", "parts": "", "parts.0.name": "Cover"})
    boss.send("/quote/1/copy")

    assert boss.page.url.path == "/quote/2", boss.text
    assert "Cover" in boss.text


def test_related_records_stand_on_the_page(boss: Browser) -> None:
    path = new_customer(boss)
    new_deal(boss, path, amount="10")
    boss.open(path)

    assert "Gift boxes" in boss.text
    assert 'href="/deal/new?customer=1"' in boss.page.text


def test_a_form_opened_from_a_related_list_is_filled_in(boss: Browser) -> None:
    new_customer(boss)
    boss.open("/deal/new?customer=1")
    assert '<option value="1" selected>Sunrise Tea' in boss.page.text


def test_the_site_is_the_same_for_the_whole_request(site: Site, boss: Browser) -> None:
    new_customer(boss)
    assert boss.open("/customer/1").status_code == 200


def test_a_field_shows_and_is_asked_for_while_its_condition_holds(boss: Browser) -> None:
    line = {"name": "Book", "parts": "", "parts.0.name": "Inside", "parts.0.kind": "plain"}
    boss.open("/quote/new")
    boss.send("/quote/new", {**line, "_refresh": "1"})
    assert 'name="parts.0.binding"' not in boss.page.text
    boss.send("/quote/new", {**line, "parts.0.kind": "bound", "_refresh": "1"})
    assert re.search(r'name="parts.0.binding"[^>]*aria-required="true"', boss.page.text)

    boss.send("/quote/new", {**line, "parts.0.kind": "bound", "parts.0.binding": ""})
    assert boss.page.status_code == 422
    assert 'id="f-parts-0-binding-error"' in boss.page.text


def test_what_frozen_figures_were_made_of_is_shut(boss: Browser) -> None:
    boss.open("/quote/new")
    boss.send(
        "/quote/new", {"name": "Book", "sent": "true", "parts": "", "parts.0.name": "Inside", "parts.0.pages": "8"}
    )
    assert boss.page.status_code == 200, boss.text
    boss.open("/quote/1/edit")
    assert 'name="parts.0.pages"' not in boss.page.text
    assert 'value="parts.0"' not in boss.page.text, "no row is taken away"
    assert 'name="parts.0.name"' in boss.page.text
    assert re.search(r'class="shown"[^>]*>8<', boss.page.text)

    boss.send("/quote/1/edit", {"_version": boss.value("_version"), "parts": "", "parts.0.id": "1",
                                "parts.0.name": "Inside pages"})  # fmt: skip
    assert boss.page.status_code == 200, boss.text
    assert "Inside pages" in boss.text


def test_a_figure_of_a_line_leads_to_its_explanation(boss: Browser) -> None:
    boss.open("/quote/new")
    boss.send("/quote/new", {"name": "Book", "parts": "", "parts.0.name": "Inside", "parts.0.pages": "8"})
    assert 'href="/part/1/explain/cost"' in boss.page.text
    boss.open("/part/1/explain/cost")
    assert boss.page.status_code == 200
    assert "How Cost came about" in boss.text and 'href="/quote/1"' in boss.page.text
