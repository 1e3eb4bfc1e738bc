"""What only the whole Model shows: each check is a generator that finds all it can and never raises."""

from __future__ import annotations

from collections.abc import Iterator

from engine.compiler.dependencies import Reader
from engine.compiler.disclosure import check_disclosure
from engine.compiler.names import Names
from engine.compiler.terms import literal_nouns
from engine.expression import Expression
from engine.expression.nodes import Path
from engine.model import Entity, Field, Model
from engine.problems import Problem

BOUNDS = frozenset({"min", "max", "pattern"})
"""Options that say which values a field takes."""
SET_BY_THE_SAVE = ("version", "updated_at", "updated_by", "deleted_at")
"""What the engine writes when all figures of a save are worked out already, or without working them out."""


def check_model(model: Model, names: Names) -> Iterator[Problem]:
    """Everything that is wrong with a Model whose every part is right for itself."""
    for entity in model.entities.values():
        yield from check_stages(entity)
        yield from check_dated(entity, names)
        for field in entity.fields.values():
            yield from check_visibility(field)
            yield from check_lookups(field, model)
            yield from check_behind(field, model)
            yield from check_input(field, names)
            yield from check_currency(field, entity, names)
    yield from check_unused(model)
    yield from check_disclosure(model)
    yield from literal_nouns(names.config)


def check_stages(entity: Entity) -> Iterator[Problem]:
    """An entity follows one pipeline at a time."""
    stages = [field for field in entity.fields.values() if field.declared == "stage"]
    for extra in stages[1:]:
        message = f"{entity.name} has two stage fields, '{stages[0].name}' and '{extra.name}'."
        yield Problem("stage.two", message, extra.mark, "Make one a choice, or give one field several `pipelines`.")


def check_dated(entity: Entity, names: Names) -> Iterator[Problem]:
    """`dated` names two date fields."""
    for side, name in zip(("from", "until"), entity.dated or (), strict=False):
        if entity.fields[name].kind.expression_type().kind not in ("date", "datetime"):
            mark = names.config.places.value(("entities", entity.name, "dated", side))
            yield Problem("dated.field", f"'{name}' is no date.", mark, "Name a date field.")


def check_visibility(field: Field) -> Iterator[Problem]:
    """Whether a field shows must be the same for every reader at every time."""
    condition = field.visible_when
    if condition is None:
        return
    reason = ""
    if condition.starts_at("me"):
        reason = "me"
    elif condition.calls("today", "now"):
        reason = "today() or now()"
    if reason:
        message = (
            f"visible_when of '{field.name}' may not name {reason}: the field must show alike to everyone, always."
        )
        yield Problem("visible.reader", message, condition.mark, "Use `readonly_when`, or the roles' `fields` rights.")


def check_lookups(field: Field, model: Model) -> Iterator[Problem]:
    """What is stored, and what decides whether a field shows, may not rest on a live value."""
    for part, what in ((field.computed, "A stored formula"), (field.visible_when, "visible_when")):
        if part is None or (part is field.computed and not (field.stored and field.declared != "lookup")):
            continue
        for path in part.paths():
            for step in path.steps:
                named = model.entities[step.entity].fields[step.field]
                if named.declared == "lookup" and named.computed is not None:
                    message = (
                        f"{what} may not name the lookup '{step.field}', whose value is read anew at each reading."
                    )
                    hint = f"Write the path: {_path_text(path, step.field, named.computed)}."
                    yield Problem("formula.lookup", message, part.mark, hint)


def check_behind(field: Field, model: Model) -> Iterator[Problem]:
    """What is stored may not name what the very save changes afterwards: it would be one save behind for ever.

    Of records outside of the tree it keeps what was found, as of every field; a rollup over backlinks follows.
    """
    if field.computed is None or not field.stored:
        return
    reads = Reader(model).reads(field.computed, field.entity)
    for name in dict.fromkeys(read.key[1] for read in reads if read.reach == "tree"):
        if name in SET_BY_THE_SAVE:
            message = f"A stored formula may not name '{name}', which the save sets after it is worked out."
            hint = f"Show '{name}' itself, or work the figure out at each reading, with today() or now()."
            yield Problem("formula.behind", message, field.computed.mark, hint)


def _path_text(path: Path, field: str, lookup: Expression) -> str:
    before = [step.field for step in path.steps if step.field != field]
    return ".".join([*before, lookup.text])


def check_input(field: Field, names: Names) -> Iterator[Problem]:
    """What is worked out takes no input, and is not asked for twice."""
    base = ("entities", field.entity, "fields", field.name)
    places = names.config.places
    if field.system or field.declared in ("rollup", "lookup"):
        return
    if field.computed is not None and not field.override:
        for key, given in (("default", field.default), ("readonly_when", field.readonly_when)):
            if given is not None:
                message = f"'{field.name}' is computed, so `{key}` has no meaning."
                yield Problem("formula.input", message, places.key((*base, key)), "Remove it, or add `override: true`.")
    if field.computed is not None and not field.stored:
        for key in sorted(BOUNDS & names.fields(field.entity)[field.name].keys()):
            message = f"'{field.name}' is worked out at each reading, so there is no save that `{key}` could refuse."
            yield Problem("formula.input", message, places.key((*base, key)), "Remove it.")
    if field.override and field.computed is None:
        message = f"'{field.name}' has no formula that could be overridden."
        yield Problem("formula.override", message, places.key((*base, "override")), "Add `expr`, or remove it.")
    if field.unique and not field.stored:
        message = f"'{field.name}' is worked out at each reading, so it cannot be unique."
        yield Problem("field.unique", message, places.key((*base, "unique")), "Remove `unique`.")
    if field.search and not field.stored:
        message = f"'{field.name}' is worked out at each reading, so the search cannot find it."
        yield Problem("field.search", message, places.key((*base, "search")), "Remove `search`.")


def check_currency(field: Field, entity: Entity, names: Names) -> Iterator[Problem]:
    """`currency_field` names a field that holds a currency's code."""
    named = field.kind.companion()
    if field.declared != "money" or named is None:
        return
    mark = names.config.places.value(("entities", entity.name, "fields", field.name, "currency_field"))
    holder = entity.fields.get(named)
    if holder is None:
        hint = f"Add the field `{named}: {{type: text}}`."
        yield Problem("name.unknown", f"There is no field of {entity.name} '{named}'.", mark, hint)
    elif holder.kind.expression_type().kind != "text" or not holder.stored:
        yield Problem(
            "option.bad", f"'{named}' holds no currency codes.", mark, "Name a text or a choice, such as usd."
        )
    if field.kind.places_beside(None) is not None and not field.stored:
        message = f"'{field.name}' is worked out at each reading, so no record says its places."
        yield Problem("formula.input", message, mark, "Write its `scale`.")


def check_unused(model: Model) -> Iterator[Problem]:
    """Pipelines that nothing follows and entities that nobody may read are told, not refused."""
    followed = {choice.pipeline for entity in model.entities.values() for choice in entity.pipelines}
    for pipeline in model.pipelines.values():
        if pipeline.name not in followed:
            message = f"No entity follows the pipeline '{pipeline.name}'."
            yield Problem("pipeline.unused", message, pipeline.mark, "Add a field of type stage.", "warning")
        if not pipeline.stages:
            message = f"The pipeline '{pipeline.name}' has no stages."
            yield Problem("pipeline.empty", message, pipeline.mark, "Write them under `stages`.")
