"""How a figure came about, as JSON."""

from __future__ import annotations

from engine.runtime.explanation import explain as explain_figure
from web.api.call import Call, Found
from web.api.records import value_json


def explain(call: Call) -> Found:
    """The formula of a computed field, its inputs, and the records that it found."""
    name = call.part("field")
    found = explain_figure(call.site, call.actor, call.entity, call.id, name)
    return Found(
        {
            "field": name,
            "label": found.field.label.text(call.actor.locale),
            "value": value_json(found.field, found.value),
            "formula": found.formula,
            "expression": found.text,
            "typed_over": found.typed,
            "frozen": found.frozen,
            "inputs": [
                {
                    "path": one.path,
                    "label": one.label,
                    "value": value_json(one.field, one.value),
                    "explained_at": one.figure and "/api/v1/{}/{}/explain/{}".format(*one.figure),
                }
                for one in found.inputs
            ],
            "found": [{"entity": one.entity, "id": one.id, "title": one.title} for one in found.found],
            "rows": found.counted,
            "went_in": [
                {
                    "entity": one.record.entity,
                    "id": one.record.id,
                    "title": one.record.title,
                    "value": value_json(one.field, one.value) if one.field is not None else one.value,
                }
                for one in found.rows
            ],
            "further": found.further,
        }
    )
