"""Reading what people type: widths, hidden characters, and how long a value may be."""

from __future__ import annotations

import re
import unicodedata

from engine.api import BadValue

_WIDTHS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: " ", 0x00A0: " ", 0x202F: " ", 0x3002: ".", 0xFF61: ".", 0xFFE5: "¥", 0x2212: "-",
}  # fmt: skip
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_BREAKS = re.compile("[\t\n\r\v\f\x85\u2028\u2029]+")
_SEPARATORS = re.compile("[,，、;；\n\r]")
_SCALAR_CHARACTERS_MAX = 100
_ITEM_CHARACTERS_MAX = 500


def half_width(text: str) -> str:
    """Full-width digits, signs and punctuation as ASCII, so that `１２．５％` reads as `12.5%`."""
    return text.translate(_WIDTHS)


def scalar_text(raw: object, code: str) -> str:
    """A short value's text: trimmed, half width. Raises BadValue(code) for what is no text or too long."""
    if not isinstance(raw, str):
        raise BadValue(code)
    text = half_width(raw[: _SCALAR_CHARACTERS_MAX + 1]).strip()
    if len(raw) > _SCALAR_CHARACTERS_MAX or not text:
        raise BadValue(code)
    return text


def clean_text(raw: object) -> str:
    """Text as it is stored: NFC, trimmed, line ends as \\n, and nothing in it that cannot be shown or stored.

    Raises BadValue.
    """
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise BadValue("not_text")
    if isinstance(raw, int):
        if abs(raw) >= 10**20:
            raise BadValue("not_text")
        return str(raw)
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if _CONTROLS.search(text) or _has_surrogates(text):
        raise BadValue("bad_character")
    if not text:
        raise BadValue("required")
    return text


def one_line(raw: object) -> str:
    """Like clean_text, on one line: a line break becomes a space."""
    return _BREAKS.sub(" ", clean_text(raw))


def within(text: str, shortest: int | None, longest: int) -> str:
    """The text, if its length is within the bounds. Raises BadValue with the numbers."""
    if len(text) > longest:
        raise BadValue("too_long", length=len(text), max=longest)
    if shortest is not None and len(text) < shortest:
        raise BadValue("too_short", length=len(text), min=shortest)
    return text


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text) if not text.isascii() else False


def items_of(raw: object, most: int) -> list[object]:
    """The items of a list, or of text with items between commas (，、; or line breaks). Raises BadValue."""
    if isinstance(raw, str):
        if len(raw) > most * _ITEM_CHARACTERS_MAX:
            raise BadValue("too_many_items", max=most)
        items: list[object] = [part.strip() for part in _SEPARATORS.split(raw) if part.strip()]
    elif isinstance(raw, list | tuple):
        items = list(raw)
    else:
        raise BadValue("not_a_list")
    if len(items) > most:
        raise BadValue("too_many_items", max=most)
    if not items:
        raise BadValue("required")
    return items
