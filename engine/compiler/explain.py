"""What a part of the config says in the end, and which layer said it where."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.model import Model, Origin
from engine.problems import did_you_mean

_SECTIONS = ("entities", "pipelines", "roles", "terms", "rules", "tests", "constants", "app")


class UnknownPart(LookupError):
    """The config has no part at that path; the text names the nearest one."""


def explain(model: Model, path: str) -> str:
    """The final value of a part, such as `customer.fields.level`, and the origin of each piece of it.

    Raises UnknownPart.
    """
    parts, found, missing = _find(model.merged, [part for part in path.split(".") if part])
    if missing is not None:
        raise UnknownPart(missing)
    lines = [f"{'.'.join(parts)}:"]
    lines += _shown(found, 1) if isinstance(found, dict | list) else [f"  {_scalar(found)}"]
    lines += ["", "Set by:"]
    lines += [line for line in _origins(model, tuple(parts))] or ["  the engine's defaults"]
    return "\n".join(lines)


def _find(merged: Any, words: list[str]) -> tuple[list[str], Any, str | None]:
    """The full path, the value there, and why there is none."""
    if not words:
        return [], merged, None
    if words[0] not in merged:
        section = next((name for name in _SECTIONS if words[0] in merged.get(name, {})), None)
        if section is None:
            known = [
                *merged,
                *(name for s in ("entities", "pipelines", "roles", "rules") for name in merged.get(s, {})),
            ]
            return words, None, f"There is nothing called '{words[0]}'. {did_you_mean(words[0], known)}".rstrip()
        words = [section, *words]
    at = merged
    done: list[str] = []
    for word in words:
        below = _below(at, word)
        if below is None and len(done) == 2 and done[0] == "entities" and word in at.get("fields", {}):
            done, below = [*done, "fields"], (at["fields"][word],)
        if below is None:
            known = list(at) if isinstance(at, dict) else []
            place = ".".join(done)
            return words, None, f"'{place}' has no '{word}'. {did_you_mean(word, known)}".rstrip()
        done.append(word)
        at = below[0]
    return done, at, None


def _below(at: Any, word: str) -> tuple[Any] | None:
    if isinstance(at, dict):
        return (at[word],) if word in at else None
    if isinstance(at, list) and word.isdigit() and int(word) < len(at):
        return (at[int(word)],)
    return None


def _shown(value: Any, depth: int) -> list[str]:
    pad = "  " * depth
    if isinstance(value, dict):
        lines = []
        for key, below in value.items():
            if isinstance(below, dict | list) and below:
                lines += [f"{pad}{key}:", *_shown(below, depth + 1)]
            else:
                lines.append(f"{pad}{key}: {_scalar(below)}")
        return lines
    if isinstance(value, list):
        return [f"{pad}- {_flow(item)}" for item in value]
    return [f"{pad}{_scalar(value)}"]


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(below)}" for key, below in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return _flow(value)
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _origins(model: Model, path: tuple[str, ...]) -> list[str]:
    lines = []
    for where, origins in sorted(model.origins.items(), key=lambda item: item[1][-1].mark):
        if where[: len(path)] != path and where != path[: len(where)]:
            continue
        name = ".".join(where[len(path) :]) or ".".join(where[-1:])
        for number, origin in enumerate(reversed(origins)):
            lines.append(f"  {_origin(name, origin, replaced=number > 0)}")
    return lines


def _origin(name: str, origin: Origin, *, replaced: bool) -> str:
    layer = origin.mark.layer or "the firm"
    what = "removed" if origin.value is None else _flow(origin.value)
    return f"{name}: {what}  ({layer}, {origin.mark}){' - replaced' if replaced else ''}"
