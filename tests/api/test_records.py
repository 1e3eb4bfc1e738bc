"""Reading and writing records through the API."""

from __future__ import annotations

import threading

import pytest

from engine.store import records
from tests.api.conftest import Firm, Program


def test_a_record_is_made_and_read_back_with_its_lines(rep: Program) -> None:
    account = rep.make("account", name="甲公司")
    answer = rep.post(
        "/deal",
        {
            "name": "画册",
            "account": account["id"],
            "amount": "8000.50",
            "closes": "2027-01-31",
            "items": [{"what": "cover", "pieces": 3, "price": "1.10"}, {"what": "inside", "price": "2"}],
        },
    )
    assert answer.status_code == 201, answer.text
    deal = answer.json()
    assert answer.headers["Location"] == f"/api/v1/deal/{deal['id']}"
    assert answer.headers["ETag"] == '"1"'
    assert rep.get(f"/deal/{deal['id']}").json() == deal
    assert deal["version"] == 1
    assert deal["account"] == {"id": account["id"], "title": "甲公司"}
    assert deal["owner"] == {"id": rep.user, "title": "r1"}
    assert deal["amount"] == "8000.50"
    assert deal["closes"] == "2027-01-31"
    assert deal["stage"] == "open"
    assert deal["total"] == "5.30"
    assert [(line["what"], line["worth"]) for line in deal["items"]] == [("cover", "3.30"), ("inside", "2.00")]
    assert "margin" not in deal


def test_a_change_names_the_version_that_it_was_made_on(rep: Program) -> None:
    deal = rep.make("deal", name="画册")
    path = f"/deal/{deal['id']}"
    assert rep.patch(path, {"name": "书"}).status_code == 428
    changed = rep.patch(path, {"name": "书", "version": 1})
    assert (changed.status_code, changed.json()["version"], changed.json()["name"]) == (200, 2, "书")
    stale = rep.patch(path, {"name": "盒", "version": 1})
    assert stale.status_code == 409
    assert stale.json()["current"] == rep.get(path).json()
    matched = rep.patch(path, {"name": "盒"}, **{"If-Match": '"2"'})
    assert matched.json()["version"] == 3
    assert rep.patch(path, {"name": "x", "version": 2}, **{"If-Match": '"3"'}).status_code == 400
    assert rep.patch(path, {"name": "x"}, **{"If-Match": "three"}).status_code == 400


def test_a_list_of_lines_is_the_full_new_set(rep: Program) -> None:
    deal = rep.make("deal", name="d", items=[{"what": "a", "price": "1"}, {"what": "b", "price": "2"}])
    kept = deal["items"][1]["id"]
    changed = rep.patch(
        f"/deal/{deal['id']}",
        {"version": 1, "items": [{"id": kept, "price": "5"}, {"what": "c", "price": "7"}]},
    ).json()
    assert [(line["what"], line["price"]) for line in changed["items"]] == [("b", "5.00"), ("c", "7.00")]
    assert changed["items"][0]["id"] == kept
    assert changed["total"] == "12.00"


def test_many_to_many_links_carry_their_own_attributes(rep: Program) -> None:
    person = rep.make("contact", name="王", phone="+86 21 5555 0100")
    deal = rep.make("deal", name="d", contacts=[{"id": person["id"], "part": "buyer"}])
    assert deal["contacts"] == [{"id": person["id"], "title": "王", "part": "buyer"}]
    again = rep.patch(f"/deal/{deal['id']}", {"version": 1, "contacts": [person["id"]]}).json()
    assert again["contacts"] == [{"id": person["id"], "title": "王", "part": "buyer"}]


def test_deleted_records_come_back(rep: Program) -> None:
    deal = rep.make("deal", name="d", items=[{"what": "a", "price": "1"}])
    path = f"/deal/{deal['id']}"
    assert rep.delete(path).status_code == 428
    assert rep.delete(f"{path}?version=9").status_code == 409
    assert rep.delete(f"{path}?version=1").status_code == 204
    assert rep.get(path).status_code == 404
    assert rep.get("/deal").json()["total"] == 0
    back = rep.post(f"{path}/restore")
    assert back.status_code == 200
    assert [line["what"] for line in back.json()["items"]] == ["a"]


def test_a_stage_says_what_it_still_needs(rep: Program, firm: Firm) -> None:
    deal = rep.make("deal", name="d")
    path = f"/deal/{deal['id']}/stage"
    before = firm.digest()
    refused = rep.post(path, {"to": "quoted", "version": 1})
    assert refused.status_code == 422
    assert {error["field"] for error in refused.json()["errors"]} == {"amount", "closes"}
    assert rep.post(path, {"to": "won", "version": 1}).status_code == 422
    assert rep.post(path, {"to": "nowhere", "version": 1}).status_code == 422
    assert rep.post(path, {"to": "lost"}).status_code == 428
    assert firm.digest() == before
    assert rep.post(path, {"to": "lost", "version": 1}).json()["stage"] == "lost"
    assert rep.post("/account/1/stage", {"to": "lost", "version": 1}).status_code == 404


def test_a_copy_takes_what_was_entered(rep: Program) -> None:
    deal = rep.make("deal", name="d", amount="100", items=[{"what": "a", "price": "1"}])
    copied = rep.post(f"/deal/{deal['id']}/copy")
    assert copied.status_code == 201
    made = copied.json()
    assert made["id"] != deal["id"]
    assert (made["amount"], [line["what"] for line in made["items"]]) == ("100.00", ["a"])


def test_a_warning_is_confirmed(rep: Program) -> None:
    asked = rep.post("/deal", {"name": "d", "amount": "1"})
    assert asked.status_code == 422
    assert asked.json()["confirm"] == ["cheap"]
    assert rep.post("/deal", {"name": "d", "amount": "1", "confirm": ["cheap"]}).status_code == 201


def test_bulk_tells_of_every_row(rep: Program, other: Program, firm: Firm) -> None:
    mine, theirs = rep.make("deal", name="mine"), other.make("deal", name="theirs")
    answer = rep.post(
        "/deal/bulk",
        {
            "items": [
                {"id": mine["id"], "version": 1, "name": "changed"},
                {"id": theirs["id"], "version": 1, "name": "stolen"},
                {"id": 999, "version": 1, "name": "x"},
                {"name": "new"},
                {"amount": "ten"},
                7,
            ]
        },
    )
    assert answer.status_code == 200
    rows = answer.json()["items"]
    assert [row["status"] for row in rows] == [200, 404, 404, 201, 422, 422]
    assert rows[1] == rows[2], "what is hidden looks like what is not there"
    assert other.get(f"/deal/{theirs['id']}").json()["name"] == "theirs"


def test_a_list_answers_what_was_asked(rep: Program, other: Program) -> None:
    account = rep.make("account", name="甲")
    for number in range(1, 8):
        rep.make("deal", name=f"deal {number}", amount=str(number * 100), account=account["id"])
    other.make("deal", name="theirs", amount="100000")
    page = rep.get("/deal?sort=-amount&fields=name,amount,account&size=3").json()
    assert page["total"] == 7
    assert [item["name"] for item in page["items"]] == ["deal 7", "deal 6", "deal 5"]
    assert page["items"][0] == {
        "id": 7, "version": 1, "name": "deal 7", "amount": "700.00", "account": {"id": account["id"], "title": "甲"},
    }  # fmt: skip
    second = rep.get(f"/deal?sort=-amount&fields=name&size=3&after={page['next']}").json()
    assert [item["name"] for item in second["items"]] == ["deal 4", "deal 3", "deal 2"]
    dear = rep.get("/deal?where=amount > 350 and account.name == '甲'&fields=name&total=exact").json()
    assert [item["name"] for item in dear["items"]] == ["deal 4", "deal 5", "deal 6", "deal 7"]
    assert rep.get("/deal?q=deal 3&fields=name").json()["items"][0]["name"] == "deal 3"
    assert "total" not in rep.get("/deal?total=no").json()
    assert rep.get("/deal?page=3&size=3&sort=amount&fields=name").json()["items"] == [
        {"id": 7, "version": 1, "name": "deal 7"}
    ]


def test_a_figure_is_explained(rep: Program, other: Program) -> None:
    deal = rep.make("deal", name="d", items=[{"what": "a", "pieces": 3, "price": "1.50"}])
    line = deal["items"][0]["id"]
    worth = rep.get(f"/item/{line}/explain/worth")
    assert worth.status_code == 200, worth.text
    assert worth.json()["formula"] == "Pieces × Price"
    assert worth.json()["expression"] == "pieces * price"
    assert worth.json()["value"] == "4.50"
    assert [(one["label"], one["value"]) for one in worth.json()["inputs"]] == [("Pieces", 3), ("Price", "1.50")]
    total = rep.get(f"/deal/{deal['id']}/explain/total").json()
    assert (total["value"], total["rows"]) == ("4.50", 1)
    assert other.get(f"/item/{line}/explain/worth").status_code == 404
    assert rep.get(f"/deal/{deal['id']}/explain/name").status_code == 404


@pytest.mark.parametrize("key", ["k1", "a-long-key-with-signs:!~"])
def test_a_request_sent_twice_is_done_once(rep: Program, key: str) -> None:
    header = {"Idempotency-Key": key}
    first = rep.post("/deal", {"name": "d"}, **header)
    second = rep.post("/deal", {"name": "d"}, **header)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert rep.get("/deal").json()["total"] == 1
    assert rep.post("/deal", {"name": "other"}, **header).status_code == 422
    copied = [rep.post(f"/deal/{first.json()['id']}/copy", **header).json()["id"] for _ in range(2)]
    assert copied[0] == copied[1]
    refused = {"Idempotency-Key": "mended"}
    assert rep.post("/deal", {}, **refused).status_code == 422
    assert rep.post("/deal", {"name": "now right"}, **refused).status_code == 201
    assert rep.post("/deal", {"name": "d"}, **{"Idempotency-Key": "x" * 101}).status_code == 400


def test_bulk_sent_twice_is_done_once(rep: Program) -> None:
    body = {"items": [{"name": "a"}, {"name": "b"}]}
    first = rep.post("/deal/bulk", body, **{"Idempotency-Key": "k"}).json()
    assert rep.post("/deal/bulk", body, **{"Idempotency-Key": "k"}).json() == first
    assert rep.get("/deal").json()["total"] == 2


def test_short_saves_one_after_another_are_all_stored_while_others_write(manager: Program, firm: Firm) -> None:
    """Saves that are over at once go around a thread, unless somebody else is writing."""
    saved, go_on = threading.Event(), threading.Event()

    def write_slowly() -> None:
        with firm.site.database.writing() as connection:
            records.allocate(connection, firm.site.tables, "account", 1)
            saved.set()
            go_on.wait(10)

    made = [manager.make("contact", name=f"Guest {number}")["id"] for number in range(5)]
    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert saved.wait(10)
    threading.Timer(0.2, go_on.set).start()
    made.append(manager.make("contact", name="Late guest")["id"])
    writer.join(10)
    refused = manager.post("/contact", {"name": ""})
    changed = manager.patch(f"/contact/{made[0]}", {"name": "First guest", "version": 1})

    assert made == list(range(1, 7))
    assert (refused.status_code, changed.status_code) == (422, 200)
    names = [item["name"] for item in manager.get("/contact?sort=name").json()["items"]]
    assert names == ["First guest", *(f"Guest {number}" for number in range(1, 5)), "Late guest"]
