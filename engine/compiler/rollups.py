"""The kind of what a rollup gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Literal

from engine.catalog import Catalog
from engine.kinds import FieldType
from engine.limits import DECIMAL_SCALE_MAX

Function = Literal["sum", "count", "min", "max", "avg"]
RESULT_KEYS: tuple[Function, ...] = ("sum", "count", "min", "max", "avg")
AVERAGE_PLACES = 2
"""Places that a mean keeps beyond those of its values."""


def rollup_result(
    function: str, value: FieldType | None, said: Mapping[str, Any], catalog: Catalog
) -> FieldType | None:
    """Count gives an integer, an average a decimal (or an amount), the others the kind that they aggregate."""
    if function == "count":
        return catalog.field_types["integer"].build({})
    if value is None or (function == "avg" and not value.expression_type().money):
        places = getattr(value, "scale", 0) + AVERAGE_PLACES if value is not None else AVERAGE_PLACES
        return catalog.field_types["decimal"].build({"scale": said.get("scale") or min(places, DECIMAL_SCALE_MAX)})
    return without_bounds(value, said, places=AVERAGE_PLACES if function == "avg" else 0)


def without_bounds(kind: FieldType, said: Mapping[str, Any], *, places: int = 0) -> FieldType:
    """The same kind without its bounds, which hold for one value only, with the rollup's own scale if it has one."""
    known = {option.name: option.default for option in fields(kind)}
    changed: dict[str, Any] = {
        name: known[name] for name in ("min", "max", "currency_field", "follows") if name in known
    }
    if "scale" in known:
        changed["scale"] = said.get("scale") or min(getattr(kind, "scale", 0) + places, DECIMAL_SCALE_MAX)
    return replace(kind, **changed)
