"""Values as a driver gives them, straight to what JSON has: no date or decimal is made only to be printed again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import sqlalchemy as sa

from engine.columns import BigInteger, ExactDecimal, Flag, IsoDate, Moment, PlainText

ToPlain = Callable[[Any], Any]
AS_IT_IS = (PlainText, BigInteger, IsoDate)
"""Stored on SQLite as JSON writes them. PostgreSQL's driver gives what the encoder writes right, whatever the type."""


def plain_json(type_: sa.types.TypeEngine[Any], dialect: str) -> tuple[bool, ToPlain | None]:
    """Whether values of this column can be written without making them first, and the conversion if they need one.

    What comes out is what `to_json` of the built-in kinds makes of the same value.
    """
    if dialect == "postgresql":
        return isinstance(type_, (*AS_IT_IS, Flag, ExactDecimal, Moment)), None
    if isinstance(type_, AS_IT_IS):
        return True, None
    if isinstance(type_, Flag):
        return True, bool
    if isinstance(type_, Moment):
        return True, short_moment
    if isinstance(type_, ExactDecimal):
        return True, partial(unscaled, type_.scale) if type_.scale else str
    return False, None


def short_moment(text: str) -> str:
    """A moment as stored, without the fraction of a second where there is none."""
    return text[:-8] + "Z" if text.endswith(".000000Z") else text


def unscaled(scale: int, number: int) -> str:
    """A scaled integer as a decimal with all its places."""
    digits = str(number) if number >= 0 else str(-number)
    if len(digits) <= scale:
        digits = digits.rjust(scale + 1, "0")
    return f"{'-' if number < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"
