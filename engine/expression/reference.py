"""The page docs/reference/expressions.md, made by `python -m engine.expression.reference`."""

from __future__ import annotations

import sys

from engine.expression.expression import Function
from engine.expression.functions import BUILTIN
from engine.expression.nodes import Type
from engine.limits import (
    DIVISION_PLACES,
    EXPRESSION_CHARACTERS_MAX,
    EXPRESSION_DEPTH_MAX,
    EXPRESSION_NODES_MAX,
    EXPRESSION_NUMBER_DIGITS_MAX,
    LIST_ITEMS_MAX,
)

_TEXT = """\
# Expressions

Made by `python -m engine.expression.reference`; a test keeps it fresh and compiles its examples.

One language everywhere: formulas (`expr`), conditions (`when`, `where`, `*_when`, grants), defaults and `set`
values after a leading `=`, and the `{{holes}}` of titles and texts. It reads as Python's expressions do, and is
a small part of them: no methods, no attributes of values, no `x[0]`, no `**`. An expression is checked when the
config is compiled; the same expression then runs in Python on one record and in SQL over many, with the same
answer on SQLite and PostgreSQL.

## What may stand in one

| | examples |
|---|---|
| numbers, texts, truth, nothing | `1000` `0.15` `'画册'` `True` `None` |
| fields | `amount` `customer.region.name` (through links) |
| the user who acts | `me` `me.team` |
| the record before the change | `old.amount`, where there is one |
| the holder, inside `where` of `find` and of rollups | `outer.quoted_on` |
| the record that triggered, in rules | `record` |
| a line's parent | by the parent's entity: `quote.customer` |
| today, this moment | `today()` `now()` |
| named numbers of `constants` | `sheets_a_ream` |
| arithmetic | `+ - * / // %` |
| comparison | `== != < <= > >=` `10 < amount < 20` |
| is there a value | `amount is None` `amount is not None` |
| one of several | `stage in ('open', 'won')` `'急件' in tags` |
| both, either, not | `and` `or` `not` |
| one of two | `'A' if won > 100000 else 'B'` |
| functions | `round(amount, 1)`, see below |
| looking a record up | `find(rate.price, where=kind == outer.kind, latest=from_date)` |

## Numbers

Numbers are exact decimals: `0.1 + 0.2 == 0.3`. `/` gives {places} places, half up; nothing else rounds but
`round()` and the scale of the field that keeps the result. `//` and `%` go down, as in Python: `-7 // 2` is -4,
`-7 % 3` is 2. Division by zero is empty. An amount of money times a number is an amount; amount by amount is a
number; amount times amount is an error. A result on the way may have {digits} digits before the point. What is
larger refuses the save; in a list or filter such a value is empty, so that one record cannot spoil a page.

## Empty

What is empty is unknown. Arithmetic and comparisons with it are empty; `and`, `or` and `not` follow Kleene:
`False and x` is false and `True or x` true, whatever x is, else an unknown part leaves the whole unknown. Every
place acts only on true: a condition that is unknown selects nothing, grants nothing, refuses nothing. `a if c
else b` takes b when c is unknown. Write `x is None` (never `x == None`) and `default(x, 0)`. Empty text is
empty. `sum` and `count` of nothing are 0, `min`, `max` and `avg` of nothing are empty; they skip empty values.

## Dates and spans

`closes + days(3)` is a later day; what is left of a part of a day is dropped towards the past. `closes +
months(1)` is the same day of the next month, at most that month's last. A date less a date is a span: `(closes
- today()) / days(1)` is a number of days. A date may be compared with a text that spells one: `closes <
'2027-01-31'`. Dates outside the years 1 to 9999 are too large.

## Text

Texts are compared by code point, and `contains` and `starts_with` look for exactly the letters given. `lower`
and `upper` change letter by letter (Unicode's simple mapping: `ß` has no capital, `İ` becomes `i`), so that all
databases agree.

## Looking a record up

`find(entity.field, where=..., latest=...)` reads a field of the one record that fits; `find(entity, ...)` gives
the record. In `where` bare names are the sought entity's, `outer.` this record's. `latest=` names the field (or
a list of fields, compared left to right) whose greatest value decides. On an entity with `dated`, `on=DATE`
takes what held on that day. No hit is empty. A tie is an error in a save, which names the entity; in a list or
filter the value is empty.

## People and teams

`in_team(owner.team, me.team)`: the first team is the second or below it. `reports_to(owner, me)`: the first
user's chain of managers holds the second. Both are unknown when one side is empty, and end at loops.

## Functions

| call | gives | |
|---|---|---|
{functions}| `in_team(team, team)` | a boolean | Whether the first team is the second or below it. |
| `reports_to(user, user)` | a boolean | Whether the second user is above the first. |

## Bounds

At most {characters} characters, {nodes} parts, {depth} levels of nesting; {items} items in a list. A longer
formula is better told in two fields.
"""


def reference() -> str:
    """The page's text."""
    return _TEXT.format(
        places=DIVISION_PLACES,
        digits=EXPRESSION_NUMBER_DIGITS_MAX,
        characters=f"{EXPRESSION_CHARACTERS_MAX:,}",
        nodes=EXPRESSION_NODES_MAX,
        depth=EXPRESSION_DEPTH_MAX,
        items=LIST_ITEMS_MAX,
        functions="".join(_line(function) for function in BUILTIN.values()),
    )


def _line(function: Function) -> str:
    names = [_name(parameter) for parameter in function.parameters]
    first = len(names) - function.optional
    words = ", ".join(name if index < first else f"[{name}]" for index, name in enumerate(names))
    call = f"{function.name}({words}{', ...' if function.repeats else ''})"
    gives = str(function.result) if isinstance(function.result, Type) else "as its argument"
    gives = "a number" if function.name == "len" else gives
    return f"| `{call}` | {gives} | {function.help['en']} |\n"


def _name(parameter: Type) -> str:
    return {"null": "x", "number": "n"}.get(parameter.kind, parameter.kind)


if __name__ == "__main__":
    sys.stdout.write(reference())
