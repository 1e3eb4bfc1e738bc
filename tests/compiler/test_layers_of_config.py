"""Layers: what a pack says, what the firm changes, and who said what in the end."""

from __future__ import annotations

from collections.abc import Mapping

from engine.compiler import explain
from engine.model import Model
from tests.compiler.configs import compile_files, problems_of

CRM = """
pack: {name: crm, version: 1, locale: zh-CN, label: {zh-CN: 客户管理, en: CRM}}
terms:
  customer: {zh-CN: 客户, en: {one: Customer, other: Customers}}
entities:
  customer:
    title: "{name}"
    fields:
      name:  {type: text, label: {zh-CN: 名称, en: Name}, required: true, max: 80}
      level:
        type: choice
        label: {zh-CN: 等级, en: Level}
        choices: {a: {zh-CN: 甲, en: A}, b: {zh-CN: 乙, en: B}}
      note:  {type: long_text, label: {zh-CN: 备注, en: Note}}
    list: {columns: [name, level]}
"""
FIRM = "app: {name: Print, locale: en, packs: [crm]}\n"


def model_with(own: str, packs: Mapping[str, str] | None = None) -> Model:
    files = {f"{name}:pack.yaml": text for name, text in (packs or {"crm": CRM}).items()}
    return compile_files({**files, "app.yaml": FIRM + own})


def codes(own: str) -> list[str]:
    return [problem.code for problem in problems_of({"crm:pack.yaml": CRM, "app.yaml": FIRM + own})]


def test_a_firm_relabels_and_adds_without_repeating() -> None:
    model = model_with("entities: {customer: {fields: {name: {label: Firm}, fax: {type: phone, label: Fax}}}}\n")
    fields = model.entities["customer"].fields
    assert fields["name"].label.text("en") == "Firm"
    assert fields["name"].label.text("zh-CN") == "名称"
    assert fields["name"].required
    assert list(fields)[-4:] == ["name", "level", "note", "fax"]


def test_null_removes_what_a_pack_says() -> None:
    model = model_with("entities: {customer: {fields: {note: null, level: {choices: {b: null}}}}}\n")
    assert "note" not in model.entities["customer"].fields
    assert list(model.field("customer", "level").kind.choices) == ["a"]  # type: ignore[attr-defined]


def test_removing_what_nobody_wrote_is_told() -> None:
    assert codes("entities: {customer: {fields: {fax: null}}}\n") == ["config.removes-nothing"]


def test_lists_are_replaced_or_changed() -> None:
    changed = model_with("entities: {customer: {list: {columns: {add: [note], remove: [level]}}}}\n")
    assert changed.entities["customer"].list.columns == ("name", "note")
    replaced = model_with("entities: {customer: {list: {columns: [note]}}}\n")
    assert replaced.entities["customer"].list.columns == ("note",)


def test_after_and_before_place_additions_and_move_what_stands() -> None:
    own = "{fax: {type: phone, label: Fax, after: name}, note: {before: name}}"
    model = model_with(f"entities: {{customer: {{fields: {own}}}}}\n")
    assert [name for name, f in model.entities["customer"].fields.items() if not f.system] == [
        "note", "name", "fax", "level",
    ]  # fmt: skip


def test_a_place_beside_nothing_is_refused() -> None:
    found = problems_of(
        {"crm:pack.yaml": CRM, "app.yaml": FIRM + "entities: {customer: {fields: {note: {after: nam}}}}\n"}
    )
    assert [(p.code, p.hint) for p in found] == [("config.order", "Did you mean 'name'?")]


def test_a_new_type_drops_what_it_does_not_know_and_says_so() -> None:
    model = model_with("entities: {customer: {fields: {name: {type: integer}}}}\n")
    assert model.field("customer", "name").kind.key == "integer"
    # `max` belongs to both kinds and stays; nothing else of the text was written.
    changed = problems_of(
        {"crm:pack.yaml": CRM, "app.yaml": FIRM + "entities: {customer: {fields: {level: {type: text}}}}\n"}
    )
    assert [(p.code, p.severity) for p in changed] == [("field.type-changed", "warning")]


def test_a_formula_and_formulas_by_cases_replace_each_other() -> None:
    pack = CRM + "      rate: {type: integer, label: Rate, by: level, cases: {a: 1, b: 2}}\n".replace("      ", "", 0)
    pack = CRM.replace(
        "      note:", "      rate: {type: integer, label: Rate, by: level, cases: {a: 1, b: 2}}\n      note:"
    )
    model = model_with("entities: {customer: {fields: {rate: {expr: 3}}}}\n", {"crm": pack})
    rate = model.field("customer", "rate").computed
    assert rate is not None
    assert rate.text == "3"


def test_a_bare_update_rule_gives_way_to_one_of_its_sides() -> None:
    pack = CRM + "roles: {sales: {grants: {customer: {read: true, update: name == 'x'}}}}\n"
    model = model_with("roles: {sales: {grants: {customer: {update: {after: true}}}}}\n", {"crm": pack})
    update = model.roles["sales"].grants["customer"].update
    assert update.before.when is not None
    assert update.after.always is True


def test_the_same_value_in_two_files_names_both_places() -> None:
    found = problems_of({"app.yaml": "app: {name: A}\n", "b.yaml": "app: {name: B}\n"})
    assert [(p.code, str(p.mark)) for p in found] == [("config.twice", "b.yaml:1:7")]
    assert "app.yaml:1:7" in found[0].message


def test_what_a_pack_requires_stands_below_it() -> None:
    upper = "pack: {name: printing, requires: [crm]}\nentities: {customer: {fields: {name: {max: 90}}}}\n"
    files = {"printing:pack.yaml": upper, "crm:pack.yaml": CRM}
    model = compile_files({**files, "app.yaml": "app: {name: P, packs: [printing]}\n"})
    assert model.app.packs == ("crm", "printing")
    assert model.field("customer", "name").kind.max == 90  # type: ignore[attr-defined]


def test_packs_that_require_each_other_are_refused() -> None:
    files = {"a:pack.yaml": "pack: {name: a, requires: [b]}\n", "b:pack.yaml": "pack: {name: b, requires: [a]}\n"}
    found = problems_of({**files, "app.yaml": "app: {name: P, packs: [a]}\n"})
    assert [p.code for p in found] == ["pack.cycle"]
    assert "a -> b -> a" in found[0].message


def test_an_unknown_pack_is_told_with_the_nearest() -> None:
    found = problems_of({"crm:pack.yaml": CRM, "app.yaml": "app: {name: P, packs: [crn]}\n"})
    assert [(p.code, p.hint) for p in found] == [("pack.unknown", "Did you mean 'crm'?")]


def test_explain_says_which_layer_set_what() -> None:
    text = explain(model_with("entities: {customer: {fields: {level: {label: Grade}}}}\n"), "customer.fields.level")
    assert "en: Grade" in text
    assert "label.en: Grade  (the firm, app.yaml:2:" in text
    assert "label.en: Level  (crm, crm:pack.yaml:" in text
    assert "replaced" in text


def test_a_word_of_the_firm_reaches_every_text() -> None:
    pack = CRM.replace(
        "note:  {type: long_text, label: {zh-CN: 备注, en: Note}}", 'note: {type: text, label: "{term.customer}备注"}'
    )
    model = model_with(
        "terms: {customer: {zh-CN: 委印单位, en: {one: Print buyer, other: Print buyers}}}\n", {"crm": pack}
    )
    customer = model.entities["customer"]
    assert customer.label.text("zh-CN") == "委印单位"
    assert customer.plural.text("en") == "Print buyers"
    assert customer.fields["note"].label.text("zh-CN") == "委印单位备注"


def test_a_pack_that_writes_out_a_term_is_warned() -> None:
    pack = CRM.replace("zh-CN: 备注", "zh-CN: 客户备注")
    found = problems_of({"crm:pack.yaml": pack, "app.yaml": FIRM})
    assert [(p.code, p.severity) for p in found] == [("term.literal", "warning")]


def test_the_people_of_the_engine_may_be_extended() -> None:
    model = model_with("entities: {user: {fields: {birthday: {type: date, label: Birthday}}}}\n")
    assert "birthday" in model.entities["user"].fields
    assert model.entities["user"].table == "forme_user"
    assert model.roles["administrator"].may == {"config", "people", "jobs", "history"}
    assert model.roles["administrator"].grants == {}


def test_a_pack_asks_for_a_plugin_but_only_the_firm_lets_it_in() -> None:
    pack = CRM + "app: {plugins: [stranger]}\n"
    found = problems_of({"crm:pack.yaml": pack, "app.yaml": FIRM})
    assert [p.code for p in found] == ["plugin.unknown"]
    assert "your own app.yaml" in found[0].hint
