"""Fields that one may not read, asked for in every way but by their name: A23 to A35."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from engine.change import Actor, Draft, InvalidRecord, system
from engine.problems import ConfigError
from engine.runtime.listing import ListQuery
from engine.runtime.save import save
from tests.attacks.world import World
from tests.crm import Crm, compile_text

NAMES = ("margin", "score", "memo", "codename", "costs", "perks")
"""Fields of a deal that a seller knows nothing of."""
CONDITIONS = (
    "{name} > 500000", "{name} is None", "not ({name} is None)", "{name} == {name}", "default({name}, 0) > 1",
    "1 if {name} > 5 else 0 == 1", "amount > {name}", "name == 'x' or {name} is None", "max({name}, 1) > 0",
    "buddy.{name} > 1", "buddy.buddy.{name} is None", "find(deal.{name}, where=id == 1) is None",
    "find(deal, where={name} > 1, latest=id) == 1", "find(deal, where=name == 'x', latest={name}) is None",
    "find(deal.name, where={name} == outer.amount) is None", "find(note.deal.{name}, where=id == 1) is None",
    "outer.{name} > 1", "old.{name} > 1", "me.{name} > 1", "lower({name}) == 'x'", "starts_with({name}, 'c')",
    "{name} in [1, 2]", "owner.{name} is None", "account.deals.{name} > 1", "record.{name} > 1",
)  # fmt: skip


@pytest.mark.attack("A23")
@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_hidden_field_in_a_condition_is_a_field_that_never_existed(world: World, condition: str) -> None:
    for name in ("margin", "perks"):
        never = "zqxjvk"[: len(name)].ljust(len(name), "q")
        hidden, missing = (
            world.r1.get(f"/deal?where={quote(condition.format(name=one))}") for one in (name, never)
        )  # fmt: skip
        assert hidden.status_code == 400, hidden.text
        assert unhinted(hidden.text) == unhinted(missing.text).replace(never, name)
        for other in NAMES:
            said = (
                hidden.text.replace(condition.format(name=name), "").replace(f"'{name}'", "").replace(f"'.{name}'", "")
            )
            assert other not in said, other


def unhinted(text: str) -> str:
    """A message without the nearest known word, which depends on the letters that were typed."""
    return re.sub(r" Did you mean '\\?\w+'\?| A text or a choice stands in quotes: '\w+'\.", "", text)


@pytest.mark.attack("A23")
@pytest.mark.parametrize(
    "condition",
    ["account.credit > 1", "account.code == 'canarycode'", "account.factor > 3", "account.margins > 1",
        "items.cost > 1",
     "find(tariff.price, where=kind == 'base') > 1", "find(item.cost, where=name == 'x') > 1", "me.salary > 1",
     "owner.salary > 1", "created_by.salary > 1", "find(user.salary, where=name == 'r2') > 1", "owner.login == 'r2'",
     "owner.active", "find(perk.name, where=id == 1) is None", "pin == 'zqv7731'", "buddy.pin == 'x'", "api_key == 'x'",
     "owner.manager == me", "owner.team is None", "reports_to(owner, created_by)", "in_team(owner.team, me.team)"],
)  # fmt: skip
def test_conditions_reach_no_hidden_field_through_other_records(world: World, condition: str) -> None:
    assert world.r1.get(f"/deal?where={quote(condition)}").status_code == 400
    assert world.r1.page(f"/deal?where={quote(condition)}").status_code == 400


@pytest.mark.attack("A23")
def test_conditions_see_only_rows_that_the_asker_sees(world: World) -> None:
    """What is found by `find` and what stands behind a path is under the same row rules."""
    for condition in (
        "find(deal, where=name == 'canarydeal') is not None", "find(account.ceiling, where=ceiling < 100) == 50",
        "find(account, where=terms == 'canaryterms') is not None", "find(note, where=text == 'canarynote') is not None",
        "not (find(contact, where=name == 'canarycontact') is None)", "account.owner != me", "buddy.owner != me",
    ):  # fmt: skip
        answer = world.r1.get(f"/deal?where={quote(condition)}")
        assert answer.status_code == 200, answer.text
        assert answer.json()["items"] == [], condition


@pytest.mark.attack("A23", "A24")
def test_filters_and_orders_of_pages_refuse_hidden_fields_like_unknown_ones(world: World) -> None:
    operators = ("", ".is_not", ".at_least", ".between", ".empty", ".not_empty", ".among", ".contains", ".less")
    for name in NAMES:
        never = "zqxjvkqq"[: len(name)]
        for operator in operators:
            hidden, missing = (world.r1.page(f"/deal?f.{one}{operator}=5") for one in (name, never))
            assert hidden.status_code == 400
            assert plain(hidden.text) == plain(missing.text).replace(never, name)
        for key in ("sort", "fields"):
            for sign in ("", "-"):
                hidden, missing = (world.r1.get(f"/deal?{key}={sign}{one}") for one in (name, never))
                assert hidden.status_code == 400
                assert hidden.text == missing.text.replace(never, name)
                assert world.r1.page(f"/deal?{key}={sign}{name}").status_code == 400
        page = world.r1.page(f"/deal?_filter={name}&_op=at_least&_value=5")
        assert page.status_code == 303 and world.r1.page(page.headers["location"]).status_code == 400


def plain(page: str) -> str:
    """A page without what differs each time."""
    return "\n".join(line for line in page.splitlines() if "Request" not in line and "request" not in line)


@pytest.mark.attack("A24")
@pytest.mark.parametrize("sort", ["account.credit", "-account.margins", "account.name", "pin", "-pin", "api_key",
    "items",
                                  "perks", "contract", "name;drop table deal", "(select 1)", "1", "", "--name",
                                  "name desc",
                                  "owner.salary", "notes", "name,margin", "rowid", "deleted__with",
                                  "NAME"])  # fmt: skip
def test_orders_take_readable_fields_of_the_entity_and_nothing_else(world: World, sort: str) -> None:
    answer = world.r1.get(f"/deal?sort={quote(sort)}")
    assert answer.status_code == (400 if sort else 200), answer.text
    assert world.r1.page(f"/deal?sort={quote(sort)}").status_code == (400 if sort else 200)


@pytest.mark.attack("A25")
@pytest.mark.parametrize("query", ["aggregate=max:margin", "group_by=margin", "distinct=margin", "having=margin>1",
                                   "count=margin", "min=margin", "facet=margin", "select=margin", "alias=x:margin",
                                   "fields=margin as x", "fields=max(margin)"])  # fmt: skip
def test_nothing_aggregates_or_groups_by_a_hidden_field(world: World, query: str) -> None:
    assert world.r1.get(f"/deal?{query}").status_code == 400
    assert world.r1.page(f"/deal?{query}").status_code == 400


@pytest.mark.attack("A24")
def test_a_place_in_a_list_can_not_be_forged_or_taken_elsewhere(world: World) -> None:
    for number in range(3):
        world.r1.make("deal", name=f"Walked {number}", account=world.ids["A1"], amount=number)
    place = world.r1.get("/deal?size=1&sort=-amount").json()["next"]
    assert world.r1.get(f"/deal?size=1&sort=-amount&after={place}").status_code == 200
    forged = [place[:-1], "A" + place[1:], place + "A", place.swapcase(), "", "é", "..", "A" * 4000]
    for other in ("sort=amount", "sort=name", "where=amount>1&sort=-amount", "q=walked&sort=-amount"):
        assert world.r1.get(f"/deal?size=1&{other}&after={place}").status_code == 400
    for text in forged[:4] + forged[5:]:
        assert world.r1.get(f"/deal?size=1&sort=-amount&after={quote(text)}").status_code == 400
    assert world.manager.get(f"/deal?size=1&sort=-amount&after={place}").status_code == 400
    assert world.r1.get(f"/note?size=1&after={place}").status_code == 400


@pytest.mark.attack("A27")
def test_a_search_looks_into_no_field_that_is_hidden(world: World) -> None:
    for word in ("canarymemo", "canary", "zqv7731", "zqv"):
        assert world.r1.get(f"/deal?q={word}").json()["items"] == []
    assert len(world.manager.get("/deal?q=canarymemo").json()["items"]) > 0


@pytest.mark.attack("A28")
def test_the_compiler_refuses_figures_and_checks_that_show_more_than_their_reader_may_see() -> None:
    for figure in (
        "double: {type: money, expr: margin * 2}",
        "any: {type: text, expr: \"'x' if margin > 5 else 'y'\"}",
    ):
        with pytest.raises(ConfigError, match="discloses"):
            compile_text(HIDDEN_FIGURE.replace("# FIGURE", figure))
    check = "    checks: {high: {refuse_when: margin > 5, message: Too high}}"
    with pytest.raises(ConfigError, match="discloses"):
        compile_text(HIDDEN_FIGURE.replace("    # CHECK", check))
    for place in ("visible_when: margin > 5", "required_when: margin > 5", "readonly_when: margin > 5"):
        compiled_or_refused(HIDDEN_FIGURE.replace("# FIGURE", f"also: {{type: text, {place}}}"))


HIDDEN_FIGURE = """
app: {name: x, locale: en, locales: [en], timezone: UTC, currency: GBP}
entities:
  deal:
    fields:
      name: {type: text}
      margin: {type: money}
      # FIGURE
    # CHECK
roles:
  rep: {label: Rep, grants: {deal: {read: true, create: true, update: true, fields: {margin: {read: false}}}}}
"""


def compiled_or_refused(text: str) -> None:
    """Conditions show something of a hidden field only in that a field appears: allowed, and told in the docs."""
    compile_text(text)


@pytest.mark.attack("A28")
def test_an_explained_figure_shows_no_input_that_is_hidden(world: World) -> None:
    deal, account = world.ids["D1"], world.ids["A1"]
    for field in ("fee", "total", "hint"):
        found = world.r1.get(f"/deal/{deal}/explain/{field}")
        assert found.status_code == 200
        assert world.r1.page(f"/deal/{deal}/explain/{field}").status_code == 200
    fee = world.r1.get(f"/deal/{deal}/explain/fee").json()
    assert fee["formula"] is None and [one["path"] for one in fee["inputs"]] == ["amount"]
    hint = world.r1.get(f"/deal/{deal}/explain/hint").json()
    assert hint["formula"] is None and hint["found"] == []
    for path in (f"/deal/{deal}/explain/score", f"/deal/{deal}/explain/costs", f"/account/{account}/explain/margins",
                 f"/deal/{deal}/explain/margin", "/item/1/explain/cost", f"/deal/{deal}/explain/items"):  # fmt: skip
        assert world.r1.get(path).status_code == 404, path
        assert world.r1.page(path).status_code == 404, path


@pytest.mark.attack("A28")
def test_a_title_leaves_out_the_parts_that_are_hidden(world: World) -> None:
    note = world.r1.make("note", text="See there", deal=world.ids["D1"])
    assert world.r1.get(f"/note/{note}").json()["deal"]["title"] == "Open deal"
    assert "canarycodename" in world.manager.get(f"/note/{note}").json()["deal"]["title"]
    world.r1.page(f"/note/{note}")
    world.r1.page(f"/deal?f.buddy={world.ids['D1']}")
    world.r1.page("/note/new")


@pytest.mark.attack("A28")
def test_a_refusal_names_a_record_without_the_hidden_parts_of_its_title(tmp_path: object) -> None:
    with Crm.load(UNWORKED) as crm:
        deal = crm.create("deal", name="Visible", codename="canarycodename", amount=1)
        for number in (1, 2):
            crm.sign_in(f"rep{number}", "rep")
        rep: Actor = crm.people["rep1"]
        with pytest.raises(InvalidRecord) as refused:
            crm.update("deal", deal, rep, amount=None)
        assert "canarycodename" not in str(refused.value) and "Visible" in str(refused.value)
        with pytest.raises(InvalidRecord) as told:
            save(crm.site, system(), Draft("deal", {"amount": None}, id=deal))
        assert "canarycodename" in str(told.value)


UNWORKED = """
app: {name: x, locale: en, locales: [en], timezone: UTC, currency: GBP}
entities:
  deal:
    title: "{name} {codename}"
    fields:
      name: {type: text}
      codename: {type: text}
      amount: {type: money}
      double: {type: money, expr: amount * 2, required: true}
roles:
  rep: {label: Rep, grants: {deal: {read: true, create: true, update: true, fields: {codename: {read: false}}}}}
"""


@pytest.mark.attack("A33")
def test_counts_go_over_visible_rows_only(world: World) -> None:
    for query in ("total=exact", "total=exact&where=amount>0", "total=exact&q=deal", "size=1"):
        seen = world.r1.get(f"/deal?{query}").json()
        every = world.manager.get(f"/deal?{query}").json()
        assert seen["total"] < every["total"], query
    assert world.r1.page("/").status_code == 200


@pytest.mark.attack("A23")
def test_a_field_open_on_some_rows_answers_nothing_on_the_others(world: World) -> None:
    """The clerk reads `tip` on own deals only: on others it is empty in every question, not the value."""
    for condition in (
        "tip == 'canarytip'",
        "starts_with(tip, 'canary')",
        "not (tip is None)",
        "tip > 'a'",
        "tip in ['canarytip']",
    ):
        assert world.clerk.get(f"/deal?where={quote(condition)}").json()["items"] == [], condition
    for query in ("f.tip=canarytip", "f.tip.contains=canary", "f.tip.not_empty=", "f.tip.starts_with=c"):
        assert f'href="/deal/{world.ids["D2"]}"' not in world.clerk.page(f"/deal?{query}").text, query
    first = world.clerk.get("/deal?sort=tip&fields=name,tip").json()["items"]
    last = world.clerk.get("/deal?sort=-tip&fields=name,tip").json()["items"]
    assert all(item["tip"] is None for item in (*first, *last))
    assert [item["id"] for item in first] == sorted(item["id"] for item in first)


@pytest.mark.attack("A23")
def test_typing_another_owner_into_a_form_opens_nothing(world: World) -> None:
    """The form is drawn anew with what is typed; rules on reading are asked of what is stored."""
    deal = world.ids["D2"]
    for button in ({"_refresh": "owner"}, {"_add": "items"}, {"_find": "account"}, {"name": ""}):
        sent = {"name": "canarydeal", "owner": str(world.clerk.id), "_version": "1", **button}
        world.clerk.send(f"/deal/{deal}/edit", sent)
        world.clerk.send(f"/deal/{deal}/edit", sent, **{"HX-Request": "true"})
    conflict = {
        "name": "canarydeal",
        "owner": str(world.clerk.id),
        "_version": "99",
        "_was": '[["tip",""],["name","x"]]',
    }
    world.clerk.send(f"/deal/{deal}/edit", conflict)
    world.clerk.send(f"/deal/{deal}/edit", {**conflict, "_take.tip": "now"})


@pytest.mark.attack("A35")
def test_nothing_tells_of_the_engine_inside(world: World) -> None:
    for path in ("/deal/1'", "/deal?where='", "/deal?where=" + "(" * 60, "/deal?sort='", "/api/v1/deal/'",
        "/metrics", "/debug",
                 "/.env", "/.git/config", "/server-status", "/static/app.js.map", "/healthz", "/readyz",
                 "/robots.txt"):  # fmt: skip
        answer = world.request("GET", path, headers={"Authorization": f"Bearer {world.r1.token}"})
        for word in ("Traceback", "SELECT", "sqlalchemy", "psycopg", ".py", "sqlite3", "forme_"):
            assert word not in answer.text, (path, word)
        assert "server" not in answer.headers and "x-powered-by" not in answer.headers


@pytest.mark.attack("A35")
def test_a_failure_tells_its_number_and_nothing_else(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("canary in a failure: SELECT secret FROM table")

    monkeypatch.setattr(ListQuery, "from_url", fail)
    answers = (
        world.client.get("/api/v1/deal", headers={"Authorization": f"Bearer {world.r1.token}"}),
        world.client.get("/deal", headers={"Cookie": f"forme={world.r1.session}"}),
    )
    for answer in answers:
        assert answer.status_code == 500
        assert "canary" not in answer.text and "RuntimeError" not in answer.text
        assert answer.headers["x-request-id"] in answer.text


@pytest.mark.attack("A23")
def test_the_same_value_hidden_by_a_mask_is_no_condition(world: World) -> None:
    assert world.r1.get(f"/deal/{world.ids['D1']}").json()["pin"] == "***1"
    for query in ("where=pin=='zqv7731'", "sort=pin", "where=pin is None"):
        assert world.r1.get(f"/deal?{query}").status_code == 400
    for query in ("f.pin=zqv7731", "f.pin.starts_with=z", "f.pin.not_empty=", "sort=-pin"):
        assert world.r1.page(f"/deal?{query}").status_code == 400
    assert world.r1.api("PATCH", f"/deal/{world.ids['D1']}", {"pin": "x", "version": 1}).status_code == 422


@pytest.mark.attack("A35")
def test_secrets_are_shown_to_nobody(world: World) -> None:
    """Not to the manager, not in history, not in the database."""
    deal = world.ids["D1"]
    for person in (world.manager, world.r1):
        assert person.get(f"/deal/{deal}").json()["api_key"] == "•••"
        person.page(f"/deal/{deal}")
        person.page(f"/deal/{deal}/edit")
        person.get("/deal?fields=api_key")
        for query in ("where=api_key=='canarysecret'", "sort=api_key", "q=canarysecret"):
            person.get(f"/deal?{query}")
        person.page("/deal?f.api_key=canarysecret")
    with world.site.database.reading() as connection:
        row = connection.exec_driver_sql(f"SELECT * FROM deal WHERE id = {deal}").one()
        assert "canarysecret" not in repr(row)
        history = connection.exec_driver_sql("SELECT * FROM forme_history").fetchall()
        assert "canarysecret" not in repr(history)
