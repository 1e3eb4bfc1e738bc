"""The engine's own kinds of field: one kind, one file, through the same hook as a plugin's."""

from __future__ import annotations

from collections.abc import Sequence

from engine.api import FieldType, hookimpl
from engine.fields.any_link import AnyLink
from engine.fields.backlink import Backlink
from engine.fields.boolean import Boolean
from engine.fields.choice import OneChoice
from engine.fields.choices import SeveralChoices
from engine.fields.color import Color
from engine.fields.date import Date
from engine.fields.datetime import DateTime
from engine.fields.decimal import DecimalNumber
from engine.fields.duration import Duration
from engine.fields.email import Email
from engine.fields.file import File
from engine.fields.files import Files
from engine.fields.image import Image
from engine.fields.integer import Integer
from engine.fields.json import JsonData
from engine.fields.lines import Lines
from engine.fields.link import Link
from engine.fields.links import Links
from engine.fields.long_text import LongText
from engine.fields.lookup import Lookup
from engine.fields.money import Money
from engine.fields.number import Number
from engine.fields.percent import Percent
from engine.fields.phone import Phone
from engine.fields.rollup import Rollup
from engine.fields.secret import Secret
from engine.fields.stage import Stage
from engine.fields.tags import Tags
from engine.fields.team import Team
from engine.fields.text import Text
from engine.fields.time import Time
from engine.fields.url import Url
from engine.fields.user import User

KINDS: tuple[type[FieldType], ...] = (
    Text, LongText, Integer, DecimalNumber, Percent, Money, Boolean, Date, DateTime, Time, Duration,
    OneChoice, SeveralChoices, Stage, Tags, Email, Phone, Url, User, Team, Link, Links, AnyLink, Lines, Backlink,
    Lookup, Rollup, Number, File, Files, Image, Color, JsonData, Secret,
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
