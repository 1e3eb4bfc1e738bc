"""Fields that two people changed at once: what stood, what stands now, and what I typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from web.filling import Clash
from web.pages.controls import Desk
from web.visit import Visit


@dataclass(frozen=True, slots=True)
class ClashRow:
    """One row of the conflict table, as words."""

    name: str
    label: str
    original: str
    now: str
    mine: str


def conflict_rows(visit: Visit, desk: Desk, clashes: Iterable[Clash]) -> tuple[ClashRow, ...]:
    """The rows of the conflict table."""
    return tuple(
        ClashRow(
            clash.field.name, clash.field.label.text(visit.locale), *(
                worded(visit, desk, clash, value) for value in (clash.original, clash.now, clash.mine)
            ),
        )
        for clash in clashes
    )  # fmt: skip


def worded(visit: Visit, desk: Desk, clash: Clash, value: Any) -> str:
    """The texts of a control, or the rows of a list, as people read them."""
    field = clash.field
    if field.kind.widget == "lines":
        return visit.say("rows", count=len(value))
    choices = getattr(field.kind, "choices", {})
    target = field.kind.target()
    words = []
    for text in value:
        if text in choices:
            words.append(choices[text].label.text(visit.locale) or text)
        elif text and target is not None:
            words.append(desk.pickers.title(target, text))
        elif text and field.kind.widget == "checkbox":
            words.append(visit.say("yes" if text == "true" else "no"))
        elif text:
            words.append(text)
    return ", ".join(words) or visit.say("nothing")
