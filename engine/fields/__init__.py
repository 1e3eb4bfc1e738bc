"""The engine's own kinds of field: one kind, one file, through the same hook as a plugin's."""

from __future__ import annotations

from collections.abc import Sequence

from engine.api import FieldType, hookimpl
from engine.fields.backlink import Backlink
from engine.fields.boolean import Boolean
from engine.fields.choice import OneChoice
from engine.fields.date import Date
from engine.fields.datetime import DateTime
from engine.fields.decimal import DecimalNumber
from engine.fields.integer import Integer
from engine.fields.lines import Lines
from engine.fields.link import Link
from engine.fields.long_text import LongText
from engine.fields.lookup import Lookup
from engine.fields.money import Money
from engine.fields.percent import Percent
from engine.fields.rollup import Rollup
from engine.fields.stage import Stage
from engine.fields.team import Team
from engine.fields.text import Text
from engine.fields.time import Time
from engine.fields.user import User

KINDS: tuple[type[FieldType], ...] = (
    Text, LongText, Integer, DecimalNumber, Percent, Money, Boolean, Date, DateTime, Time,
    OneChoice, Stage, User, Team, Link, Lines, Backlink, Lookup, Rollup,
)  # fmt: skip
"""Every kind, in the order in which people read about them."""


class BuiltinFields:
    """The plugin that offers them."""

    @hookimpl
    def field_types(self) -> Sequence[type[FieldType]]:
        """The engine's own kinds."""
        return KINDS


plugin = BuiltinFields()

__all__ = ["KINDS", "plugin"]
