"""One control of a form: what a field's widget needs, bound from the field, what is typed, and how it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from engine.model import Field
from engine.runtime.permission import file_ids
from engine.runtime.preview import Look
from web import uploads
from web.forms import FormRecord
from web.pages.pickers import Listed, Pickers
from web.visit import Visit

WIDGETS = frozenset({
    "text", "textarea", "number", "checkbox", "select", "multiselect", "date", "datetime", "time", "email", "tel",
    "url", "color", "file", "picker", "password",
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

    def file_name(self, id: str) -> str:
        """The name of a stored file."""
        return uploads.file_name(self.visit, id)


def control(desk: Desk, found: Field, look: Look, path: str, record: FormRecord, errors: tuple[str, ...]) -> Control:
    """The control of one field."""
    if not look.writable:
        label = found.label.text(desk.visit.locale)
        return Control(name=path, id=f"s-{path.replace('.', '-')}", label=label, widget="shown", group=True,
                       value=shown_text(desk, found, look.value))  # fmt: skip
    widget = found.kind.widget if found.kind.widget in WIDGETS else "text"
    text, id = record.text(found.name), "f-" + path.replace(".", "-")
    help = found.help.text(desk.visit.locale)
    if found.computed is not None:
        help = f"{help} {desk.visit.say('typed_value')}".strip()
    described = " ".join(part for part in (f"{id}-error" if errors else "", f"{id}-help" if help else "") if part)
    more: dict[str, Any] = {}
    if widget in ("select", "multiselect"):
        more["options"] = choice_options(desk, found, look, record.texts.get(found.name, ()))
    elif widget == "picker":
        more |= picker_parts(desk, found, path, record.texts.get(found.name, ()), required=look.required)
    elif widget == "file":
        kept = [value for value in record.texts.get(found.name, ()) if value]
        known = {str(id) for id in file_ids(look.value)}
        names = [(value, desk.file_name(value) if value in known else f"#{value}") for value in kept]
        more |= {"files": tuple(Option(value, name, True) for value, name in names)}
        more |= {"many": found.kind.key == "files"}
    return Control(
        name=path, id=id, label=found.label.text(desk.visit.locale), widget=widget,
        value=("true" if text == "true" else "") if widget == "checkbox" else text,
        required=look.required, errors=errors, help=help, described=described,
        group=widget == "multiselect" or found.kind.key == "links",
        wide=widget in ("textarea", "multiselect"), number=found.kind.align == "end",
        effect=(found.entity, found.name) in desk.effects, **more,
    )  # fmt: skip


def shown_text(desk: Desk, found: Field, value: Any) -> str:
    """A value that may be read but not written here, as words."""
    target = found.kind.target()
    if found.kind.key == "links":
        return ", ".join(desk.pickers.title(str(target), str(id)) for id in value)
    if target is not None:
        return desk.pickers.title(target, str(value))
    if found.kind.widget == "file":
        ids = value if isinstance(value, list | tuple) else [value]
        return ", ".join(desk.file_name(str(id)) for id in ids)
    return found.kind.show(value, desk.visit.shower)


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


def picker_parts(desk: Desk, found: Field, path: str, texts: tuple[str, ...], *, required: bool) -> dict[str, Any]:
    """A picker's options: what stands, then what was sought or the first of the list."""
    query, many = desk.queries.get(path, ""), found.kind.key == "links"
    listed = [desk.pickers.listed(target, query) for target in targets(found)]
    known = {value: label for one in found_options(desk, found, listed) for value, label in one}
    chosen = [text for text in texts if text]
    standing = {text: known.get(text) or title_of(desk, found, text) for text in chosen}
    empty = Option("", desk.visit.say("choose") if required and not chosen else desk.visit.say("nothing"), not chosen)
    if many:
        offered = {value: label for value, label in known.items() if value not in standing}
        options = (Option("", desk.visit.say("choose"), True), *(Option(v, label) for v, label in offered.items()))
        files = tuple(Option(value, label, True) for value, label in standing.items())
    else:
        options = (empty, *(Option(v, label, v in standing) for v, label in {**standing, **known}.items()))
        files = ()
    first = targets(found)[0] if targets(found) else ""
    words = desk.visit.site.model.entities[first].label.text(desk.visit.locale) if first else ""
    return {
        "options": options, "files": files, "many": many, "query": query, "source": " ".join(targets(found)),
        "find": any(one.more for one in listed) or bool(query),
        "find_label": desk.visit.say("picker_search", name=words),
    }  # fmt: skip


def targets(found: Field) -> tuple[str, ...]:
    """The entities that a link may point at."""
    if found.kind.key == "any_link":
        return tuple(getattr(found.kind, "to", ()))
    target = found.kind.target()
    return (target,) if target is not None else ()


def found_options(desk: Desk, found: Field, listed: list[Listed]) -> Iterator[list[tuple[str, str]]]:
    """The listed records as a control's values; a link to any says of which entity."""
    for target, one in zip(targets(found), listed, strict=True):
        if found.kind.key != "any_link":
            yield list(one.options)
            continue
        word = desk.visit.site.model.entities[target].label.text(desk.visit.locale)
        yield [(f"{target}:{id}", f"{word}: {title}") for id, title in one.options]


def title_of(desk: Desk, found: Field, text: str) -> str:
    """What a chosen record is called."""
    if found.kind.key == "any_link":
        entity, _, id = text.partition(":")
        return desk.pickers.title(entity, id)
    return desk.pickers.title(targets(found)[0], text)
