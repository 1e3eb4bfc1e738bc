"""One control of a form: what a field's widget needs, bound from the field, what is typed, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.model import Field
from engine.runtime.preview import Look
from web.forms import FormRecord
from web.pages.cells import shown_text
from web.pages.pickers import Pickers
from web.visit import Visit

WIDGETS = frozenset({
    "text", "textarea", "number", "checkbox", "select", "multiselect", "date", "datetime", "time", "email", "tel",
    "url", "color", "file", "picker", "secret",
})  # fmt: skip
LONG_ROWS = 4


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select, picker or group of boxes."""

    value: str
    label: str
    selected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """All that a template in fields/ may use."""

    name: str
    id: str
    label: str
    widget: str
    value: str = ""
    options: tuple[Option, ...] = ()
    required: bool = False
    errors: tuple[str, ...] = ()
    help: str = ""
    described: str = ""
    """The ids of the help and error texts."""
    group: bool = False
    """Several boxes under one name: the label names the group."""
    wide: bool = False
    number: bool = False
    effect: bool = False
    """Whether other controls depend on it: a change asks the server how the form stands now."""
    rows: int = LONG_ROWS
    find: bool = False
    """Of a picker: whether there may be more records than are listed."""
    find_label: str = ""
    query: str = ""
    source: str = ""
    """Of a picker: the entity that it picks from."""
    note: str = ""
    files: tuple[Option, ...] = ()
    many: bool = False


@dataclass(slots=True)
class Desk:
    """What the controls of one form share."""

    visit: Visit
    pickers: Pickers
    effects: frozenset[tuple[str, str]] = frozenset()
    """(entity, field) that conditions of the form read."""
    queries: dict[str, str] = field(default_factory=dict)
    """What is sought in each picker, by path."""
    pipeline: str | None = None


def control(
    desk: Desk, found: Field, look: Look, path: str, record: FormRecord, errors: tuple[str, ...]
) -> Control:
    """The control of one field."""
    widget = found.kind.widget if found.kind.widget in WIDGETS else "text"
    text, id = record.text(found.name), "f-" + path.replace(".", "-")
    help = found.help.text(desk.visit.locale)
    if found.computed is not None:
        help = f"{help} {desk.visit.say('typed_value')}".strip()
    described = " ".join(
        part for part in (f"{id}-error" if errors else "", f"{id}-help" if help else "") if part
    )
    more: dict[str, Any] = {}
    if widget in ("select", "multiselect"):
        more["options"] = choice_options(desk, found, look, record.texts.get(found.name, ()))
    elif widget == "picker":
        more |= picker_parts(desk, found, path, text, required=look.required)
    elif widget == "file":
        more |= {"files": tuple(Option(value, shown_text(desk.visit, found, value), True)
                                for value in record.texts.get(found.name, ()) if value),
                 "many": found.kind.key == "files"}  # fmt: skip
    return Control(
        name=path, id=id, label=found.label.text(desk.visit.locale), widget=widget,
        value=("true" if text == "true" else "") if widget == "checkbox" else text,
        required=look.required, errors=errors, help=help, described=described, group=widget == "multiselect",
        wide=widget in ("textarea", "multiselect"), number=found.kind.align == "end",
        effect=(found.entity, found.name) in desk.effects, **more,
    )  # fmt: skip


def choice_options(desk: Desk, found: Field, look: Look, texts: tuple[str, ...]) -> tuple[Option, ...]:
    """The choices that are offered now; one that stands stays, though it is no longer offered."""
    choices = getattr(found.kind, "choices", {})
    names = [
        name
        for name, choice in choices.items()
        if name in texts or (name not in look.shut and not choice.replaced_by and _in_pipeline(desk, found, name))
    ]
    options = [Option(name, choices[name].label.text(desk.visit.locale) or name, name in texts) for name in names]
    unknown = [Option(text, text, True) for text in texts if text and text not in choices]
    if found.kind.widget == "multiselect":
        return (*options, *unknown)
    empty = Option("", desk.visit.say("nothing") if not look.required else desk.visit.say("choose"), not any(texts))
    return (empty, *options, *unknown)


def _in_pipeline(desk: Desk, found: Field, name: str) -> bool:
    if found.kind.key != "stage" or desk.pipeline is None:
        return True
    return name in desk.visit.site.model.pipelines[desk.pipeline].stages


def picker_parts(desk: Desk, found: Field, path: str, text: str, *, required: bool) -> dict[str, Any]:
    """A picker's options: what stands, then what was sought or the first of the list."""
    target = found.kind.target()
    query = desk.queries.get(path, "")
    empty = Option("", desk.visit.say("choose") if required else desk.visit.say("nothing"), not text)
    if target is None:
        return {"options": (empty, *((Option(text, text, True),) if text else ()))}
    listed = desk.pickers.listed(target, query)
    known = dict(listed.options)
    if text and text not in known:
        known = {text: desk.pickers.title(target, text), **known}
    options = tuple(Option(value, label, value == text) for value, label in known.items())
    label = desk.visit.site.model.entities[target].label.text(desk.visit.locale)
    return {
        "options": (empty, *options), "find": listed.more or bool(query), "query": query, "source": target,
        "find_label": desk.visit.say("picker_search", name=label),
    }  # fmt: skip
