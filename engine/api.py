"""The only module that plugins import. What stands here keeps its names and meaning between releases."""

from engine import columns
from engine.expression import Function
from engine.expression.nodes import BOOLEAN, DATE, DATETIME, DURATION, MONEY, NULL, NUMBER, TEXT, TIME, Type, record
from engine.hooks import hookimpl
from engine.kinds import BadValue, FieldType, Operator, Reader, Shower, Source
from engine.words import Words, words

__all__ = [
    "BOOLEAN", "DATE", "DATETIME", "DURATION", "MONEY", "NULL", "NUMBER", "TEXT", "TIME", "BadValue", "FieldType",
    "Function", "Operator", "Reader", "Shower", "Source", "Type", "Words", "columns", "hookimpl", "record", "words",
]  # fmt: skip
