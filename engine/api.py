"""The only module that plugins import. What stands here keeps its names and meaning between releases."""

from engine import columns, limits
from engine.expression import Function
from engine.expression.nodes import BOOLEAN, DATE, DATETIME, DURATION, MONEY, NULL, NUMBER, TEXT, TIME, Type, record
from engine.hooks import hookimpl
from engine.kinds import BadValue, FieldType, Operator, Reader, Shower, Source
from engine.options import BadOption, Option, filled
from engine.words import Words, words

__all__ = [
    "BOOLEAN", "DATE", "DATETIME", "DURATION", "MONEY", "NULL", "NUMBER", "TEXT", "TIME", "BadOption", "BadValue",
    "FieldType", "Function", "Operator", "Option", "Reader", "Shower", "Source", "Type", "Words", "columns", "filled",
    "hookimpl", "limits", "record", "words",
]  # fmt: skip
