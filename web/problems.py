"""Answers that refuse, as `application/problem+json` (RFC 9457).

Not found and not allowed to know are one answer, byte for byte; so are an unknown field and a hidden one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.change import (
    Conflict,
    FieldError,
    Forbidden,
    InvalidQuery,
    InvalidRecord,
    NeedsConfirmation,
    NotFound,
    Refused,
    VersionRequired,
)

MEDIA_TYPE = "application/problem+json"


@dataclass(eq=False)
class Answer(Exception):
    """An answer that refuses a request; raised to end it early."""

    status: int
    title: str
    detail: str = ""
    errors: tuple[Mapping[str, str], ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    """Members beside the standard ones, such as `current`."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """The problem document."""
        found: dict[str, Any] = {"type": "about:blank", "title": self.title, "status": self.status}
        if self.detail:
            found["detail"] = self.detail
        if self.errors:
            found["errors"] = list(self.errors)
        return found | dict(self.more)


def not_found() -> Answer:
    """The one answer for what is not there and for what the caller may not know of."""
    return Answer(404, "Not found")


def unauthorized() -> Answer:
    """The answer to a request without a token that is in force."""
    detail = "Send `Authorization: Bearer TOKEN` with a token that is in force."
    return Answer(401, "Sign in needed", detail, headers={"WWW-Authenticate": "Bearer"})


def answer_to(refusal: Refused) -> Answer:
    """What a refusal of the engine says to an API's caller."""
    match refusal:
        case NotFound():
            return not_found()
        case Forbidden():
            return Answer(403, "Not allowed", str(refusal))
        case InvalidQuery():
            return bad_query(refusal.message, field=refusal.field, code=refusal.code)
        case NeedsConfirmation():
            return Answer(
                422, "Needs confirmation", "Send it again with these in `confirm`.", errors_of(refusal.errors),
                {"confirm": [error.check for error in refusal.errors if error.check]},
            )  # fmt: skip
        case InvalidRecord():
            return Answer(422, "Nothing was stored", errors=errors_of(refusal.errors))
        case VersionRequired():
            return Answer(428, "Version needed", "Send the record's `version`, or `If-Match`.")
        case Conflict():
            return Answer(409, "Changed meanwhile", more={"current": dict(refusal.current)})
    return Answer(422, "Refused", str(refusal))


def bad_query(message: str, *, field: str = "", code: str = "bad_query") -> Answer:
    """A request whose address cannot be used."""
    return Answer(400, "Bad request", errors=({"field": field, "code": code, "message": message},))


def errors_of(errors: Sequence[FieldError]) -> tuple[Mapping[str, str], ...]:
    """Field errors as the API tells them."""
    return tuple({"field": error.field, "code": error.code, "message": error.message} for error in errors)
