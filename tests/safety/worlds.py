"""Two worlds that differ only in what Ann may not see, and the questions that she may ask of both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from engine.change import Actor, Refused
from engine.runtime.browse import browse
from engine.runtime.listing import Filter, ListQuery
from tests.crm import Crm
from tests.runtime.read.firm import FIRM

FIRM_OF_ANN = FIRM.replace("name: {read: true}", "name: {read: true}, parts: {read: false}")
"""The firm of the stories; Ann is a rep and at the desk, and sees the margins of won deals."""


@dataclass(frozen=True)
class Secrets:
    """What differs between the worlds: nothing of it may be felt by Ann."""

    margin: str
    text: str
    phone: str
    amount: str
    day: str
    count: int


ZERO = Secrets("1.00", "aaa", "13800008888", "1", "2026-01-01", 1)
ONE = Secrets("999999.99", "Zebra canary 独角兽", "13955558888", "88888", "2030-12-31", 999)
"""Phones end alike: the mask shows their last four digits to Ann."""


class World:
    """A firm with its secrets, and Ann in it. (No dataclass: hypothesis would print all of it.)"""

    def __init__(self, crm: Crm, ann: Actor) -> None:
        self.crm, self.ann = crm, ann

    def ask(self, question: Question) -> Any:
        """Everything that Ann gets as an answer, refusals included."""
        try:
            return question.put(self.crm, self.ann)
        except Refused as refused:
            return type(refused).__name__, vars(refused), refused.args


@contextmanager
def world(secrets: Secrets, database_url: str, roles: tuple[str, ...]) -> Iterator[World]:
    """A firm filled with the same records in the same order, whatever the secrets are; Ann has these roles."""
    with Crm.load(FIRM_OF_ANN, database_url) as crm:
        ann, bob = crm.sign_in("Ann", *roles, phone="13800000001"), crm.sign_in("Bob", "rep", phone=secrets.phone)
        # Who is not at the desk sees the own customers only: then even the name of Bob's is a secret.
        bobs = "ACME" if "desk" in roles else secrets.text
        acme = crm.create("customer", name=bobs, phone=secrets.phone, secret=secrets.text, owner=bob.user)
        crm.create("customer", name="Beta", phone="13800138000", secret=secrets.text, owner=ann.user)
        _fill(crm, secrets, ann, bob, acme)
        yield World(crm, ann)


def _fill(crm: Crm, secrets: Secrets, ann: Actor, bob: Actor, acme: int) -> None:
    own = {"owner": ann.user, "customer": acme}
    parts = [{"what": "Cover", "copies": 5, "cost": secrets.margin}, {"what": "Inside", "cost": secrets.amount}]
    crm.create("deal", name="Own", amount="100", margin=secrets.margin, note="shown", tags=["t1"], parts=parts, **own)
    crm.create("deal", name="Beta deal", amount="80", customer=2, owner=ann.user, closes="2026-03-01")
    quoted = crm.create("deal", name="Quoted", amount="50", margin=secrets.margin, note=secrets.text, **own)
    crm.update("deal", quoted, stage="quoted")
    hidden = {"owner": bob.user, "name": secrets.text, "amount": secrets.amount, "closes": secrets.day}
    tags = [f"t{number}" for number in range(secrets.count % 7 + 1)]
    lines = [{"what": secrets.text, "copies": secrets.count}] * (secrets.count % 3 + 1)
    won = crm.create("deal", name="Won", amount="70", margin="33.30", note=secrets.text, owner=bob.user)
    crm.update("deal", won, stage="won")
    if "margins" not in ann.roles:
        crm.update("deal", won, name=secrets.text, amount="70", margin=secrets.margin)
    # Ids go on after those that Ann sees, so the worlds may differ in how many there are.
    crm.create("deal", customer=acme, margin=secrets.margin, tags=tags, parts=lines, **hidden)
    for _ in range(secrets.count % 5):
        crm.create("deal", **hidden)


@dataclass(frozen=True)
class Question:
    """One thing that Ann may do, as often as she likes, with any words."""

    kind: str
    entity: str
    query: ListQuery | None = None
    id: int = 0
    text: str = ""

    def put(self, crm: Crm, ann: Actor) -> Any:
        """The answer, with everything that a page or the API could show of it."""
        if self.kind == "list":
            assert self.query is not None
            return listed(crm, ann, self.query)
        if self.kind == "record":
            return crm.get(self.entity, self.id, ann)
        if self.kind == "pick":
            return crm.pick(self.entity, self.text, ann)
        return [crm.can(ann, verb, self.entity, self.id) for verb in ("read", "update", "delete", "export")]


def listed(crm: Crm, ann: Actor, query: ListQuery) -> Any:
    """Two pages of a list, the second by the cursor of the first."""
    page = browse(crm.site, ann, query)
    names = [(column.name, column.masked) for column in page.columns]
    answer = [names, page.rows, page.titles, page.total, page.total_is, page.next]
    if page.next is not None:
        second = browse(crm.site, ann, replace(query, after=page.next, page=1))
        answer += [second.rows, second.total, second.next]
    return answer


NAMES = {
    "deal": ("name", "customer", "amount", "note", "closes", "tags", "rush", "surcharge", "owner", "stage", "margin",
             "buyer", "contact_phone", "days_left", "created_by"),
    "customer": ("name", "phone", "owner", "won", "secret"),
    "part": ("what", "copies", "cost", "deal"),
    "step": ("machine", "minutes"),
    "user": ("name", "id", "phone"),
    "team": ("name",),
    "nothing": (),
}  # fmt: skip
ENTITIES = tuple(NAMES)
FIELDS = ("id", "version", "nothing", "parts", "deals", "login", "updated_at", *sorted({*sum(NAMES.values(), ())}))
WORDS = (
    "1", "7", "999999.99", "aaa", "Zebra", "canary", "独角", "角", "8888", "139", "13955558888", "Own", "t1", "won",
    "quoted", "2030-12-31", "2026-01-15", "me", "true", "", "a", "o", "88888", "50", "2",
)  # fmt: skip
OPERATORS = (
    "is", "is_not", "contains", "starts_with", "among", "less", "at_most", "more", "at_least", "between", "empty",
    "not_empty", "has", "has_not",
)  # fmt: skip
FURTHER = {
    "deal": ("customer.name", "customer.secret", "customer.phone", "customer.owner", "owner.login", "customer.won",
             "owner.name", "customer.owner.phone"),
    "customer": ("owner.name", "owner.phone", "me.phone"),
    "part": ("deal.name", "deal.margin", "deal.amount", "deal.note", "deal.customer.name"),
    "step": ("part.what", "part.cost", "part.deal.margin", "part.deal.name"),
}  # fmt: skip
TEMPLATES = (
    "{a} > {n}", "{a} is None", "{a} is not None", "{a} == {b}", "{a} == '{w}'", "contains({a}, '{w}')", "not {a}",
    "len({a}) > 2", "default({a}, {n}) < {n}", "{a} in ('{w}', 'x')", "max({a}, {b}) >= {n}", "'{w}' in {a}",
    "find(deal.{a}, where={b} == outer.{b}, latest=id) is None", "find(deal, where={a} > {n}, latest=id) is None",
    "find(customer.{a}, where=name == '{w}') == '{w}'", "find(part.{a}, where=copies > {n}, latest=id) is not None",
    "({a} if {b} is None else {a}) is None", "{a} + {b} > {n}", "{a} / {b} > {n}", "in_team({a}, me.team)",
    "reports_to({a}, me)", "{a} < today() and {b} == me", "{a} > now()",
)  # fmt: skip

words = st.sampled_from(WORDS)


def names_of(entity: str) -> st.SearchStrategy[str]:
    """Mostly fields of the entity, sometimes any word."""
    own = NAMES[entity] or FIELDS
    return st.sampled_from((*own, *own, *own, *FIELDS))


def paths_of(entity: str) -> st.SearchStrategy[str]:
    """Fields, and paths to other records."""
    own = NAMES[entity] or FIELDS
    return st.sampled_from((*own, *own, *FURTHER.get(entity, ()), "id", "nothing", "me.login"))


def wheres_of(entity: str) -> st.SearchStrategy[str]:
    """Conditions: most make sense, some do not."""
    paths = paths_of(entity)
    one = st.builds(
        lambda template, a, b, w, n: template.format(a=a, b=b, w=w, n=n),
        st.sampled_from(TEMPLATES), paths, paths, words, st.sampled_from((0, 1, 5, 500)),
    )  # fmt: skip
    two = st.builds(lambda a, o, b: f"({a}) {o} ({b})", one, st.sampled_from(("and", "or")), one)
    return st.one_of(*[st.just("")] * 4, one, two)


def filters_of(entity: str) -> st.SearchStrategy[tuple[Filter, ...]]:
    """No filter or one: a bad one refuses the whole question."""
    one = st.builds(
        lambda name, operator, raw: Filter(name, operator, tuple(raw)),
        names_of(entity), st.sampled_from(OPERATORS), st.lists(words, min_size=1, max_size=2),
    )  # fmt: skip
    return st.one_of(*[st.just(())] * 3, one.map(lambda each: (each,)))


def orders_of(entity: str) -> st.SearchStrategy[tuple[str, ...] | None]:
    """The entity's own order, or up to two fields."""
    key = st.builds(lambda sign, name: sign + name, st.sampled_from(("", "-")), names_of(entity))
    return st.one_of(st.none(), st.none(), st.lists(key, min_size=1, max_size=2).map(tuple))


@st.composite
def list_questions(draw: st.DrawFn) -> Question:
    """A question to a list."""
    entity = draw(st.sampled_from(("deal", "deal", "deal", *ENTITIES)))
    columns = st.lists(names_of(entity), max_size=3, unique=True).map(tuple)
    query = ListQuery(
        entity=entity,
        where=draw(wheres_of(entity)),
        filters=draw(filters_of(entity)),
        q=draw(st.one_of(st.just(""), st.just(""), words)),
        sort=draw(orders_of(entity)),
        fields=draw(st.one_of(st.none(), st.none(), columns)),
        page=draw(st.sampled_from((1, 1, 1, 2))),
        size=draw(st.sampled_from((1, 2, 50))),
        total=draw(st.sampled_from(("capped", "exact", "no"))),
        deleted=draw(st.sampled_from((False, False, False, True))),
        verb=draw(st.sampled_from(("read", "read", "read", "export"))),
        titles=draw(st.booleans()),
    )
    return Question("list", entity, query)


records = st.builds(
    Question, st.sampled_from(("record", "record", "can")), st.sampled_from(("deal", "deal", *ENTITIES)), st.none(),
    st.integers(1, 8),
)  # fmt: skip
picks = st.builds(Question, st.just("pick"), st.sampled_from(ENTITIES), st.none(), st.just(0), words)
questions = st.one_of(list_questions(), list_questions(), list_questions(), records, picks)
