"""Records, rows and relations of other people: A01 to A21."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from tests.attacks.oracles import same
from tests.attacks.world import NEVER, Person, World

API = (
    ("GET", "/deal/{id}", None),
    ("PATCH", "/deal/{id}", {"name": "x", "version": 1}),
    ("PATCH", "/deal/{id}", {"name": "x", "version": 7}),
    ("PATCH", "/deal/{id}", {"name": "x"}),
    ("PATCH", "/deal/{id}", {"margin": 1, "version": 1}),
    ("PATCH", "/deal/{id}", {"owner": 1, "version": 1}),
    ("DELETE", "/deal/{id}", None),
    ("DELETE", "/deal/{id}?version=1", None),
    ("DELETE", "/deal/{id}?version=9", None),
    ("POST", "/deal/{id}/restore", None),
    ("POST", "/deal/{id}/stage", {"to": "quoted", "version": 1}),
    ("POST", "/deal/{id}/stage", {"to": "no such stage", "version": 1}),
    ("POST", "/deal/{id}/copy", None),
    ("GET", "/deal/{id}/explain/total", None),
    ("GET", "/deal/{id}/explain/fee", None),
    ("GET", "/deal/{id}/explain/nothing", None),
    ("GET", "/deal/{id}/contract/1", None),
    ("GET", "/deal/{id}/papers/1", None),
    ("GET", "/item/2", None),
    ("GET", "/item/{id}/explain/name", None),
    ("PATCH", "/item/{id}", {"name": "x", "version": 1}),
)
PAGES: tuple[tuple[str, str, dict[str, str] | None], ...] = (
    ("GET", "/deal/{id}", None),
    ("GET", "/deal/{id}/edit", None),
    ("POST", "/deal/{id}/edit", {"name": "x", "_version": "1"}),
    ("POST", "/deal/{id}/edit", {"name": "x", "_version": "9", "_was": "[]"}),
    ("POST", "/deal/{id}/edit", {"_add": "items", "_version": "1"}),
    ("POST", "/deal/{id}/edit", {"_refresh": "items", "owner": "1", "_version": "1"}),
    ("GET", "/deal/{id}/delete", None),
    ("POST", "/deal/{id}/delete", {"_version": "1"}),
    ("POST", "/deal/{id}/delete", {"_version": "9"}),
    ("POST", "/deal/{id}/restore", {}),
    ("POST", "/deal/{id}/stage", {"to": "quoted", "_version": "1"}),
    ("POST", "/deal/{id}/copy", {}),
    ("GET", "/deal/{id}/explain/total", None),
    ("GET", "/deal/{id}/contract/1", None),
    ("GET", "/item/{id}", None),
    ("GET", "/item", None),
)


@pytest.mark.attack("A01", "A21")
@pytest.mark.parametrize(("method", "path", "body"), API)
def test_an_invisible_record_is_no_record_to_programs(world: World, method: str, path: str, body: object) -> None:
    headers = {"If-Match": '"1"'} if method == "DELETE" and "?" not in path else {}
    found, missing = (
        world.r1.api(method, path.format(id=id), body, **headers) for id in (world.ids["D2"], NEVER)
    )  # fmt: skip
    assert found.status_code == 404
    same(found, missing)


@pytest.mark.attack("A01", "A21")
@pytest.mark.parametrize(("method", "path", "body"), PAGES)
def test_an_invisible_record_is_no_record_on_pages(
    world: World, method: str, path: str, body: dict[str, str] | None
) -> None:
    def ask(id: int) -> httpx.Response:
        address = path.format(id=id)
        return world.r1.page(address) if body is None else world.r1.send(address, body)

    found, missing = ask(world.ids["D2"]), ask(NEVER)
    assert found.status_code == 404, found.text
    same(found, missing)


@pytest.mark.attack("A01")
def test_an_entity_that_one_may_not_know_is_no_entity(world: World) -> None:
    for path in ("/tariff", "/tariff/1", "/tariff/1/explain/price"):
        same(world.r1.get(path), world.r1.get(path.replace("tariff", "zzzzzz")))
        same(world.r1.page(path), world.r1.page(path.replace("tariff", "zzzzzz")))
    for path in ("/tariff", "/tariff/bulk", "/tariff/1/copy"):
        same(
            world.r1.api("POST", path, {"items": []}),
            world.r1.api("POST", path.replace("tariff", "zzzzzz"), {"items": []}),
        )


@pytest.mark.attack("A01")
def test_a_person_without_any_role_sees_names_of_people_and_nothing_else(world: World) -> None:
    for entity in ("deal", "account", "contact", "note", "tariff", "team"):
        status = 200 if entity == "team" else 404
        assert world.nobody.get(f"/{entity}").status_code == status
        assert world.nobody.page(f"/{entity}").status_code == status
    items = world.nobody.get("/user").json()["items"]
    assert {name for item in items for name in item} <= {"id", "version", "name"}
    assert world.nobody.page("/user/1").status_code == 200
    assert world.nobody.api("POST", "/user", {"name": "x", "login": "x"}).status_code == 403
    assert world.nobody.api("PATCH", f"/user/{world.nobody.id}", {"name": "x", "version": 1}).status_code == 403


@pytest.mark.attack("A02")
def test_related_lists_show_and_count_only_visible_records(world: World) -> None:
    account = world.make("account", name="With deals of two", owner=world.r1.id)
    world.make("deal", name="One to be seen", account=account, owner=world.r1.id)
    world.make("deal", name="canarydeal beside it", account=account, owner=world.r2.id)
    assert "One to be seen" in world.r1.page(f"/account/{account}").text
    found = world.r1.get("/deal?where=account.name=='With deals of two'&total=exact").json()
    assert [item["name"] for item in found["items"]] == ["One to be seen"] and found["total"] == 1
    assert world.r1.page(f"/deal?f.account={account}").text.count("One to be seen") > 0


@pytest.mark.attack("A03")
def test_pickers_offer_visible_records_only(world: World) -> None:
    for path in ("/deal/new", "/note/new", f"/deal/{world.ids['D1']}/edit", f"/note/{world.ids['N1']}/edit"):
        assert world.r1.page(path).status_code == 200
    for text in ("canary", "c", "", "%", "_"):
        for target in ("account", "buddy", "contacts", "owner"):
            world.r1.send("/deal/new", {"name": "x", "_find": target, f"_q.{target}": text})
            world.r1.send("/deal/new", {"name": "x", "_find": target, f"_q.{target}": text}, **{"HX-Request": "true"})


@pytest.mark.attack("A03")
def test_a_link_to_an_invisible_record_shows_no_name(world: World) -> None:
    """What is linked already, and what the attacker names in an address, a form or a filter."""
    account, deal, contact = world.ids["A2"], world.ids["D2"], world.ids["C2"]
    assert {"id": contact, "title": None} in world.r1.get(f"/deal/{world.ids['D1']}").json()["contacts"]
    assert world.r1.get(f"/note/{world.ids['N1']}").json()["about"] == {
        "entity": "account",
        "id": account,
        "title": None,
    }
    for path in (
        f"/deal/new?account={account}&buddy={deal}&contacts={contact}",
            f"/note/new?about=account:{account}&deal={deal}",
        f"/deal?f.account={account}", f"/deal?f.buddy.is_not={deal}", f"/note?f.about=account:{account}",
    ):  # fmt: skip
        assert world.r1.page(path).status_code in (200, 400), path
    sent = {"name": "x", "account": str(account), "buddy": str(deal), "contacts": str(contact), "_refresh": "account"}
    world.r1.send("/deal/new", sent)
    world.r1.send(f"/deal/{world.ids['D1']}/edit", {**sent, "_version": "1"})


@pytest.mark.attack("A03")
def test_linking_needs_sight_of_the_other_end_and_missing_looks_the_same(world: World) -> None:
    for name, invisible in (("account", world.ids["A2"]), ("buddy", world.ids["D2"])):
        base = {"name": "x", "account": world.ids["A1"], "amount": 1}
        found, missing = (world.r1.api("POST", "/deal", {**base, name: id}) for id in (invisible, NEVER))
        assert found.status_code == 422
        same(found, missing)
        found, missing = (
            world.r1.api("PATCH", f"/deal/{world.ids['D1']}", {name: id, "version": 1}) for id in (invisible, NEVER)
        )  # fmt: skip
        assert found.status_code == 422
        same(found, missing)
    for body in ({"contacts": [world.ids["C2"] + 50]}, {"contacts": [world.ids["C1"], NEVER]}):
        answer = world.r1.api("PATCH", f"/deal/{world.ids['D1']}", {**body, "version": 1})
        assert answer.status_code == 422
    found, missing = (
        world.r1.api("POST", "/note", {"text": "x", "about": about})
        for about in ({"entity": "account", "id": world.ids["A2"]}, {"entity": "account", "id": NEVER})
    )  # fmt: skip
    assert found.status_code == 422
    same(found, missing)


@pytest.mark.attack("A03")
def test_defaults_and_checks_tell_nothing_of_an_invisible_record(world: World) -> None:
    """`terms` defaults to the account's; a check compares with its ceiling."""
    for amount in ("1", "60"):
        body = {"name": "x", "account": world.ids["A2"], "amount": amount}
        found = world.r1.api("POST", "/deal", body)
        same(found, world.r1.api("POST", "/deal", {**body, "account": NEVER}))
        page = world.r1.send("/deal/new", body)
        assert page.status_code == 422
        assert "ceiling" not in page.text
    assert world.r1.page(f"/deal/new?account={world.ids['A2']}").status_code == 200
    assert world.r1.page(f"/deal/new?buddy={world.ids['D2']}").status_code == 200


@pytest.mark.attack("A04")
@pytest.mark.parametrize(
    "query", ["value_field=password_hash", "label=margin", "to_field=margin", "ids=2", "include=account",
    "expand=owner",
              "_method=DELETE", "token=x", "deleted=1", "where=1&where=2", "size=1&size=2", "debug=1"],
)  # fmt: skip
def test_parameters_that_nobody_declared_are_refused(world: World, query: str) -> None:
    assert world.r1.get(f"/deal?{query}").status_code == 400
    if "deleted" not in query and "size" not in query and "where" not in query:
        assert world.r1.page(f"/deal?{query}").status_code == 400


@pytest.mark.attack("A08")
def test_bulk_changes_only_rows_that_one_may_change_and_names_no_other(world: World, mine: int) -> None:
    theirs = world.ids["D2"]
    items = [
        {"id": theirs, "version": 1, "name": "stolen"}, {"id": NEVER, "version": 1, "name": "stolen"},
        {"id": mine, "version": world.r1.version(f"/deal/{mine}"), "name": "renamed"},
        {"id": theirs, "name": "stolen"}, {"id": str(mine), "version": 1, "name": "x"}, {"id": True, "version": 1,
        "name": "x"},
        {"id": 2**70, "version": 1, "name": "x"}, {"id": -1, "version": 1}, [], "x", None, {},
    ]  # fmt: skip
    answer = world.r1.api("POST", "/deal/bulk", {"items": items})
    results = answer.json()["items"]
    assert [one["status"] for one in results[:3]] == [404, 404, 200]
    assert results[0] == results[1] == results[3] == results[4] == results[5] == results[6] == results[7]
    assert all(one["status"] in (404, 422) for one in results[3:])
    assert world.r2.get(f"/deal/{theirs}").json()["name"] != "stolen"
    assert world.r1.get(f"/deal/{mine}").json()["name"] == "renamed"


@pytest.mark.attack("A08")
@pytest.mark.parametrize("body", [{"filter": {}, "set": {"stage": "won"}}, {"ids": [1, 2], "set": {}}, {"items": {}},
                                  {"items": [], "all": True}, {}, {"items": None}])  # fmt: skip
def test_bulk_takes_rows_and_no_sets_of_rows(world: World, body: object) -> None:
    assert world.r1.api("POST", "/deal/bulk", body).status_code == 422


@pytest.mark.attack("A13")
@pytest.mark.parametrize("text", ["canarydeal", "canary", "cana", '"canarydeal"', "id:2", "canarymemo", "canarynote",
                                  "deal canary", "zqv7731", "zqv", "canarysecret", "%canary%", "*"])  # fmt: skip
def test_search_finds_nothing_hidden(world: World, text: str) -> None:
    for entity in ("deal", "note", "account", "contact"):
        found = world.r1.get(f"/{entity}?total=exact&q={quote(text)}")
        never = world.r1.get(f"/{entity}?total=exact&q=nothingatallhere")
        assert found.json()["items"] == [] and found.text == never.text, text
        page = world.r1.page(f"/{entity}?q={quote(text)}")
        assert page.status_code == 200
    world.r1.send("/deal/new", {"_find": "buddy", "_q.buddy": text})


@pytest.mark.attack("A16")
def test_history_tells_no_value_that_one_may_not_read_now(world: World) -> None:
    deal = world.r1.make("deal", name="Told", account=world.ids["A1"], amount=10)
    world.update("deal", deal, margin="7319341", memo="canarymemo", codename="canarycodename", pin="zqv7731")
    world.update("deal", deal, perks=[{"name": "canaryperk"}], api_key="canarysecret", contacts=[world.ids["C2"]])
    page = world.r1.page(f"/deal/{deal}")
    assert page.status_code == 200 and "Perk" not in page.text
    assert world.manager.page(f"/deal/{deal}").text.count("canarymemo") > 0


@pytest.mark.attack("A16")
def test_there_is_no_door_to_history_beside_the_record(world: World) -> None:
    for path in ("/deal/1/history", "/deal/1/timeline", "/history/1", "/timeline/1", "/-/history", "/forme_history"):
        assert world.r1.get(path).status_code == 404, path
        assert world.r1.page(path).status_code == 404, path


@pytest.mark.attack("A20")
def test_the_description_of_the_api_names_only_what_the_caller_may_use(world: World) -> None:
    told_to_rep = world.r1.get("/openapi.json").text
    for word in ("margin", "memo", "codename", "perk", "tariff", "credit", "salary", "cost"):
        assert f'"{word}' not in told_to_rep, word
    assert "margin" in world.manager.get("/openapi.json").text
    assert '"/deal' not in world.nobody.get("/openapi.json").text
    stranger: Person = world.nobody
    for path in (
        "/api/v1/openapi.json",
        "/api/v1/_meta",
        "/api/v1/deal",
        "/schema",
        "/docs",
        "/openapi.json",
        "/schema/openapi.json",
    ):
        assert stranger.world.request("GET", path).status_code in (401, 303, 404), path


@pytest.mark.attack("A21")
def test_walking_through_ids_tells_missing_from_forbidden_by_nothing(world: World) -> None:
    for id in (0, 2, 3, 10**17, NEVER):
        if world.r1.get(f"/deal/{id}").status_code == 404:
            same(world.r1.get(f"/deal/{id}"), world.r1.get(f"/deal/{NEVER}"))
            same(world.r1.page(f"/deal/{id}"), world.r1.page(f"/deal/{NEVER}"))


@pytest.mark.attack("A01")
def test_deleting_does_not_count_what_one_may_not_see(world: World) -> None:
    """That something links here must be told, or nobody knew why; how many invisible records do must not."""
    account = world.make("account", name="Linked", owner=world.r1.id)
    for number in range(3):
        world.make("deal", name=f"Unseen {number}", account=account, owner=world.r2.id)
    answer = world.r1.api("DELETE", f"/account/{account}?version=1")
    assert answer.status_code == 422
    assert "3" not in answer.json()["errors"][0]["message"]
    world.make("contact", name="Seen", account=account, owner=world.r1.id)


@pytest.mark.attack("A01")
def test_the_recycle_bin_is_under_the_same_rights(world: World) -> None:
    theirs = world.r2.make(
        "deal", name="canarydeal gone", account=world.make("account", name="Theirs", owner=world.r2.id)
    )
    world.r2.api("DELETE", f"/deal/{theirs}?version=1")
    for path in (f"/deal/{theirs}", "/deal?deleted=1", "/deal?deleted=1&q=canary", "/deal?deleted=true&sort=-name"):
        world.r1.page(path)
        world.clerk.page(path)
    same(world.r1.send(f"/deal/{theirs}/restore"), world.r1.send(f"/deal/{NEVER}/restore"))
    same(world.r1.api("POST", f"/deal/{theirs}/restore"), world.r1.api("POST", f"/deal/{NEVER}/restore"))
    assert world.clerk.api("POST", f"/deal/{theirs}/restore").status_code in (403, 404)
    assert world.r2.api("POST", f"/deal/{theirs}/restore").status_code == 200


@pytest.mark.attack("A01")
def test_restoring_tells_no_hidden_value_of_what_stands_in_the_way(world: World) -> None:
    """`code` is unique and hidden from sellers."""
    gone = world.make("account", name="Gone", code="canarycode 2", owner=world.r1.id)
    assert world.r1.api("DELETE", f"/account/{gone}?version=1").status_code == 204
    world.make("account", name="Successor", code="canarycode 2", owner=world.r2.id)
    assert world.r1.api("POST", f"/account/{gone}/restore").status_code == 422
    assert world.r1.send(f"/account/{gone}/restore").status_code == 422


@pytest.mark.attack("A01")
def test_a_copy_shows_no_hidden_value(world: World) -> None:
    """What is hidden is copied with the rest (a new version must cost what the old one did) and stays hidden."""
    copied = world.r1.api("POST", f"/deal/{world.ids['D1']}/copy")
    assert copied.status_code == 201, copied.text
    kept = world.manager.get(f"/deal/{copied.json()['id']}").json()
    assert kept["margin"] == "7319341.00" and kept["api_key"] is None
    assert world.r1.send(f"/deal/{world.ids['D1']}/copy").status_code == 303
    # A field that opens with ownership must not be opened by owning a copy.
    world.make("deal", name="Owned", account=world.ids["A1"], owner=world.r2.id, tip="canarytip")
    assert world.clerk.api("POST", f"/deal/{world.ids['D2']}/copy").status_code in (201, 403)
    assert "canarytip" not in world.clerk.get("/deal?fields=tip").text
