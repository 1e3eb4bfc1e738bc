"""Whether every name in the fields leads to something: entities, fields, pipelines, choices."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.compiler.names import MANY, Names, pipelines_of
from engine.compiler.rollups import RESULT_KEYS
from engine.compiler.tree import KeyPath
from engine.problems import Problem, did_you_mean

LINES_DEPTH_MAX = 2
"""Quote, part, process: deeper trees cannot be edited on one page."""


def check_links(names: Names) -> Iterator[Problem]:
    """Every field's references exist, and lines and their owners name each other."""
    finder = Finder(names)
    for entity, said in names.entities.items():
        yield from _owner(finder, entity, said)
        for name, field in names.fields(entity).items():
            base: KeyPath = ("entities", entity, "fields", name)
            check = _CHECKS.get(field["type"])
            if check is not None:
                yield from check(finder, entity, name, field, base)
            yield from _choices(finder, field, base)


@dataclass(frozen=True, slots=True)
class Finder:
    """Asks whether names exist, and says it when they do not."""

    names: Names

    def known(self, what: str, word: object, known: Collection[str], path: KeyPath) -> Iterator[Problem]:
        """The word is one of these."""
        if word in known:
            return
        mark = self.names.config.places.value(path)
        yield Problem("name.unknown", f"There is no {what} '{word}'.", mark, did_you_mean(str(word), tuple(known)))

    def entity(self, word: object, path: KeyPath) -> Iterator[Problem]:
        """The word is an entity."""
        return self.known("entity", word, self.names.entity_names(), path)

    def field(self, entity: str, word: object, path: KeyPath) -> Iterator[Problem]:
        """The word is a field of the entity (which exists)."""
        return self.known(f"field of {entity}", word, self.names.known_fields(entity), path)

    def own_fields(self, entity: str, words: object, path: KeyPath) -> Iterator[Problem]:
        """Each of the words is a field of the entity."""
        for index, word in enumerate(words if isinstance(words, list | tuple) else ()):
            yield from self.field(entity, word, (*path, index))

    def pair(self, word: object, path: KeyPath) -> Iterator[Problem]:
        """The word is ENTITY.FIELD, and both exist."""
        entity, dot, field = str(word).partition(".")
        if not dot:
            hint = "Write ENTITY.FIELD, such as deal.customer."
            mark = self.names.config.places.value(path)
            yield Problem("name.form", f"'{word}' names no field of an entity.", mark, hint)
        elif entity not in self.names.entities:
            yield from self.entity(entity, path)
        else:
            yield from self.field(entity, field, path)

    def problem(self, code: str, message: str, path: KeyPath, hint: str = "") -> Problem:
        """A problem at the value of this path."""
        return Problem(code, message, self.names.config.places.value(path), hint)


def _link(finder: Finder, entity: str, name: str, said: Mapping[str, Any], base: KeyPath) -> Iterator[Problem]:
    to = said.get("to")
    if isinstance(to, str):
        yield from finder.entity(to, (*base, "to"))
    for index, word in enumerate(to if isinstance(to, list) else ()):
        yield from finder.entity(word, (*base, "to", index))


def _lines(finder: Finder, entity: str, name: str, said: Mapping[str, Any], base: KeyPath) -> Iterator[Problem]:
    of = said.get("of")
    missing = tuple(finder.entity(of, (*base, "of")))
    yield from missing
    if missing:
        return
    owner = finder.names.entities[str(of)].get("owned_by")
    told_there = isinstance(owner, str) and finder.names.via(*_pair(owner)) is None
    if owner != f"{entity}.{name}" and not told_there:
        message = f"The lines '{name}' hold {of}, but {of} does not say that it is owned by them."
        yield finder.problem("lines.owner", message, (*base, "of"), f"Write `owned_by: {entity}.{name}` in {of}.")


def _pair(text: str) -> tuple[str, str]:
    entity, _, field = text.partition(".")
    return entity, field


def _backlink(finder: Finder, entity: str, name: str, said: Mapping[str, Any], base: KeyPath) -> Iterator[Problem]:
    path, of = (*base, "of"), str(said.get("of"))
    missing = tuple(finder.pair(of, path))
    yield from missing
    if missing:
        return
    other, _, pointing = of.partition(".")
    kind = finder.names.fields(other).get(pointing, {}).get("type")
    if kind == "any_link":
        return
    target = finder.names.target(other, pointing)
    if (target is None or target in finder.names.entities) and (target != entity or kind in MANY):
        hint = did_you_mean(
            pointing, [f for f in finder.names.fields(other) if finder.names.target(other, f) == entity]
        )
        yield finder.problem("backlink.direction", f"'{of}' is no link to {entity}.", path, hint)


def _lookup(finder: Finder, entity: str, name: str, said: Mapping[str, Any], base: KeyPath) -> Iterator[Problem]:
    path, of = (*base, "of"), str(said.get("of"))
    problem = _walk(finder, entity, of, path)
    if problem is not None:
        yield problem
    elif "." not in of:
        hint = "Write LINK.FIELD, such as customer.phone."
        yield finder.problem(
            "lookup.path", f"A lookup shows a field of another record; '{of}' is of its own.", path, hint
        )
    else:
        walked = finder.names.walk(entity, of) or []
        if any(finder.names.fields(e).get(f, {}).get("type") in MANY for e, f in walked):
            yield finder.problem("lookup.path", f"'{of}' leads through many records.", path, "Use a rollup.")


def _walk(finder: Finder, entity: str, path_text: str, path: KeyPath) -> Problem | None:
    """What is wrong with a path of fields, or None."""
    at: str | None = entity
    for word in path_text.split("."):
        if at is None:
            return finder.problem("name.unknown", f"'{path_text}' goes on after a field that is no link.", path)
        if finder.names.field(at, word) is None:
            return next(finder.field(at, word, path))
        at = finder.names.target(at, word)
    return None


def _rollup(finder: Finder, entity: str, name: str, said: Mapping[str, Any], base: KeyPath) -> Iterator[Problem]:
    path, of = (*base, "of"), str(said.get("of"))
    named = [key for key in RESULT_KEYS if key in said]
    if len(named) > 1:
        message = f"A rollup gives one figure, not both {named[0]} and {named[1]}."
        yield finder.problem("rollup.function", message, (*base, named[1]), "Make a field for each.")
    elif not named:
        yield finder.problem(
            "rollup.function", "The rollup does not say what it gives.", base, "Write `sum: FIELD` or `count: true`."
        )
    at = entity
    for word in of.split("."):
        if finder.names.field(at, word) is None:
            yield from finder.field(at, word, path)
            return
        via, target = finder.names.via(at, word), finder.names.target(at, word)
        if target is None or (via is None and word == of.split(".")[-1]):
            hint = did_you_mean(word, [f for f in finder.names.fields(at) if finder.names.via(at, f)])
            yield finder.problem("rollup.path", f"'{at}.{word}' holds no lines and no backlinks.", path, hint)
            return
        at = target


def _stage(finder: Finder, entity: str, name: str, said: Mapping[str, Any], base: KeyPath) -> Iterator[Problem]:
    known = finder.names.config.data.get("pipelines", {})
    if isinstance(said.get("pipeline"), str):
        yield from finder.known("pipeline", said["pipeline"], known, (*base, "pipeline"))
    elif not pipelines_of(said):
        hint = did_you_mean("", tuple(known)) or "Write `pipeline: sales` and the pipeline under `pipelines`."
        yield finder.problem("stage.pipeline", f"The stage field '{name}' names no pipeline.", base, hint)
    for word in said["pipelines"] if isinstance(said.get("pipelines"), dict) else ():
        if word not in known:
            mark = finder.names.config.places.key((*base, "pipelines", word))
            yield Problem("name.unknown", f"There is no pipeline '{word}'.", mark, did_you_mean(word, tuple(known)))


def _choices(finder: Finder, said: Mapping[str, Any], base: KeyPath) -> Iterator[Problem]:
    if isinstance(said.get("choices"), str):
        missing = tuple(finder.pair(said["choices"], (*base, "choices")))
        yield from missing
        if not missing and finder.names.choice_options(said) is None:
            yield finder.problem("choices.reuse", f"'{said['choices']}' has no choices.", (*base, "choices"))
    options = finder.names.choice_options(said)
    for word in said["choices_when"] if isinstance(said.get("choices_when"), dict) else ():
        if options is not None and word not in options:
            mark = finder.names.config.places.key((*base, "choices_when", word))
            yield Problem("name.unknown", f"There is no choice '{word}'.", mark, did_you_mean(word, tuple(options)))
    by = said.get("by")
    cases = said.get("cases")
    if (by is None) != (cases is None):
        there, missing_key = ("by", "cases") if cases is None else ("cases", "by")
        yield finder.problem("formula.cases", f"'{there}' needs '{missing_key}' beside it.", (*base, there))
    if cases is not None and "expr" in said:
        yield finder.problem("formula.cases", "A field has either `expr` or `by` and `cases`.", (*base, "expr"))


def _owner(finder: Finder, entity: str, said: Mapping[str, Any]) -> Iterator[Problem]:
    owner = said.get("owned_by")
    if not isinstance(owner, str):
        return
    path: KeyPath = ("entities", entity, "owned_by")
    missing = tuple(finder.pair(owner, path))
    yield from missing
    if missing:
        return
    parent, _, name = owner.partition(".")
    holder = finder.names.fields(parent).get(name, {})
    if holder.get("type") not in ("lines", "links") or (holder["type"] == "lines" and holder.get("of") != entity):
        hint = f"Write `{name}: {{type: lines, of: {entity}}}` in {parent}."
        yield finder.problem("lines.owner", f"'{owner}' holds no lines of {entity}.", path, hint)
        return
    depth, at, seen = 1, parent, {entity}
    while (above := finder.names.parent(at)) is not None and at not in seen:
        seen.add(at)
        depth, at = depth + 1, above
    if at in seen:
        yield finder.problem(
            "lines.circle", f"'{entity}' would hold itself.", path, "Make one of them stand on its own."
        )
    elif depth > LINES_DEPTH_MAX:
        message = f"Lines may stand {LINES_DEPTH_MAX} deep; '{entity}' would stand {depth} deep."
        yield finder.problem("lines.depth", message, path, "Make one of them stand on its own, with a link.")


_CHECKS: Mapping[str, Any] = {
    "link": _link,
    "links": _link,
    "any_link": _link,
    "lines": _lines,
    "backlink": _backlink,
    "lookup": _lookup,
    "rollup": _rollup,
    "stage": _stage,
}
