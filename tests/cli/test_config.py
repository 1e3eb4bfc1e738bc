"""Config commands: new, check, schema, explain, plan, apply, pull, revisions, rollback, test, doctor."""

from __future__ import annotations

import json
from pathlib import Path

from engine.cli import main
from tests.cli.conftest import REPOSITORY, Terminal, real


def test_a_new_folder_checks_tests_and_applies(terminal: Terminal) -> None:
    assert "No problems." in terminal("check")
    assert "1 of 1 tests passed." in terminal("test")
    planned = terminal("plan", code=2)
    assert "+ customer" in planned
    assert "customers.yaml:" in planned
    assert "Applied as revision 1." in terminal("apply")
    assert "Nothing to change." in terminal("plan", code=0)
    terminal("apply")
    assert terminal("revisions").split()[0] == "1"
    assert (terminal.folder / ".forme" / "base").read_text() == "1\n"


def test_new_refuses_a_folder_that_holds_something(desk: Terminal) -> None:
    assert "is not empty" in desk("new", code=1)


def test_new_builds_on_a_pack(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "打印 & Söhne: #1", f"sqlite:///{tmp_path / 'db'}")
    terminal.run("new", str(terminal.folder), "--pack", "printing_estimating")
    terminal("check")
    assert "There is no pack 'nothing'" in terminal.run("new", str(tmp_path / "x"), "--pack", "nothing", code=1).output


def test_check_tells_places_in_text_and_json(desk: Terminal) -> None:
    desk.write("more.yaml", "entities:\n  deal:\n    fields:\n      name: {type: txt}\n")
    text = desk("check", code=1)
    assert "more.yaml:4:" in text
    assert "error[" in text
    [problem, *_] = json.loads(desk.run("check", str(desk.folder), "--format", "json", code=1).output)
    assert set(problem) == {"path", "line", "column", "severity", "code", "message", "hint"}
    assert (problem["path"], problem["line"], problem["severity"]) == ("more.yaml", 4, "error")


def test_check_says_what_is_wrong_with_a_folder_that_holds_no_config(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "sqlite://")
    assert "There is no app.yaml here." in terminal("check", code=1)
    assert "There is no app.yaml here." in terminal("apply", code=1)
    terminal.write("app.yaml", "app: {name: x, plugins: [nothing]}\n")
    assert "There is no plugin 'nothing'" in terminal("check", code=1)
    terminal.write("app.yaml", "app: {name: x, plugins: [os.path]}\n")
    assert "is not a plugin's name" in terminal("check", code=1)


def test_a_plugin_of_the_project_brings_functions(desk: Terminal) -> None:
    desk.edit("app.yaml", "currency: CNY", "currency: CNY\n  plugins: [shout]")
    desk.write(
        "plugins/shout/__init__.py",
        "from engine.api import TEXT, Function, hookimpl\n"
        "@hookimpl\n"
        "def functions():\n"
        "    return [Function('shout', (TEXT,), TEXT, str.upper, None)]\n",
    )
    desk.edit(
        "customers.yaml", "      phone:", "      loud: {type: text, label: Loud, expr: shout(name)}\n      phone:"
    )
    assert "No problems." in desk("check")
    desk.write("plugins/shout/__init__.py", "raise RuntimeError('no')\n")
    assert "fails as it is loaded" in desk("check", code=1)


def test_a_figure_that_cannot_be_kept_refuses_the_apply_in_words(desk: Terminal) -> None:
    desk.edit("customers.yaml", "      phone:", "      size: {type: integer, label: Size}\n      phone:")
    desk("apply")
    rows = desk.folder.parent / "rows.csv"
    rows.write_text("name,size\n甲公司,3\n乙公司,9000000000\n", "utf-8")
    desk.run("import", "customer", str(rows), "--dir", str(desk.folder))
    desk.edit("customers.yaml", "      phone:", "      cube: {type: integer, expr: size * size * size}\n      phone:")

    assert "customer.cube" in desk("plan", code=2)
    said = desk.run("apply", "--yes", str(desk.folder), code=1).output

    assert "error[plan.figure]: customer.cube cannot be worked out for customer 2 '乙公司': " in said
    assert "customers.yaml:" in said
    assert desk("revisions").split()[0] == "1"


def test_schema_is_the_one_that_editors_read(desk: Terminal) -> None:
    printed = json.loads(desk.run("schema", "--dir", str(desk.folder)).output)
    assert printed["$schema"].endswith("2020-12/schema")
    desk.run("schema", "--out", str(desk.folder / "made"))
    assert json.loads((desk.folder / "made" / "forme.schema.json").read_text("utf-8")) == printed


def test_explain_names_the_layer_that_set_a_value(desk: Terminal) -> None:
    said = desk("explain", "customer.fields.name")
    assert "required: true" in said
    assert "customers.yaml:" in said


def test_explain_of_what_is_not_there_fails_and_names_what_is(desk: Terminal) -> None:
    assert "Known here: name, owner, phone." in desk("explain", "customer.fields.nope", code=1)
    assert "There is nothing called 'custmer'. Did you mean 'customer'?" in desk("explain", "custmer", code=1)


def test_plan_as_json_and_loss_that_must_be_allowed(terminal: Terminal) -> None:
    terminal("apply")
    terminal.run("import", "customer", str(_csv(terminal, "name,phone\n甲,1\n乙,\n")), "--dir", str(terminal.folder))
    terminal.edit("customers.yaml", "      phone: {type: text, label: {zh-CN: 电话, en: Phone}}\n", "")
    terminal.edit("customers.yaml", "[name, phone, owner]", "[name, owner]")
    terminal.write(
        "customers.yaml", (terminal.folder / "customers.yaml").read_text("utf-8").split("\ntests:")[0] + "\n"
    )
    planned = json.loads(terminal.run("plan", str(terminal.folder), "--format", "json", code=2).output)
    assert planned["base"] == 1
    [step] = [step for step in planned["steps"] if step["risk"] == "keeps_aside"]
    assert (step["entity"], step["field"], step["rows"]) == ("customer", "phone", 1)
    assert "--allow-loss" in terminal("apply", "--yes", code=1)
    terminal("apply", "--yes", "--allow-loss")
    assert (
        "Applied as revision 3, equal to revision 1."
        in terminal.run("rollback", "1", "--dir", str(terminal.folder), "--yes").output
    )
    out = terminal.run("export", "customer", "--fields", "name,phone", "--dir", str(terminal.folder)).output
    assert "甲,1" in out.replace("\r", "")


def test_apply_refuses_a_folder_that_others_have_overtaken(terminal: Terminal, tmp_path: Path) -> None:
    terminal("apply")
    copy = Terminal(tmp_path / "copy", terminal.database)
    assert "+ app.yaml" in copy.run("pull", str(copy.folder)).output
    assert (copy.folder / "customers.yaml").read_text("utf-8") == (terminal.folder / "customers.yaml").read_text(
        "utf-8"
    )
    copy.edit("customers.yaml", "icon: building", "icon: user")
    copy("apply", "--yes")
    terminal.edit("customers.yaml", "icon: building", "icon: users")
    assert "stands on revision 1, but revision 2 is applied" in terminal("apply", "--yes", code=1)
    assert "~ customers.yaml" in terminal("pull", "--yes")
    assert "icon: user" in (terminal.folder / "customers.yaml").read_text("utf-8")
    assert "Nothing to change." in terminal("apply", "--yes")


def test_pull_asks_before_it_overwrites(desk: Terminal) -> None:
    desk("apply")
    desk.edit("customers.yaml", "icon: building", "icon: user")
    assert desk.run("pull", str(desk.folder), stdin="n\n", code=1).output.count("Overwrite")
    assert "icon: user" in (desk.folder / "customers.yaml").read_text("utf-8")


def test_a_failing_test_says_where_and_what(desk: Terminal) -> None:
    desk.edit("customers.yaml", "refused: {forbidden: true}", "refused: {field: phone}")
    said = desk("test", code=1)
    assert "FAIL" in said
    assert "customers.yaml:" in said
    assert "expected: to be refused: field phone" in said
    assert "found:    forbidden" in said


def test_doctor_looks_at_everything(terminal: Terminal) -> None:
    assert "There is no database yet" in terminal("doctor") or "No config is applied yet." in terminal("doctor")
    terminal("apply")
    said = terminal("doctor")
    assert "Revision 1 is applied" in said
    assert "compiles" in said
    assert ("SQLite" in said) or ("PostgreSQL" in said)


def test_help_lists_the_commands_and_every_one_has_help(tmp_path: Path) -> None:
    done = real("--help", folder=tmp_path)
    assert done.returncode == 0
    for name, command in main.commands.items():
        assert name in done.stdout
        assert command.help


def test_a_user_s_mistakes_come_in_words(tmp_path: Path) -> None:
    for words in (
        ("check", "nowhere"), ("plan", "nowhere"), ("serve", "nowhere"), ("explain", "x"), ("revisions",), ("pull",),
        ("rollback",), ("test", "nowhere"), ("can", "li", "read", "quote"), ("user", "add", "x", "--role", "y"),
        ("token", "create", "x"), ("export", "nothing"), ("apply", "--database", "mysql://x"),
        ("apply", "--database", "postgresql://localhost:1/x"), ("doctor", "--database", "sqlite:////proc/nope/x.db"),
    ):  # fmt: skip
        done = real(*words, folder=tmp_path, FORME_PASSWORD="long enough for this")
        assert "Traceback" not in done.stdout + done.stderr, (words, done.stderr)
        assert done.returncode in (1, 2) or words[0] == "doctor", (words, done.stdout, done.stderr)
        assert done.stdout + done.stderr, words


def test_the_product_s_own_pack_passes_its_tests() -> None:
    done = real("test", "configs/printing_estimating", folder=REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr


def _csv(terminal: Terminal, text: str) -> Path:
    path = terminal.folder.parent / "rows.csv"
    path.write_text(text, "utf-8")
    return path
