"""The parts of the schema that tell what happens: rules and tests."""

from __future__ import annotations

from collections.abc import Mapping

from engine.compiler.parts import DURATION, EXPRESSION, FLAG, ID, IDS, LITERAL, RULE, SET, TEXT, WORDS, Schema


def _object(properties: Mapping[str, Schema], title: str, *required: str) -> Schema:
    return {
        "title": title,
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


TRIGGER = _object(
    {
        "entity": {**ID, "description": "The entity whose records are watched."},
        "created": {**FLAG, "description": "A record is made."},
        "updated": {**FLAG, "description": "A record is changed."},
        "deleted": {**FLAG, "description": "A record is deleted."},
        "changes": {**IDS, "description": "One of these fields changes."},
        "enters": _object({"stage": ID}, "{stage: STAGE}", "stage"),
        "leaves": _object({"stage": ID}, "{stage: STAGE}", "stage"),
        "becomes": {**EXPRESSION, "description": "This becomes true."},
        "at": {**TEXT, "description": "A time of day, such as 08:30, in the firm's time zone."},
        "on": {**TEXT, "description": "A day of the week or month on which `at` holds."},
        "days_before": {**ID, "description": "A date field that comes near."},
        "days": {"title": "a whole number", "type": "integer"},
    },
    "a trigger",
)
RULE_STEPS: Mapping[str, Schema] = {
    "wait": _object(
        {**DURATION["properties"], "unless": EXPRESSION, "until": EXPRESSION}, "a span such as {days: 3, unless: EXPR}"
    ),
    "create": _object({"entity": ID, "set": SET, "as": ID}, "{entity: ..., set: {...}}", "entity"),
    "update": _object(
        {"record": LITERAL, "entity": ID, "where": EXPRESSION, "set": SET}, "{record: ..., set: {...}}", "set"
    ),
    "delete": _object({"record": LITERAL, "entity": ID, "where": EXPRESSION}, "{record: ...}"),
    "copy": _object({"record": LITERAL, "set": SET, "as": ID}, "{record: ...}"),
    "notify": _object({"to": LITERAL, "text": WORDS}, "{to: ..., text: ...}", "to", "text"),
    "email": _object({"to": LITERAL, "subject": WORDS, "text": WORDS}, "{to: ..., subject: ..., text: ...}", "to"),
    "stop": _object({"when": EXPRESSION}, "{when: EXPR}"),
}
RULE_PART = _object(
    {
        "label": {**WORDS, "description": "Its name in histories and lists."},
        "trigger": {**TRIGGER, "description": "What sets it off."},
        "when": {**EXPRESSION, "description": "It runs only when this is true of the record."},
        "steps": {
            "title": "a list of steps",
            "description": "What is done, in order.",
            "type": "array",
            "minItems": 1,
            "items": {**_object(RULE_STEPS, "a step"), "minProperties": 1, "maxProperties": 1},
        },
        "run_as": {**ID, "description": "A role: the rule may do no more than people of it."},
        "after": ID,
        "before": ID,
    },
    "a rule",
    "trigger",
    "steps",
)
ACTOR: Schema = {
    "title": "{role: ROLE, name: NAME} or system",
    "type": ["object", "string"],
    "properties": {"role": ID, "roles": IDS, "name": TEXT, "team": TEXT, "manager": TEXT},
    "additionalProperties": False,
}
REFUSED: Schema = {
    "title": "true, or {field: ...} or {check: ...}",
    "type": ["object", "boolean"],
    "properties": {"field": TEXT, "check": ID, "stage": ID, "code": TEXT, "not_found": FLAG, "forbidden": FLAG},
    "additionalProperties": False,
}
TEST_STEPS: Mapping[str, Schema] = {
    "create": _object({"entity": ID, "set": SET, "as": ID}, "{entity: ..., set: {...}}", "entity"),
    "update": _object({"record": LITERAL, "set": SET}, "{record: ..., set: {...}}", "record", "set"),
    "delete": _object({"record": LITERAL}, "{record: ...}", "record"),
    "restore": _object({"record": LITERAL}, "{record: ...}", "record"),
    "copy": _object({"record": LITERAL, "set": SET, "as": ID}, "{record: ..., as: ...}", "record"),
    "move": _object({"record": LITERAL, "to": ID}, "{record: ..., to: STAGE}", "record", "to"),
    "advance": DURATION,
    "expect": _object(
        {
            "entity": ID,
            "record": LITERAL,
            "where": EXPRESSION,
            "count": {"title": "a whole number", "type": "integer"},
            "as": ACTOR,
        },
        "{entity: ..., where: ..., count: ...}",
    ),
    "can": _object({"read": LITERAL, "update": LITERAL, "delete": LITERAL}, "{read: RECORD}"),
}
TEST_PART = _object(
    {
        "label": WORDS,
        "as": {**ACTOR, "description": "Who does the steps; the system when not given."},
        "now": {**TEXT, "description": "The moment at which the test begins."},
        "steps": {
            "title": "a list of steps",
            "type": "array",
            "items": {
                **_object(
                    {
                        **TEST_STEPS,
                        "as": ACTOR,
                        "refused": REFUSED,
                        "warned": REFUSED,
                        "confirmed": IDS,
                        "unless": RULE,
                    },
                    "a step",
                ),
                "minProperties": 1,
            },
        },
    },
    "a test",
    "steps",
)
