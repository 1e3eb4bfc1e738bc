"""One shown value: plain words, chips, or links, ready for a template that only draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from engine.kinds import Shower
from engine.model import Field, Model
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

    type: Literal["none", "text", "link", "chips", "out", "links", "long", "masked"]
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

    def cell(self, field: Field, value: Any, *, title: str | None = None, base: str = "") -> Cell:
        """The cell of a value; `title` names a linked record, `base` is the address of the record's own files."""
        if value is None or value == "" or value == [] or value == ():
            return NOTHING
        kind = field.kind
        target = kind.target()
        if target is not None and isinstance(value, int):
            return self.record_cell(target, value, title)
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

    def record_cell(self, target: str, id: int, title: str | None) -> Cell:
        """A linked record by its title; people and lines have no page of their own to go to."""
        entity = self.model.entities.get(target)
        text = title if title is not None else f"#{id}"
        if entity is None or not entity.root or entity.name in ("user", "team"):
            return Cell("text", text)
        return Cell("link", text, f"/{target}/{id}")

    def chips(self, field: Field, value: Any) -> Cell:
        """One chip for each choice; a stage has a dot."""
        values = value if isinstance(value, list | tuple) else (value,)
        return Cell("chips", items=tuple(self.chip(field, str(one)) for one in values))

    def chip(self, field: Field, value: str) -> Chip:
        """The chip of one choice or stage."""
        choice = field.kind.choices.get(value)  # type: ignore[attr-defined]
        label = (choice.label.text(self.locale) or value) if choice else value
        return Chip(label, (choice.color if choice else "") or "gray", field.kind.key == "stage")

    def text(self, field: Field, value: Any, *, title: str | None = None) -> str:
        """The value as plain words, for history and conflicts."""
        return cell_text(self.cell(field, value, title=title))


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


def shown_text(visit: Visit, field: Field, value: Any) -> str:
    """A value as plain words."""
    return Painter.of(visit).text(field, value)


def column_css(field: Field) -> str:
    """The class of a field's column: figures stand to the right."""
    return "num" if field.kind.align == "end" else ""
