"""The command that makes a new config folder."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engine import boot
from engine.cli.config import write_schema
from engine.cli.console import say
from engine.compiler import read_sources
from engine.compiler.sources import plugin_names

APP = """\
# yaml-language-server: $schema=./.forme/forme.schema.json
# The firm: its name, languages, time zone and currency. Every file in this folder may hold any section.

app:
  name: {name}
  locale: zh-CN
  locales: [zh-CN, en]
  timezone: Asia/Shanghai
  currency: CNY
{packs}"""

CUSTOMERS = """\
# yaml-language-server: $schema=./.forme/forme.schema.json
# A first kind of record. Change it, then: forme check, forme plan, forme apply.

terms:
  customer: {zh-CN: 客户, en: {one: Customer, other: Customers}}

entities:
  customer:
    icon: building
    title: "{name}"
    fields:
      name:  {type: text, label: {zh-CN: 名称, en: Name}, required: true, unique: true, search: true}
      phone: {type: text, label: {zh-CN: 电话, en: Phone}}
      owner: {type: user, label: {zh-CN: 业务员, en: Owner}, default: =me}
    list:
      columns: [name, phone, owner]
      sort: [name]

# What is not written is not granted.
roles:
  sales:
    label: {zh-CN: 业务员, en: Sales}
    grants:
      customer: {read: true, create: true, update: owner == me}

tests:
  only_the_owner_changes_a_customer:
    as: {role: sales, name: 小王}
    steps:
      - create: {entity: customer, as: c, set: {name: 甲公司}}
      - update: {record: c, set: {phone: "021-5555 0100"}}
      - update: {record: c, set: {phone: "021-5555 0199"}}
        as: {role: sales, name: 小李}
        refused: {forbidden: true}
"""


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--pack", "packs", multiple=True, help="A pack to build on; may be given several times.")
def new(folder: Path, packs: tuple[str, ...]) -> None:
    """Make a folder with a config that runs."""
    if folder.exists() and any(folder.iterdir()):
        raise boot.StartError(f"{folder} is not empty.")
    plugins = wanted_plugins(packs)
    folder.mkdir(parents=True, exist_ok=True)
    named = f"  packs: [{', '.join(packs)}]\n" if packs else ""
    # A pack asks for a plugin; only the firm's own file lets it in.
    named += f"  plugins: [{', '.join(plugins)}]\n" if plugins else ""
    # The folder's name may be any text: as JSON it is a YAML text too.
    name = json.dumps(folder.resolve().name, ensure_ascii=False)
    (folder / "app.yaml").write_text(APP.format(name=name, packs=named), "utf-8")
    if not packs:
        (folder / "customers.yaml").write_text(CUSTOMERS, "utf-8")
    (folder / ".gitignore").write_text(".forme/\n", "utf-8")
    write_schema(boot.catalog_of(folder), folder / ".forme")
    say(f"Made {folder}. Next: forme serve {folder}")


def wanted_plugins(packs: tuple[str, ...]) -> tuple[str, ...]:
    """The plugins that packs of the product ask for; raises StartError for an unknown pack."""
    found = (name for pack in packs for name in plugin_names(read_sources(boot.pack_folder(pack))))
    return tuple(dict.fromkeys(found))


COMMANDS = (new,)
