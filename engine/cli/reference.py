"""The reference page of the command line, made from the commands themselves: `python -m engine.cli.reference`."""

from __future__ import annotations

import click

from engine.cli import main

HEAD = """\
# Command line

Made from the commands themselves (`python -m engine.cli.reference`); a test keeps it fresh.

`DIR` is the config folder, the current one when left out. The database is `--database URL`, else `FORME_DATABASE`,
else the file `DIR/.forme/forme.db`; `postgresql://...` names a server's. No command prints a traceback for a mistake
of its user: it says in words what is wrong, and exits with 1.

| variable | meaning |
|---|---|
| `FORME_DATABASE` | `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME` |
| `FORME_KEY` | the installation's secret, 32 bytes in base64; else the file `.forme/key`, made at first use |
| `FORME_FILES` | the folder of uploaded files; else `.forme/files` |
| `FORME_BASE_URL` | the address that people use; `https://...` makes cookies secure, its host is answered |
| `FORME_PASSWORD` | the password for `forme user add`, which otherwise asks |

| exit code of | 0 | 1 | 2 |
|---|---|---|---|
| `check` | no errors (warnings do not count) | errors | |
| `plan` | nothing would change | errors | something would change |
| `test` | all tests passed | a test failed | |
| `can` | yes | no | |
| `import` | every row was stored or skipped | rows failed | |
| the others | done | not done | |

2 also tells of an option or argument that does not exist.
"""


def reference() -> str:
    """The page as Markdown."""
    return "\n".join([HEAD, *(section(("forme", name), main.commands[name]) for name in main.commands)])


def section(words: tuple[str, ...], command: click.Command) -> str:
    """One command; of a group each of its commands."""
    if isinstance(command, click.Group):
        return "\n".join(section((*words, name), command.commands[name]) for name in command.commands)
    arguments = [part for part in command.params if isinstance(part, click.Argument)]
    shown = " ".join((*words, *(metavar(part) for part in arguments)))
    lines = [f"## {' '.join(words)}", "", f"`{shown}`", "", (command.help or "").strip(), ""]
    options = [part for part in command.params if isinstance(part, click.Option)]
    if options:
        lines += ["| option | meaning |", "|---|---|", *(option_row(option) for option in options), ""]
    return "\n".join(lines)


def metavar(argument: click.Argument) -> str:
    """An argument as the usage line shows it."""
    return argument.make_metavar(click.Context(click.Command("forme")))


def option_row(option: click.Option) -> str:
    """One row of a table of options."""
    value = f" {option.metavar}" if option.metavar else ""
    name = ", ".join(f"`{word}{value}`" for word in option.opts)
    help = (option.help or "").replace("|", "\\|")
    if isinstance(option.type, click.Choice):
        choices = ", ".join(f"`{choice}`" for choice in option.type.choices)
        help = f"{help} One of {choices}."
    if option.required:
        help = f"{help} Must be given."
    if option.show_default and not option.is_flag:
        help = f"{help} Default: `{option.default}`."
    return f"| {name} | {help.strip()} |"


if __name__ == "__main__":
    click.echo(reference(), nl=False)
