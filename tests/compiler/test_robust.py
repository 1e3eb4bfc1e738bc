"""Whatever a file holds, the compiler gives a Model or Problems: never a traceback, never a hang."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.compiler import check_config, compile_sources
from engine.compiler.codes import CODES
from engine.problems import ConfigError, Problem
from tests.compiler.configs import GOLDEN, SMALL, catalog, problems_of, sources

_VALID = yaml.safe_load((GOLDEN / "whole_crm" / "app.yaml").read_text(encoding="utf-8"))
_WORDS = sorted(
    {"app", "entities", "fields", "type", "text", "money", "link", "to", "of", "lines", "owned_by", "stage", "pipeline"}
    | {
        "pipelines",
        "roles",
        "grants",
        "read",
        "update",
        "before",
        "set",
        "default",
        "expr",
        "=me",
        "by",
        "cases",
        "each",
    }
    | {
        "label",
        "zh-CN",
        "en",
        "one",
        "choices",
        "title",
        "{name}",
        "{",
        "name",
        "customer",
        "deal",
        "deal.customer",
        "add",
    }
    | {
        "remove",
        "after",
        "list",
        "columns",
        "sort",
        "form",
        "sections",
        "checks",
        "message",
        "refuse_when",
        "rollup",
        "sum",
    }
    | {
        "links",
        "lookup",
        "backlink",
        "dated",
        "from",
        "until",
        "copy",
        "unique",
        "where",
        "1 / 0",
        "a.b.c",
        "find(x)",
        "terms",
    }
    | {
        "rules",
        "trigger",
        "steps",
        "tests",
        "as",
        "expect",
        "constants",
        "packs",
        "plugins",
        "stages",
        "20%",
        "__",
        "None",
    }
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(_WORDS), st.text(max_size=12))
trees = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(_WORDS) | st.text(max_size=6), inner, max_size=5)
    ),
    max_leaves=25,
)


def paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, below in items:
        found += paths(below, (*path, key))
    return found


def replaced(node: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    if isinstance(node, dict):
        return {key: replaced(below, path[1:], new) if key == path[0] else below for key, below in node.items()}
    return [replaced(below, path[1:], new) if index == path[0] else below for index, below in enumerate(node)]


def survives(text: str) -> tuple[Problem, ...]:
    try:
        return compile_sources(sources({"app.yaml": text}), catalog()).warnings
    except ConfigError as error:
        assert all(problem.code in CODES for problem in error.problems)
        assert all(problem.mark.path for problem in error.problems)
        return error.problems


QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(trees)
def test_any_tree_gives_a_model_or_problems(tree: Any) -> None:
    survives(yaml.safe_dump(tree, allow_unicode=True))


@QUICK
@given(st.data())
def test_a_good_config_with_one_part_replaced_gives_a_model_or_problems(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(paths(_VALID)))
    tree = replaced(_VALID, path, data.draw(trees))
    survives(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False))


@QUICK
@given(st.text(max_size=200) | st.text(alphabet="{}[]:,-&*!|>'\"%@`#\n\t ab1", max_size=80))
def test_any_text_gives_a_model_or_problems(text: str) -> None:
    survives(text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=200))
def test_any_bytes_give_problems(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "app.yaml").write_bytes(raw)
    assert all(problem.code in CODES for problem in check_config(tmp_path, catalog()))


def first_code(raw: bytes, folder: Path) -> tuple[str, int]:
    (folder / "app.yaml").write_bytes(raw)
    problem = check_config(folder, catalog())[0]
    return problem.code, problem.mark.line


HOSTILE = {
    "a tag that runs code": (b"app: !!python/object/apply:os.system [ls]", "yaml.tag", 1),
    "a tag of one's own": (b"app: {}\nroles: !include other.yaml", "yaml.tag", 2),
    "a billion laughs": (
        b"a: &a [x, x]\n"
        + b"".join(b"%c: &%c [*%c, *%c]\n" % (99 + i, 99 + i, 98 + i if i else 97, 97) for i in range(9)),
        "yaml.alias",
        2,
    ),
    "an alias to itself": (b"app: &a [*a]", "yaml.alias", 1),
    "a merge key": (b"app: {<<: {name: x}}", "yaml.merge-key", 1),
    "deep brackets": (b"app: " + b"[" * 100_000, "yaml.too-deep", 1),
    "deep maps": (b"app: " + b"{a: " * 2_000, "yaml.too-deep", 1),
    "a million keys": (b"\n".join(b"k%d: 1" % i for i in range(210_000)), "yaml.too-large", 1),
    "a large file": (b"app: {name: " + b"x" * 2_100_000 + b"}", "yaml.too-large", 1),
    "a NUL": (b"app:\n  name: a\x00b", "yaml.character", 2),
    "UTF-16": ("app: {}".encode("utf-16"), "yaml.encoding", 1),
    "GBK": (b"app:\n  name: " + "印刷厂有限公司".encode("gbk"), "yaml.encoding", 2),
    "a tab": (b"app:\n\tname: x", "yaml.syntax", 2),
    "two documents": (b"app: {}\n---\napp: {}", "yaml.documents", 2),
    "a duplicate key": (b"app: {}\nroles: {}\napp: {}", "yaml.duplicate-key", 3),
    "a list": (b"- app", "yaml.not-a-map", 1),
    "an endless number": (b"app: {name: x}\nconstants: {a: 1e999999999}", "value.type", 2),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_at_once(name: str, tmp_path: Path) -> None:
    raw, code, line = HOSTILE[name]
    begun = time.perf_counter()
    found = first_code(raw, tmp_path)
    assert found == (code, line) or (name == "a million keys" and found[0] == code)
    assert time.perf_counter() - begun < 5


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(tmp_path: Path) -> None:
    text = "\ufeff" + SMALL.lstrip().replace("\n", "\r\n")
    (tmp_path / "app.yaml").write_bytes(text.encode())
    assert check_config(tmp_path, catalog()) == ()


def test_words_that_other_parsers_take_for_something_else_are_text() -> None:
    choices = "{no: no, on: on, off: 010, time: 12:30, version: 1.10.2, day: 2027-01-31, big: 1_000}"
    text = SMALL + f"entities:\n  thing:\n    fields:\n      kind: {{type: choice, choices: {choices}}}\n"
    model = compile_sources(sources({"app.yaml": text}), catalog())
    kind: Any = model.field("thing", "kind").kind
    labels = [choice.label.text("en") for choice in kind.choices.values()]
    assert labels == ["no", "on", "010", "12:30", "1.10.2", "2027-01-31", "1_000"]


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret.yaml", tmp_path / "config"
    folder.mkdir()
    secret.write_text("roles: {}", encoding="utf-8")
    (folder / "app.yaml").write_text(SMALL, encoding="utf-8")
    (folder / "more.yaml").symlink_to(secret)
    assert [problem.code for problem in check_config(folder, catalog())] == ["yaml.outside"]


def test_a_long_chain_of_formulas_is_no_danger() -> None:
    fields = ["f0: {type: integer, label: A}"]
    fields += [f"f{i}: {{type: integer, label: A, expr: f{i - 1} + 1}}" for i in range(1, 1_500)]
    text = SMALL + "entities:\n  thing:\n    fields:\n" + "".join(f"      {field}\n" for field in fields)
    model = compile_sources(sources({"app.yaml": text}), catalog())
    assert model.computed_order["thing"][-1] == ("thing", "f1499")


def test_lookups_that_show_each_other_are_a_circle() -> None:
    fields = "{b: {type: link, to: %s}, x: {type: lookup, of: b.x}}"
    text = SMALL + f"entities:\n  one: {{fields: {fields % 'two'}}}\n  two: {{fields: {fields % 'one'}}}\n"
    assert [problem.code for problem in survives(text)] == ["formula.cycle"]


def test_a_thousand_lookups_of_lookups_are_refused() -> None:
    fields = ["up: {type: link, to: thing}", "f0: {type: integer, label: A}"]
    fields += [f"f{i}: {{type: lookup, of: up.f{i - 1}}}" for i in range(1, 1_000)]
    text = SMALL + "entities:\n  thing:\n    fields:\n" + "".join(f"      {field}\n" for field in fields)
    assert {problem.code for problem in survives(text)} == {"lookup.depth"}


def test_a_hundred_thousand_unknown_keys_are_told_quickly() -> None:
    text = SMALL + "".join(f"wrong_{i}: 1\n" for i in range(100_000))
    begun = time.perf_counter()
    assert survives(text)
    assert time.perf_counter() - begun < 10


def test_problems_of_all_files_are_told_at_once() -> None:
    found = problems_of({"app.yaml": SMALL + "rolls: {}", "more.yaml": "entites: {}", "deep/third.yaml": "tersm: {}"})
    assert {str(problem.mark.path) for problem in found} == {"app.yaml", "more.yaml", "deep/third.yaml"}
