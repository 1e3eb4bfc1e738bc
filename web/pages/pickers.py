"""What pickers offer: records of another entity by title, as this person may see them."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.change import NotFound
from engine.runtime.browse import pick
from engine.runtime.inquiry import inquire
from engine.runtime.titles import titles
from web.visit import Visit

LISTED_MAX = 50
"""What a select can be looked through; more are found by typing."""


@dataclass(frozen=True, slots=True)
class Listed:
    """The first records that fit, as (id, title)."""

    options: tuple[tuple[str, str], ...] = ()
    more: bool = False


@dataclass(slots=True)
class Pickers:
    """Asks once for each entity and search of one form."""

    visit: Visit
    kept: dict[tuple[str, str], Listed] = field(default_factory=dict)
    titles: dict[tuple[str, str], str] = field(default_factory=dict)

    def listed(self, entity: str, query: str = "") -> Listed:
        """The first records of an entity, those found by a text if one is given."""
        key = (entity, query)
        if key not in self.kept:
            self.kept[key] = self._ask(entity, query)
            self.titles |= {(entity, id): title for id, title in self.kept[key].options}
        return self.kept[key]

    def title(self, entity: str, id: str) -> str:
        """A record's title; its number where it may not be seen."""
        key = (entity, id)
        if key not in self.titles:
            self.titles[key] = self._title(entity, id)
        return self.titles[key]

    def _ask(self, entity: str, query: str) -> Listed:
        try:
            found = pick(self.visit.site, self.visit.actor, entity, query, LISTED_MAX + 1)
        except NotFound:
            return Listed()
        shown = tuple((str(one.id), one.title or f"#{one.id}") for one in found[:LISTED_MAX])
        return Listed(shown, len(found) > LISTED_MAX)

    def _title(self, entity: str, id: str) -> str:
        if not id.isascii() or not id.isdigit() or len(id) > 18 or entity not in self.visit.site.model.entities:
            return id
        with inquire(self.visit.site, self.visit.actor) as inquiry:
            return titles(inquiry, entity, [int(id)]).get(int(id), f"#{id}")
