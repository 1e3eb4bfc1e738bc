"""Writing what one may not: system fields, hidden fields, other people's fields, stages, roles: A36 to A43."""

from __future__ import annotations

from typing import Any

import pytest

from tests.attacks.world import PASSWORD, World


@pytest.fixture(scope="module")
def deal(world: World) -> int:
    """A deal of r1's own that stays as it is: every request of this module on it is refused."""
    return world.r1.make("deal", name="Kept", account=world.ids["A1"], amount=10, items=[{"name": "Item", "price": 3}])


FORBIDDEN: tuple[dict[str, Any], ...] = (
    {"id": 7}, {"created_at": "2020-01-01T00:00:00Z"}, {"created_by": 2}, {"updated_at": None}, {"updated_by": 2},
    {"deleted_at": None}, {"deleted__with": "x"}, {"stage_since": None}, {"stage__pipeline": "x"},
    {"is_deleted": False},
    {"approved_at": "2026-01-01T00:00:00Z"}, {"margin": 5}, {"score": 5}, {"memo": "x"}, {"perks": []}, {"pin": "x"},
    {"total": 5}, {"fee": 5}, {"hint": 5}, {"costs": 5}, {"notes": []}, {"__class__": "x"}, {"": 1}, {"tip ": "x"},
    {"TIP": "x"}, {"account.credit": 5}, {"account": {"id": 1, "credit": 5, "name": "x", "key": "k"}},
    {"account_id": 1},
    {"items": [{"name": "x", "cost": 5}]}, {"items": [{"name": "x", "deal": 2}]}, {"items": [{"name": "x",
    "created_by": 2}]},
    {"items": [{"name": "x", "line__position": 0}]}, {"items": [{"id": 2, "name": "x"}]}, {"contacts": [{"id": 1,
    "name": "x"}]},
    {"contacts": [{"id": 1, "target": 2}]}, {"contacts": [{"id": 1, "deal": 2}]}, {"role": "manager"},
    {"confirm": ["x"], "margin": 1},
)  # fmt: skip


@pytest.mark.attack("A36", "A38")
@pytest.mark.parametrize("values", FORBIDDEN, ids=str)
def test_what_may_not_be_written_refuses_the_whole(world: World, deal: int, values: dict[str, Any]) -> None:
    """Beside a change that were allowed: nothing is applied, and nothing left out in silence."""
    version = world.r1.version(f"/deal/{deal}")
    answer = world.r1.api("PATCH", f"/deal/{deal}", {"name": "Changed", **values, "version": version})
    assert answer.status_code == 422, answer.text
    answer = world.r1.api("POST", "/deal", {"name": "New", "account": world.ids["A1"], **values})
    assert answer.status_code == 422, answer.text
    plain = all(isinstance(value, str | int | float) for value in values.values())
    if plain and not any(name == "" or name.startswith("_") for name in values):  # names with _ are the page's own
        form = {"name": "Changed", "account": str(world.ids["A1"]), "_version": str(version)}
        form |= {name: str(value) for name, value in values.items()}
        if "id" not in values:
            assert world.r1.send(f"/deal/{deal}/edit", form).status_code == 422
            assert world.r1.send("/deal/new", form).status_code == 422


@pytest.mark.attack("A36")
def test_a_hidden_field_and_an_unknown_one_are_refused_in_the_same_words(world: World, deal: int) -> None:
    for name in ("margin", "memo", "perks", "codename"):
        never = "zqxjvkqq"[: len(name)]
        hidden, missing = (
            world.r1.api("PATCH", f"/deal/{deal}", {one: "5", "version": world.r1.version(f"/deal/{deal}")})
            for one in (name, never)
        )  # fmt: skip
        assert hidden.status_code == 422
        assert hidden.text == missing.text.replace(never, name)
        pages = [world.r1.send("/deal/new", {"name": "", one: "5"}).text for one in (name, never)]
        assert pages[0].count("<li") == pages[1].count("<li")


@pytest.mark.attack("A38")
@pytest.mark.parametrize("form", [{"items.0.cost": "5", "items.0.name": "x", "items": ""}, {"contacts[0][owner]": "2"},
                                  {"owner[id]": "2"}, {"perks.0.name": "x", "perks": ""}, {"account.credit": "5"},
                                  {"items.0.deal": "2", "items": ""}, {"name.0.x": "y"}, {"items.0.id": "2",
                                  "items": ""}])  # fmt: skip
def test_inputs_that_a_form_never_had_refuse_it(world: World, deal: int, form: dict[str, str]) -> None:
    version = str(world.r1.version(f"/deal/{deal}"))
    base = {"name": "Changed", "account": str(world.ids["A1"]), "_version": version}
    assert world.r1.send(f"/deal/{deal}/edit", {**base, **form}).status_code == 422
    assert world.r1.send("/deal/new", {**base, **form}).status_code == 422


@pytest.mark.attack("A36")
def test_who_may_read_but_not_change_is_refused(world: World) -> None:
    """A note of the deal's is read by the deal's owner, and changed by its own."""
    note = world.make("note", text="Of the manager", deal=world.ids["D1"], owner=world.manager.id)
    assert world.r1.api("PATCH", f"/note/{note}", {"text": "x", "version": 1}).status_code == 403
    assert world.r1.api("DELETE", f"/note/{note}?version=1").status_code == 403
    assert world.r1.send(f"/note/{note}/edit", {"text": "x", "_version": "1"}).status_code in (403, 422)
    assert world.r1.send(f"/note/{note}/delete", {"_version": "1"}).status_code == 403
    assert world.manager.version(f"/note/{note}") == 1


@pytest.mark.attack("A36")
def test_a_record_is_not_made_or_moved_out_of_its_row_rule(world: World) -> None:
    """Rows are asked as they are and as they would become: reading alone does not create for another."""
    body = {"name": "For another", "account": world.ids["A1"], "owner": world.r2.id}
    assert world.r1.api("POST", "/deal", body).status_code == 403
    assert world.r1.send("/deal/new", {key: str(value) for key, value in body.items()}).status_code == 403
    account = world.r1.make("account", name="Not to be handed over")
    moved = world.r1.api("PATCH", f"/account/{account}", {"owner": world.r2.id, "version": 1})
    assert moved.status_code == 403, moved.text
    for owner in (None, 0, "me", True, [world.r1.id], {"id": world.r2.id}):
        answer = world.r1.api("PATCH", f"/account/{account}", {"owner": owner, "version": 1})
        assert answer.status_code in (403, 422), (owner, answer.text)


@pytest.mark.attack("A40")
def test_stages_are_left_and_entered_as_the_pipeline_says(world: World) -> None:
    deal = world.r1.make("deal", name="Staged", account=world.ids["A1"])
    for stage in ("quoted", "approved", "won", "nosuch", "", None, 1, ["won"], {"id": "won"}, "WON", "lead\u0000"):
        for method, path, body in (
            ("POST", f"/deal/{deal}/stage", {"to": stage}), ("PATCH", f"/deal/{deal}", {"stage": stage}),
        ):  # fmt: skip
            answer = world.r1.api(method, path, {**body, "version": 1})
            assert answer.status_code in (400, 422) or answer.json()["stage"] == "lead", (stage, answer.text)
        done = world.r1.api("POST", "/deal/bulk", {"items": [{"id": deal, "version": 1, "stage": stage}]})
        assert done.status_code == 400 or done.json()["items"][0].get("version", 1) == 1
        if isinstance(stage, str) and stage.isascii() and "\x00" not in stage:
            assert world.r1.send(f"/deal/{deal}/stage", {"to": stage, "_version": "1"}).status_code in (303, 422)
    assert world.r1.get(f"/deal/{deal}").json()["stage"] == "lead"
    for stage in ("approved", "won"):
        assert (
            world.r1.api("POST", "/deal", {"name": "x", "account": world.ids["A1"], "stage": stage}).status_code == 422
        )
    # With what the stage needs one step is open, and the one after it only to the manager.
    assert world.r1.api("PATCH", f"/deal/{deal}", {"amount": 5, "stage": "quoted", "version": 1}).status_code == 200
    version = world.r1.version(f"/deal/{deal}")
    assert world.r1.api("POST", f"/deal/{deal}/stage", {"to": "approved", "version": version}).status_code == 422
    assert world.r1.api("PATCH", f"/deal/{deal}", {"amount": None, "version": version}).status_code == 422
    assert world.manager.api("POST", f"/deal/{deal}/stage", {"to": "approved", "version": version}).status_code == 200


@pytest.mark.attack("A42")
def test_nobody_gives_themselves_rights(world: World) -> None:
    me = world.r1.id
    for values in ({"roles": ["manager"]}, {"role": "manager"}, {"is_admin": True}, {"active": True}, {"team": 1},
                   {"manager": me}, {"login": "root"}, {"salary": 5}, {"password": "x" * 12},
                   {"name": "root"}):  # fmt: skip
        for person in (world.r1, world.nobody):
            answer = person.api(
                "PATCH", f"/user/{person.id}", {**values, "version": person.version(f"/user/{person.id}")}
            )
            assert answer.status_code in (403, 404, 422), answer.text
            assert person.send(f"/user/{person.id}/edit", {k: str(v) for k, v in values.items()}).status_code in (
                403,
                404,
                422,
            )
    for path, form in (
        ("/-/people", {"name": "x", "login": "x", "role": "manager", "password": PASSWORD}),
        (f"/-/people/{me}/roles", {"role": "administrator"}), (f"/-/people/{me}/active", {"active": "yes"}),
        ("/-/people/hand-over", {"from": str(world.r2.id), "to": str(me)}),
    ):  # fmt: skip
        assert world.r1.send(path, form).status_code == 403, path
        assert world.manager.send(path, form).status_code == 403, path
    assert world.r1.page("/-/people").status_code == 403
    sent = {
        "locale": "en",
        "theme": "dark",
        "timezone": "UTC",
        "role": "manager",
        "active": "no",
        "login": "root",
        "user": "1",
    }
    assert world.r1.send("/-/account/preferences", sent).status_code == 303
    assert world.r2.get(f"/user?where=id=={me}").json()["items"][0]["name"] == "r1"


@pytest.mark.attack("A42")
def test_an_administrator_gives_no_more_than_they_may(world: World) -> None:
    """`may` has a ceiling; the last who manages people stays; an unknown role is refused."""
    assert world.admin.send(f"/-/people/{world.r2.id}/roles", {"role": "nosuchrole"}).status_code == 422
    assert world.admin.send(f"/-/people/{world.admin.id}/roles", {"role": "rep"}).status_code == 422
    assert world.admin.send(f"/-/people/{world.admin.id}/active", {"active": "no"}).status_code == 422
    assert world.admin.send("/-/people/999999/roles", {"role": "rep"}).status_code in (404, 422)
    assert world.admin.send("/-/people/999999/active", {"active": "no"}).status_code in (404, 422)


@pytest.mark.attack("A36")
def test_somebody_with_people_rights_still_reads_no_records(world: World) -> None:
    for path in ("/deal", "/account", "/deal/1", "/note"):
        assert world.admin.get(path).status_code == 404
        assert world.admin.page(path).status_code == 404
    assert world.admin.page("/-/people").status_code == 200


@pytest.mark.attack("A36")
def test_a_stale_version_shows_the_record_as_one_may_see_it(world: World, deal: int) -> None:
    """The answer to a conflict tells the record as it is now: without its hidden fields."""
    world.update("deal", world.ids["D1"], tip="moved on")
    stale = world.r1.api("PATCH", f"/deal/{world.ids['D1']}", {"name": "x", "version": 1})
    assert stale.status_code == 409 and "margin" not in stale.text
    assert (
        world.r1.send(f"/deal/{world.ids['D1']}/edit", {"name": "x", "account": "1", "_version": "1"}).status_code
        == 409
    )
    assert world.r1.api("PATCH", f"/deal/{world.ids['D1']}", {"name": "x"}).status_code == 428
    for header in ("*", "1", 'W/"x"', '"1", "2"', '"0"', '"99999999999999999999"', "'1'", ""):
        answer = world.r1.api("PATCH", f"/deal/{world.ids['D1']}", {"name": "x"}, **{"If-Match": header})
        assert answer.status_code in (400, 409, 428), (header, answer.text)


@pytest.mark.attack("A36")
def test_a_key_for_doing_once_belongs_to_one_person(world: World) -> None:
    """Another person's key fetches nothing, and a lost right is lost for repeated requests too."""
    body = {"name": "Once", "account": world.ids["A1"]}
    key = {"Idempotency-Key": "the-same-key"}
    made = world.r1.api("POST", "/deal", body, **key)
    again = world.r1.api("POST", "/deal", body, **key)
    assert made.json()["id"] == again.json()["id"]
    other = world.manager.api("POST", "/deal", body, **key)
    assert other.json()["id"] != made.json()["id"]
    world.update("deal", made.json()["id"], owner=world.r2.id, tip="canarytip")
    assert world.r1.api("POST", "/deal", body, **key).json().keys() == {"id", "version"}
    assert world.r1.api("POST", "/deal", {**body, "name": "Other"}, **key).status_code == 422
    for text in ("", "x" * 101, "a b"):
        assert world.r1.api("POST", "/deal", body, **{"Idempotency-Key": text}).status_code == 400
