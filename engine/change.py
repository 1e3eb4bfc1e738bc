"""What happens to one record: who does it, what is asked, what came of it, and why it was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verb = Literal["read", "create", "update", "delete", "restore", "export", "import"]
Capability = Literal["config", "people", "jobs", "history"]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks. Made anew from the database for every request, so that lost rights are lost at once."""

    user: int | None
    """The id of the signed-in user's record; None for the system."""
    name: str = ""
    roles: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    """Capabilities of all roles together."""
    locale: str = "en"
    timezone: str = "UTC"
    system: bool = False
    """The engine itself (first set-up, imports by the console, rules): no permission is asked."""


NOBODY = Actor(user=None)
"""A principal that could not be established: every question is answered no."""


def system(*, locale: str = "en", timezone: str = "UTC") -> Actor:
    """The engine itself."""
    return Actor(user=None, name="system", system=True, locale=locale, timezone=timezone)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is asked for one record, in raw values that the field kinds have yet to read."""

    entity: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """By field id. Lines: a list of mappings, `id` for those that stand, `key` for new ones that
    others of the same draft link to as {"key": ...}. Unknown or forbidden names refuse the draft."""
    id: int | None = None
    """None creates."""
    version: int | None = None
    """The version that the change was made on; None only where the caller may not know one."""
    source: Literal["form", "json", "yaml", "csv"] = "json"
    confirmed: frozenset[str] = frozenset()
    """Warnings (check ids) that the person has read and accepted."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a save did."""

    entity: str
    id: int
    version: int
    action: Literal["created", "updated", "deleted", "restored", "unchanged"]
    fields: frozenset[str] = frozenset()
    """The fields of the record itself whose values changed, computed ones included."""
    warnings: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with a draft."""

    field: str
    """The field's path (`parts.0.pages`), or "" for the record as a whole."""
    code: str
    """Stable: `required`, `unknown_field`, `too_long`, `check`, `stage`, ..."""
    message: str
    """For the person, in their language."""
    check: str = ""
    """The id of the check or stage rule that refused."""


class Refused(Exception):
    """A request that is not carried out; nothing was stored."""


class NotFound(Refused):
    """There is no such record, or the actor may not know of it: the two look the same."""


class Forbidden(Refused):
    """The actor sees the thing but may not do this to it."""


class InvalidQuery(Refused):
    """A query names an unknown (or hidden: the two look the same) field, or cannot be read."""

    def __init__(self, message: str, *, field: str = "", code: str = "bad_query") -> None:
        self.message, self.field, self.code = message, field, code
        super().__init__(message)


class InvalidRecord(Refused):
    """The draft is wrong in these places; what was typed is with the caller still."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        self.errors = errors
        super().__init__("; ".join(f"{error.field or 'record'}: {error.message}" for error in errors))


class NeedsConfirmation(InvalidRecord):
    """Only warnings stand in the way: send the draft again with them confirmed."""


class Conflict(Refused):
    """The record changed meanwhile."""

    def __init__(self, current: Mapping[str, Any]) -> None:
        self.current = current
        """The record as it is now, as the actor may see it."""
        super().__init__("changed meanwhile")


class VersionRequired(Refused):
    """An update must say which version it was made on."""
