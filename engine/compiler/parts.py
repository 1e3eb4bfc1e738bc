"""The parts of the config language as JSON Schema: every key that is not a kind's own, with its help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
ID_PATTERN = "^[a-z][a-z0-9_]{0,39}$"


def _say(schema: Schema, description: str) -> Schema:
    return {**schema, "description": description}


def _object(
    properties: Mapping[str, Schema], *, title: str, required: tuple[str, ...] = (), description: str = ""
) -> Schema:
    found: dict[str, Any] = {
        "title": title,
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    if required:
        found["required"] = list(required)
    if description:
        found["description"] = description
    return found


def _map(item: Schema, *, title: str, description: str = "") -> Schema:
    found: dict[str, Any] = {"title": title, "type": "object", "additionalProperties": item}
    return {**found, "description": description} if description else found


WORDS: Schema = {
    "title": "a text, or one text for each language",
    "type": ["string", "object"],
    "additionalProperties": {"title": "a text", "type": "string"},
}
TERM: Schema = {
    "title": "a word, or one for each language",
    "type": ["string", "object"],
    "additionalProperties": {
        "title": "a word, or {one: ..., other: ...}",
        "type": ["string", "object"],
        "properties": {"one": {"title": "a text", "type": "string"}, "other": {"title": "a text", "type": "string"}},
        "additionalProperties": False,
    },
}
TEXT: Schema = {"title": "a text", "type": "string"}
FLAG: Schema = {"title": "true or false", "type": "boolean"}
ID: Schema = {"title": "an id", "type": "string"}
IDS: Schema = {"title": "a list of ids", "type": "array", "items": ID, "uniqueItems": True}
EXPRESSION: Schema = {"title": "an expression", "type": ["string", "number", "boolean"]}
RULE: Schema = {"title": "true, false or an expression", "type": ["boolean", "string"]}
LITERAL: Schema = {"title": "a value", "type": ["string", "number", "boolean", "array", "object"]}
TYPE: Schema = {"title": "the kind of the field", "type": "string", "description": "The kind of the field."}
PERCENT: Schema = {"title": "a percentage such as 20%", "type": ["string", "number"]}
DURATION: Schema = _object(
    {
        unit: {"title": "a whole number", "type": "integer", "minimum": 0}
        for unit in ("minutes", "hours", "days", "weeks")
    },
    title="a span of time such as {days: 3}",
)
SET: Schema = _map({**LITERAL, "title": "a value; null is written =None"}, title="values by field id")

_LABEL: Mapping[str, Schema] = {
    "label": _say(WORDS, "What people read; `{term.customer}` stands for the firm's own word."),
}
_ANY_FIELD: Mapping[str, Schema] = {
    **_LABEL,
    "help": _say(WORDS, "A sentence that helps to fill it in."),
    "visible_when": _say(EXPRESSION, "Where not true the field is empty for everyone, and its value is kept."),
    "declassify": _say(FLAG, "Readers may see this though it is worked out from fields that are hidden from them."),
    "after": _say(ID, "Stands after this field."),
    "before": _say(ID, "Stands before this field."),
}
_VALUE: Mapping[str, Schema] = {
    "required": _say(FLAG, "An empty value is refused."),
    "required_when": _say(EXPRESSION, "An empty value is refused while this is true."),
    "unique": _say(FLAG, "No two records may hold the same value (width and case do not count)."),
    "mask": _say(TEXT, "How a masked value is shown: `*` hides a character, `#` shows it, from the end."),
    "track": _say(FLAG, "Whether changes are kept in the history; true unless said otherwise."),
    "quick": _say(FLAG, "Whether quick-create dialogs show it."),
    "frozen": _say(FLAG, "false: the entity's frozen_when does not hold this field."),
}
_INPUT: Mapping[str, Schema] = {
    "default": _say(LITERAL, "The value of a new record: a literal, text with {field} holes, or =EXPRESSION."),
    "readonly_when": _say(EXPRESSION, "People may not change it while this is true."),
}
_FORMULA: Mapping[str, Schema] = {
    "expr": _say(EXPRESSION, "The formula; a field with one is computed."),
    "by": _say(EXPRESSION, "The choice that picks one of `cases`."),
    "cases": _say(_map(EXPRESSION, title="a formula for each choice"), "A formula for each choice of `by`."),
    "override": _say(FLAG, "A person may type over the formula; clearing returns to it."),
}
_SEARCH: Mapping[str, Schema] = {"search": _say(FLAG, "The search finds records by this field.")}
_CHOICES_WHEN: Mapping[str, Schema] = {
    "choices_when": _say(
        _map(EXPRESSION, title="a condition for each choice"), "Choices that are offered only while a condition holds."
    ),
}

NESTED_FIELDS: Mapping[str, str] = {"links": "fields"}
"""Kinds that hold fields of their own, and the key under which."""
_NO_INPUT = frozenset({"rollup", "lookup", "backlink", "number", "lines", "links"})
_NO_FORMULA = frozenset(
    {"rollup", "lookup", "backlink", "number", "stage", "lines", "links", "secret", "file", "files"}
)


def common_keys(key: str, *, stored: bool, expressible: bool, searchable: bool) -> Mapping[str, Schema]:
    """The keys that a field of this kind may hold beside its own options."""
    found: dict[str, Schema] = dict(_ANY_FIELD)
    if key in ("lines", "links"):
        return {**found, "required": _VALUE["required"], "required_when": _VALUE["required_when"]}
    if key == "lookup":
        return {**found, "mask": _VALUE["mask"]}
    if key == "backlink":
        return found
    found |= _VALUE
    if key not in _NO_INPUT:
        found |= _INPUT
    if key not in _NO_FORMULA and expressible and stored:
        found |= _FORMULA
    if searchable:
        found |= _SEARCH
    if key in ("choice", "choices"):
        found |= _CHOICES_WHEN
    return found


APP = _object(
    {
        "name": _say(WORDS, "The firm's name."),
        "locale": _say(TEXT, "The language of the firm, such as zh-CN."),
        "locales": _say(
            {"title": "a list of languages", "type": "array", "items": TEXT}, "The languages that people may choose."
        ),
        "timezone": _say(TEXT, "The firm's time zone, such as Asia/Shanghai: what today() means."),
        "currency": _say(TEXT, "The currency of amounts that name none, such as CNY."),
        "packs": _say(IDS, "The packs that this config builds on, lowest first."),
        "plugins": _say(
            IDS, "The plugins that are on; a change needs `forme apply` at the command line and a restart."
        ),
        "version": _say({"title": "a version", "type": ["string", "number"]}, "The version of the config, for people."),
    },
    title="the app section",
)
PACK = _object(
    {
        "name": _say(ID, "The pack's id: the name of its folder."),
        "version": _say({"title": "a version", "type": ["string", "number"]}, "The pack's version."),
        "label": _say(WORDS, "Its name for people."),
        "locale": _say(TEXT, "The language of its texts that name none."),
        "requires": _say(IDS, "Packs that stand below it."),
    },
    title="the pack section",
)
CHECK = _object(
    {
        "refuse_when": _say(EXPRESSION, "A save that makes this true is refused."),
        "warn_when": _say(EXPRESSION, "A save that makes this true asks the person to confirm."),
        "message": _say(WORDS, "What the person reads."),
        "declassify": _say(FLAG, "It may tell of fields that are hidden from the person."),
        "after": ID,
        "before": ID,
    },
    title="a check",
    required=("message",),
)
SECTION = _object(
    {**_LABEL, "fields": _say(IDS, "The fields of the section, in order."), "after": ID, "before": ID},
    title="a section of the form",
    required=("fields",),
)
ENTITY = _object(
    {
        **_LABEL,
        "label": _say(WORDS, "One of them; the term of the same id serves when not given."),
        "plural": _say(WORDS, "Many of them."),
        "help": _say(WORDS, "What it is for."),
        "icon": _say(TEXT, "The name of an icon."),
        "title": _say(TEXT, 'How a record is named: text with {field} holes, such as "{name} V{revision}".'),
        "fields": {"title": "fields by id", "type": "object"},
        "owned_by": _say(TEXT, "Makes it a line: ENTITY.FIELD, the lines field that holds it."),
        "each": _say(
            _map({"title": "a path of lines fields", "type": "string"}, title="a path for each link field"),
            "The engine keeps one row for every combination; paths start at the owner.",
        ),
        "frozen_when": _say(EXPRESSION, "From the save that makes this true, nothing stored is worked out anew."),
        "dated": _say(
            _object({"from": ID, "until": ID}, title="{from: FIELD, until: FIELD}", required=("from", "until")),
            "The fields between which a record holds; allows find(..., on=DATE).",
        ),
        "copy": _say(_object({"set": SET}, title="{set: {...}}"), "How a new version is made; `old` is the source."),
        "checks": _say(_map(CHECK, title="checks by id"), "When to refuse or to warn."),
        "unique": _say(
            {"title": "a list of lists of fields", "type": "array", "items": IDS}, "Fields that are unique together."
        ),
        "form": _say(
            _object({"sections": _map(SECTION, title="sections by id")}, title="{sections: {...}}"),
            "The form's sections.",
        ),
        "list": _say(
            _object(
                {
                    "columns": _say(IDS, "The columns."),
                    "sort": _say({**IDS, "items": TEXT}, "Fields; `-` sorts down."),
                    "filters": _say({**IDS, "maxItems": 5}, "Up to 5 fields offered as quick filters, with indexes."),
                },
                title="{columns: [...], sort: [...], filters: [...]}",
            ),
            "The list's columns, order and quick filters.",
        ),
        "after": ID,
        "before": ID,
    },
    title="an entity",
    required=("fields",),
)
STAGE = _object(
    {
        **_LABEL,
        "probability": _say(PERCENT, "How likely it ends well, such as 20%."),
        "outcome": _say({"title": "won or lost", "enum": ["won", "lost"]}, "Makes it an end."),
        "requires": _say(IDS, "Fields that must hold a value here."),
        "checks": _say(
            _map(
                _object(
                    {"refuse_when": EXPRESSION, "message": WORDS}, title="a check", required=("refuse_when", "message")
                ),
                title="checks by id",
            ),
            "Conditions under which the stage may not be entered.",
        ),
        "moves": _say(IDS, "The stages that may follow; all when not given."),
        "roles": _say(IDS, "Who may move a record here; whoever may change the stage when not given."),
        "stale_after": _say(DURATION, "After this time a record counts as forgotten."),
        "color": _say(TEXT, "The stage's colour."),
        "after": ID,
        "before": ID,
    },
    title="a stage",
)
PIPELINE = _object(
    {
        **_LABEL,
        "stages": _say(_map(STAGE, title="stages by id"), "Its stages, in order; a new record starts in the first."),
    },
    title="a pipeline",
    required=("stages",),
)
FIELD_GRANT = _object(
    {
        "read": _say({**RULE, "title": "true, false, masked or an expression"}, "May see it; `masked` shows its mask."),
        "update": _say(RULE, "May change it."),
    },
    title="{read: ..., update: ...}",
)
GRANT = _object(
    {
        "read": _say(RULE, "Which records may be seen."),
        "create": _say(RULE, "Which records may be made."),
        "update": _say(
            {
                "title": "true, false, an expression, or {before: ..., after: ...}",
                "type": ["boolean", "string", "object"],
                "properties": {"before": RULE, "after": RULE},
                "additionalProperties": False,
            },
            "Which records may be changed: as they are before, and as they are after.",
        ),
        "delete": _say(RULE, "Which records may be deleted."),
        "restore": _say(RULE, "Which records may be brought back."),
        "export": _say(RULE, "Which records may be exported."),
        "import": _say(RULE, "Which records may be imported."),
        "fields": _say(_map(FIELD_GRANT, title="rights by field"), "Fields whose rights differ."),
    },
    title="a grant",
)
ROLE = _object(
    {
        **_LABEL,
        "grants": _say(
            _map(GRANT, title="grants by entity"),
            "What people of this role may do; what is not written is not granted.",
        ),
        "may": _say(
            {
                "title": "a list of config, people, jobs, history",
                "type": "array",
                "items": {"title": "config, people, jobs or history", "enum": ["config", "people", "jobs", "history"]},
            },
            "What the role may look after.",
        ),
    },
    title="a role",
)

MAP_SECTIONS: Mapping[str, str] = {
    "terms": "term",
    "entities": "entity",
    "pipelines": "pipeline",
    "roles": "role",
    "rules": "rule",
    "tests": "test",
    "constants": "number",
}
"""Sections that hold things by id, and the definition of one."""
SECTION_DESCRIPTIONS: Mapping[str, Schema] = {
    "app": {"description": "The firm: its name, languages, time zone, currency."},
    "pack": {"description": "Makes the folder a pack for other configs."},
    "terms": {"description": "The firm's words, by id; an entity's label is the term of the same id."},
    "constants": {"description": "Numbers that never change; what changes with time is a dated record."},
    "entities": {"description": "The kinds of things that the firm keeps records of, by id."},
    "pipelines": {"description": "Stages that records pass through, by id."},
    "roles": {"description": "What people may do, by id."},
    "rules": {"description": "What happens by itself, by id."},
    "tests": {"description": "Stories that `forme test` plays, by id."},
}
LATER_SECTIONS = frozenset({"views", "reports", "dashboards", "documents", "schedules", "emails", "actions", "portal"})
"""Sections of the language that this release cannot run yet."""
LATER_KEYS = frozenset({
    "renamed_from", "convert", "replaced_by", "merged_from", "split", "layouts", "panels", "duplicates", "numbering",
    "tabs",
})  # fmt: skip
