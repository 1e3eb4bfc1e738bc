"""A config becomes tables, and a changed config changes them: all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.problems import ConfigError
from engine.store import records, revisions
from engine.store.apply import BaseMoved, apply
from engine.store.database import Database, open_database
from engine.store.plan import plan
from engine.store.steps import Step
from engine.store.tables import build_tables
from tests.store.firm import FIRM, NOW, add, compiled, table_names

FAX = ("city: {type: text, search: true}", "city: {type: text, search: true}\n      fax: {type: text}")


def planned(database: Database, *changes: tuple[str, str]) -> list[Step]:
    with database.reading() as connection:
        applied = revisions.current(connection)
        return plan(applied.snapshot if applied else None, compiled(FIRM, *changes), connection)


def kinds(steps: list[Step]) -> list[tuple[str, str, str]]:
    return [(step.kind, step.entity, step.field) for step in steps]


def test_a_first_config_becomes_tables(database: Database) -> None:
    assert {("create_table", "customer", ""), ("create_table", "part", "")} <= set(kinds(planned(database)))

    revision = apply(database, compiled(), base=None, by=None)

    assert revision.number == 1
    assert {"customer", "quote", "part", "forme_user", "forme_team", "forme_history"} <= table_names(database)
    with database.reading() as connection:
        stored = revisions.current(connection)
    assert stored is not None
    assert [source.text for source in stored.sources if source.path == "app.yaml" and not source.layer] == [FIRM]


def test_applying_what_is_applied_does_nothing(database: Database) -> None:
    apply(database, compiled(), base=None, by=None)

    again = apply(database, compiled(), base=None, by=None)

    assert again.number == 1
    assert planned(database) == []


def test_new_comments_are_a_new_revision_without_steps(database: Database) -> None:
    apply(database, compiled(), base=None, by=None)
    comment = ("entities:\n", "# our tables\nentities:\n")

    assert planned(database, comment) == []
    assert apply(database, compiled(FIRM, comment), base=1, by=None).number == 2


def test_a_plan_made_on_an_older_revision_is_refused(database: Database) -> None:
    apply(database, compiled(), base=None, by=None)
    apply(database, compiled(FIRM, FAX), base=1, by=None)

    with pytest.raises(BaseMoved, match="Revision 2"):
        apply(database, compiled(FIRM, ("label: Quote", "label: Offer")), base=1, by=None)


def test_a_new_field_and_a_new_entity_are_added_beside_the_data(database: Database) -> None:
    tables = build_tables(compiled())
    apply(database, compiled(), base=None, by=None)
    with database.writing() as connection:
        id = add(connection, tables, "customer", name="Blue Heron Press")
    new = (
        "  quote:\n    label: Quote\n",
        "  visit:\n    label: Visit\n    fields:\n      customer: {type: link, to: customer, required: true}\n"
        "  quote:\n    label: Quote\n",
    )

    steps = planned(database, FAX, new)
    apply(database, compiled(FIRM, FAX, new), base=1, by=None)

    assert kinds(steps) == [("create_table", "visit", ""), ("add_field", "customer", "fax")]
    tables = build_tables(compiled(FIRM, FAX, new))
    with database.writing() as connection:
        [row] = records.read(connection, tables, "customer", [id])
        assert (row["name"], row["fax"]) == ("Blue Heron Press", None)
        add(connection, tables, "visit", customer=id)


def test_a_link_to_nothing_is_refused_when_the_transaction_ends(database: Database) -> None:
    apply(database, compiled(), base=None, by=None)
    added = ("pages: {type: integer}", "pages: {type: integer}\n      maker: {type: link, to: customer}")
    apply(database, compiled(FIRM, added), base=1, by=None)
    tables = build_tables(compiled(FIRM, added))
    with database.writing() as connection:
        quote = add(connection, tables, "quote", title="Atlas")

    for broken in ({"quote": 4711, "maker": None}, {"quote": quote, "maker": 4711}):
        # SQLite says so at COMMIT only; the connection must be of use to the next writer nevertheless.
        with pytest.raises(sa.exc.IntegrityError), database.writing() as connection:
            add(connection, tables, "part", name="Cover", line__position=0, **broken)


def test_a_removed_field_is_kept_aside_and_comes_back(database: Database) -> None:
    tables = build_tables(compiled(FIRM, FAX))
    apply(database, compiled(FIRM, FAX), base=None, by=None)
    with database.writing() as connection:
        id = add(connection, tables, "customer", name="Blue Heron Press", fax="010 1234")

    [step] = planned(database)
    apply(database, compiled(), base=1, by=None)
    [back] = planned(database, FAX)
    apply(database, compiled(FIRM, FAX), base=2, by=None)

    assert (step.kind, step.risk, step.rows, step.samples) == ("remove_field", "keeps_aside", 1, ("010 1234",))
    assert back.columns == ()
    with database.reading() as connection:
        assert records.read(connection, tables, "customer", [id])[0]["fax"] == "010 1234"


def test_a_removed_entity_is_kept_aside_and_comes_back(database: Database) -> None:
    note = (
        "roles:\n",
        "  note:\n    label: Note\n    fields:\n      text: {type: text, unique: true, search: true}\nroles:\n",
    )
    tables = build_tables(compiled(FIRM, note))
    apply(database, compiled(FIRM, note), base=None, by=None)
    with database.writing() as connection:
        add(connection, tables, "note", text="Ink is late")

    [step] = planned(database)
    apply(database, compiled(), base=1, by=None)
    apply(database, compiled(FIRM, note), base=2, by=None)

    assert (step.kind, step.entity, step.rows) == ("remove_entity", "note", 1)
    with database.reading() as connection:
        assert records.holding(connection, tables, "note", {"text": "INK is late"}) == [1]
    assert planned(database, note) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("city: {type: text, search: true}", "city: {type: integer}"), "customer.city changes from text to integer"),
        (("scale: 2", "scale: 1"), "quote.price keeps 1 places instead of 2"),
        (("publisher: Publisher, ", ""), "'publisher' is gone, but 1 records hold it"),
        (("city: {type: text, search: true}", "city: {type: text, unique: true}"), "cannot be unique, 1 values"),
        (("city: {type: text, search: true}", "city: {type: text, expr: name}"), "would overwrite what was typed"),
    ],
)
def test_what_would_change_stored_values_is_refused_with_its_place(
    database: Database, change: tuple[str, str], words: str
) -> None:
    tables = build_tables(compiled())
    apply(database, compiled(), base=None, by=None)
    with database.writing() as connection:
        add(connection, tables, "customer", name="Blue Heron Press", city="Beijing", kind="publisher")
        add(connection, tables, "customer", name="Jade Box", city="ＢＥＩＪＩＮＧ ")

    with pytest.raises(ConfigError) as refused:
        planned(database, change)
    with pytest.raises(ConfigError):
        apply(database, compiled(FIRM, change), base=1, by=None)

    [problem] = refused.value.problems
    assert words in problem.message
    assert problem.hint and problem.mark.path == "app.yaml" and problem.mark.line > 3
    with database.reading() as connection:
        assert revisions.current_number(connection) == 1


def test_more_places_keep_every_value(database: Database) -> None:
    tables = build_tables(compiled())
    apply(database, compiled(), base=None, by=None)
    with database.writing() as connection:
        id = add(connection, tables, "quote", title="Atlas", price="1250.25")
    wider = ("scale: 2", "scale: 4")

    [step] = planned(database, wider)
    apply(database, compiled(FIRM, wider), base=1, by=None)

    assert (step.kind, step.risk, step.rows) == ("widen_scale", "converts", 1)
    with database.reading() as connection:
        [row] = records.read(connection, build_tables(compiled(FIRM, wider)), "quote", [id])
    assert str(row["price"]) == "1250.2500"


def test_a_field_that_becomes_unique_is_compared_without_case_and_width(database: Database) -> None:
    apply(database, compiled(), base=None, by=None)
    unique = ("title: {type: text, search: true}", "title: {type: text, search: true, unique: true}")
    tables = build_tables(compiled(FIRM, unique))
    with database.writing() as connection:
        add(connection, build_tables(compiled()), "quote", title="Atlas ＡＢ")

    apply(database, compiled(FIRM, unique), base=1, by=None)

    with database.reading() as connection:
        assert records.taken(connection, tables, "quote", {"title": " atlas ab"})
        assert not records.taken(connection, tables, "quote", {"title": "Atlas"})


def test_words_rules_and_rights_are_steps_too(database: Database) -> None:
    tables = build_tables(compiled())
    apply(database, compiled(), base=None, by=None)
    with database.writing() as connection:
        for number in range(3):
            add(connection, tables, "quote", title=f"Q{number}")
    words = ("label: Quote", "label: Offer")
    rights = ("customer: {read: true, create: true}", "customer: {read: true, create: true}\n      quote: {read: true}")

    steps = planned(database, words, rights)

    assert [(step.kind, step.entity) for step in steps] == [("change_words", "quote"), ("change_access", "quote")]
    assert (steps[1].rows, steps[1].name) == (3, "sales")
    assert "may read 3 records, 0 before" in steps[1].message


def test_formulas_of_records_that_are_there_are_worked_out_by_the_caller(database: Database) -> None:
    tables = build_tables(compiled())
    apply(database, compiled(), base=None, by=None)
    with database.writing() as connection:
        id = add(connection, tables, "quote", title="Atlas", price="10.00")
    formula = (
        "price: {type: decimal, scale: 2}",
        "price: {type: decimal, scale: 2}\n      double: {type: decimal, expr: price * 2}",
    )
    asked: list[tuple[str, str, int]] = []

    def backfill(connection: sa.Connection, steps: Sequence[Step]) -> None:
        asked.extend((step.entity, step.field, step.rows) for step in steps)
        new = build_tables(compiled(FIRM, formula))
        records.update(connection, new, "quote", id, {"double": "20.00"})

    assert kinds(planned(database, formula)) == [("add_field", "quote", "double"), ("backfill", "quote", "double")]
    apply(database, compiled(FIRM, formula), base=1, by=None, backfill=backfill)

    assert asked == [("quote", "double", 1)]


def test_a_failing_step_leaves_everything_as_it_was(database: Database) -> None:
    tables = build_tables(compiled())
    apply(database, compiled(), base=None, by=None)
    with database.writing() as connection:
        add(connection, tables, "quote", title="Atlas")
    formula = (
        "title: {type: text, search: true}",
        "title: {type: text, search: true}\n      short: {type: text, expr: title}",
    )

    def fails(connection: sa.Connection, steps: Sequence[Step]) -> None:
        raise RuntimeError("no ink")

    with pytest.raises(RuntimeError):
        apply(database, compiled(FIRM, formula), base=1, by=None, backfill=fails)

    with database.reading() as connection:
        assert revisions.current_number(connection) == 1
        assert "short" not in {column["name"] for column in sa.inspect(connection).get_columns("quote")}


def test_a_table_of_another_program_is_never_taken_over(database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE customer (song TEXT)")

    with pytest.raises(ConfigError, match="not Forme's"):
        apply(database, compiled(), base=None, by=None)


def test_before_a_change_the_file_is_copied(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'forme.db'}")
    apply(database, compiled(), base=None, by=None)
    for number in range(1, 8):
        apply(database, compiled(FIRM, ("label: Quote", f"label: Quote {number}")), base=number, by=None)

    copies = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert [name[:15] for name in copies] == [f"revision-{number:06}" for number in range(3, 8)]
    copy = open_database(f"sqlite:///{tmp_path / 'backups' / copies[-1]}")
    with copy.reading() as connection:
        assert revisions.current_number(connection) == 7
    copy.close()
    database.close()


def test_the_time_of_an_apply_is_the_given_one(database: Database) -> None:
    assert apply(database, compiled(), base=None, by=7, at=NOW).at == NOW
    with database.reading() as connection:
        [listed] = revisions.listing(connection)
    assert (listed.at, listed.by, listed.number) == (NOW, 7, 1)
