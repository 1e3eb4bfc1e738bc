"""A record in memory and a row in a query: whatever the roles say, both are decided alike."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.change import Actor, NotFound
from engine.runtime.access import Access
from engine.runtime.cells import Masked
from engine.runtime.figures import Figures
from engine.runtime.permission import rows_of
from engine.runtime.record import Record
from engine.runtime.session import Session
from engine.runtime.site import Site, make_site
from engine.runtime.tree import Node, load_tree
from tests.crm import KEY, Crm, builtin_catalog, compile_text

ENTITIES: dict[str, Any] = {
    "thing": {
        "label": "Thing",
        "title": "{name}",
        "fields": {
            "name": {"type": "text"},
            "level": {"type": "integer"},
            "state": {"type": "choice", "choices": {"new": "New", "old": "Old"}},
            "flag": {"type": "boolean"},
            "price": {"type": "money"},
            "day": {"type": "date"},
            "owner": {"type": "user"},
            "above": {"type": "link", "to": "thing"},
            "bits": {"type": "lines", "of": "bit"},
        },
    },
    "bit": {
        "label": "Bit",
        "owned_by": "thing.bits",
        "fields": {"size": {"type": "integer"}, "word": {"type": "text"}},
    },
}
CONDITIONS = (
    "owner == me", "level > 3", "state == 'new'", "flag", "not flag", "price is None", "price * 2 > level",
    "day < today()", "owner.team == me.team", "in_team(owner.team, me.team)", "reports_to(owner, me)",
    "above.level >= level", "above.owner == me", "created_by == me", "len(name) > 2", "default(level, 0) == 0",
)  # fmt: skip
FIELDS = ("name", "level", "price", "owner", "bits")

conditions = st.recursive(
    st.sampled_from(CONDITIONS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from((" and ", " or ")), inner).map(lambda parts: f"({''.join(parts)})"),
        inner.map(lambda text: f"(not {text})"),
    ),
    max_leaves=4,
)
rules = st.one_of(st.booleans(), conditions)
updates = st.one_of(rules, st.fixed_dictionaries({"before": rules, "after": rules}))
field_grants = st.fixed_dictionaries({}, optional={"read": st.one_of(rules, st.just("masked")), "update": rules})
grants = st.fixed_dictionaries(
    {},
    optional={
        "read": rules, "create": rules, "update": updates, "delete": rules, "restore": rules, "export": rules,
        "fields": st.dictionaries(st.sampled_from(FIELDS), field_grants, max_size=3),
    },
)  # fmt: skip
bit_conditions = st.sampled_from((True, False, "masked", "size > 3", "thing.owner == me", "word is None"))
bit_grants = st.fixed_dictionaries({"fields": st.dictionaries(
    st.sampled_from(("size", "word")), st.fixed_dictionaries({"read": bit_conditions}), max_size=2
)})  # fmt: skip
role = st.fixed_dictionaries({"thing": grants}, optional={"bit": bit_grants})
roles = st.lists(role, min_size=1, max_size=3)


def config(roles: list[Mapping[str, Any]]) -> str:
    """A config as text (JSON is YAML) with these roles."""
    app = {"name": "T", "locale": "en", "locales": ["en"], "timezone": "UTC", "currency": "CNY"}
    named = {f"role{number}": {"label": "R", "grants": grants} for number, grants in enumerate(roles)}
    return json.dumps({"app": app, "entities": ENTITIES, "roles": named})


@pytest.fixture
def things(database_url: str) -> Iterator[Crm]:
    with Crm.load(config([{}]), database_url) as crm:
        head = crm.create("team", name="Head")
        branch = crm.create("team", name="Branch", parent=head)
        ann = crm.sign_in("Ann", team=head)
        bob = crm.sign_in("Bob", team=branch, manager=ann.user)
        crm.sign_in("Eve")
        first = crm.create("thing", name="a", level=1, state="new", flag=True, price="0.50", owner=ann.user)
        for number, owner in enumerate((ann.user, bob.user, None, bob.user, ann.user)):
            crm.create(
                "thing", name="thing" if number % 2 else None, level=number * 2, state=("new", "old", None)[number % 3],
                flag=(True, False, None)[number % 3], price=None if number == 2 else str(number), owner=owner,
                day=("2026-01-01", "2026-02-01")[number % 2], above=first if number % 2 else None,
                bits=[{"size": number * 3, "word": "w" if number % 2 else None}, {"size": 3}],
            )  # fmt: skip
        yield crm


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(roles=roles, name=st.sampled_from(("Ann", "Bob", "Eve")))
def test_sql_and_python_decide_alike(things: Crm, roles: list[Mapping[str, Any]], name: str) -> None:
    site = with_roles(things.site, config(roles))
    names = frozenset(site.model.roles) - {"administrator"}
    actor = Actor(user=things.people[name].user, name=name, roles=names, locale="en")
    crm = Crm(site, things.clock)
    listed = {row[0] for row in crm.page("thing", actor).rows} if Access(site, actor).ever("read", "thing") else set()
    for id in range(1, 7):
        found = told(crm, id, actor)
        assert found == in_memory(site, actor, id), (id, name)
        assert (id in listed) == (found is not None)


def with_roles(site: Site, text: str) -> Site:
    """The same database under other roles: these have no part in its tables."""
    return make_site(
        compile_text.__wrapped__(text), database=site.database, catalog=builtin_catalog(), clock=site.clock,
        folder=site.folder, key=KEY, revision=site.revision,
    )  # fmt: skip


def told(crm: Crm, id: int, actor: Actor) -> Any:
    """What the query says of the record."""
    try:
        record = crm.get("thing", id, actor)
    except NotFound:
        return None
    return sketch(record), sorted(verb for verb in record.may if verb != "restore")


def sketch(record: Record) -> Any:
    """For each field: shown, masked or not there, and whether it may be changed; and the same of the lines."""
    fields = {
        name: ("masked" if isinstance(value, Masked) else "shown")
        for name, value in record.values.items()
        if value is not None
    }
    lines = {name: [sketch(line) for line in lines] for name, lines in record.lines.items()}
    return fields, sorted(record.editable), lines


def in_memory(site: Site, actor: Actor, id: int) -> Any:
    """What the rules say of the record in memory."""
    access = Access(site, actor)
    with site.database.writing() as connection:
        session = Session.open(site, connection, actor)
        tree = load_tree(session, site.model.entities["thing"], id)
        assert tree is not None
        figures = Figures(session, tree)
        rows = rows_of(figures, tree.root)
        if not access.decide("read", "thing", rows):
            return None
        verbs = [verb for verb in ("delete", "export", "update") if access.decide(verb, "thing", rows)]
        return node_sketch(access, figures, tree.root), verbs


def node_sketch(access: Access, figures: Figures, node: Node) -> Any:
    entity, rows = node.entity, rows_of(figures, node)
    shown, editable = {}, []
    for name, known in entity.fields.items():
        if not (known.stored or known.computed is not None) or value_of(figures, node, name) is None:
            pass
        elif access.readable(entity.name, name, rows):
            shown[name] = "shown"
        elif access.masked(entity.name, name, rows):
            shown[name] = "masked"
        ever = bool(access.reading(entity.name, name).open)
        if known.writable and ever and access.updatable(entity.name, name, rows):
            editable.append(name)
    lines = {}
    for holder in entity.lines():
        if not access.reading(entity.name, holder.name).hidden:
            below = node.lines[holder.name]
            seen = [line for line in below if access.decide("read", line.entity.name, rows_of(figures, line))]
            lines[holder.name] = [node_sketch(access, figures, line) for line in seen]
    return shown, sorted(editable), lines


def value_of(figures: Figures, node: Node, name: str) -> Any:
    if name == "id":
        return node.id
    assert node.before is not None
    return node.before.get(name)
