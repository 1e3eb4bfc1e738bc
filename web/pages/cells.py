"""One shown value: plain words, chips, or links, ready for a template that only draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from engine.kinds import Shower
from engine.model import Field, Model
from engine.runtime.cells import Masked
from engine.runtime.titles import Linked
from web.visit import Visit

WEB_SCHEMES = frozenset({"http", "https"})
"""What a shown address may begin with: anything else stays text."""


@dataclass(frozen=True, slots=True)
class Chip:
    """A coloured word."""

    label: str
    color: str
    dot: bool = False


@dataclass(frozen=True, slots=True)
class Hyperlink:
    """A word with an address."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as it is drawn."""

    type: Literal["none", "text", "link", "figure", "chips", "out", "links", "long", "masked"]
    text: str = ""
    href: str = ""
    items: tuple[Any, ...] = ()


NOTHING = Cell("none")


@dataclass(frozen=True, slots=True)
class Painter:
    """Makes cells of values for one person; bound once for a page."""

    model: Model
    locale: str
    shower: Shower

    @classmethod
    def of(cls, visit: Visit) -> Painter:
        """The painter of this visit."""
        return cls(visit.site.model, visit.locale, visit.shower)

    def cell(self, field: Field, value: Any, *, base: str = "") -> Cell:
        """The cell of a value; `base` is the address of the record, under which its files are."""
        if value is None or value == "" or value == [] or value == ():
            return NOTHING
        if isinstance(value, Masked):
            return Cell("masked", value)
        if isinstance(value, Linked):
            return self.record_cell(value)
        kind = field.kind
        if kind.key == "links":
            return Cell("links", items=tuple(self.item(one) for one in value))
        if hasattr(kind, "choices"):
            return self.chips(field, value)
        text = kind.show(value, self.shower)
        match kind.widget:
            case "email":
                return Cell("out", text, f"mailto:{text}")
            case "tel":
                return Cell("out", text, "tel:" + "".join(c for c in str(value) if c in "+0123456789"))
            case "url":
                return Cell("out", text, str(value)) if is_web_address(str(value)) else Cell("text", text)
            case "textarea":
                return Cell("long", text)
            case "file":
                return files_cell(field, value, text, base)
        return Cell("text", text)

    def record_cell(self, linked: Linked) -> Cell:
        """A linked record by its title."""
        item = self.item(linked)
        return Cell("link", item.label, item.href) if item.href else Cell("text", item.label)

    def item(self, linked: Linked) -> Hyperlink:
        """The words and the address of a linked record; what may not be seen, people and lines have no address."""
        entity = self.model.entities.get(linked.entity)
        if linked.title is None:
            return Hyperlink(f"#{linked.id}", "")
        if entity is None or not entity.root or entity.name in ("user", "team"):
            return Hyperlink(linked.title, "")
        return Hyperlink(linked.title, f"/{linked.entity}/{linked.id}")

    def chips(self, field: Field, value: Any) -> Cell:
        """One chip for each choice; a stage has a dot."""
        values = value if isinstance(value, list | tuple) else (value,)
        return Cell("chips", items=tuple(self.chip(field, str(one)) for one in values))

    def chip(self, field: Field, value: str) -> Chip:
        """The chip of one choice or stage."""
        choice = field.kind.choices.get(value)  # type: ignore[attr-defined]
        label = (choice.label.text(self.locale) or value) if choice else value
        if field.kind.key == "stage":
            return Chip(label, self.stage_color(field.entity, value), dot=True)
        return Chip(label, (choice.color if choice else "") or "gray")

    def stage_color(self, entity: str, name: str) -> str:
        """A stage's colour; won is green and lost is gray unless the config says otherwise."""
        for choice in self.model.entities[entity].pipelines:
            stage = self.model.pipelines[choice.pipeline].stages.get(name)
            if stage is not None:
                return stage.color or {"won": "green", "lost": "gray"}.get(stage.outcome or "", "blue")
        return "gray"

    def text(self, field: Field, value: Any) -> str:
        """The value as plain words, for history."""
        return cell_text(self.cell(field, value))


def cell_text(cell: Cell) -> str:
    """A cell's words alone."""
    if cell.items:
        return ", ".join(item.label for item in cell.items)
    return cell.text


def files_cell(field: Field, value: Any, text: str, base: str) -> Cell:
    """Links to the files of a record."""
    values = value if isinstance(value, list | tuple) else (value,)
    if not base:
        return Cell("text", text)
    names = [str(one.get("name", number + 1)) if isinstance(one, dict) else text or str(number + 1)
             for number, one in enumerate(values)]  # fmt: skip
    return Cell("links", items=tuple(Hyperlink(name, f"{base}/{field.name}/{n + 1}") for n, name in enumerate(names)))


def is_web_address(text: str) -> bool:
    """Whether a text may be the address of a link: http or https with a host, and no user name in it."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme.lower() in WEB_SCHEMES and bool(parts.netloc) and "@" not in parts.netloc


def column_css(field: Field) -> str:
    """The class of a field's column: figures stand to the right."""
    return "num" if field.kind.align == "end" else ""
