"""One picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from engine.api import Words, words
from engine.fields.file import Attachment


@dataclass(frozen=True, kw_only=True)
class Image(Attachment):
    """One picture (PNG, JPEG, GIF or WebP): a portrait, a sample, a logo."""

    key: ClassVar[str] = "image"
    words: ClassVar[Words] = words("图片", "Image")

    @property
    def accept(self) -> tuple[str, ...]:
        """Ends of names that are taken; an SVG may run scripts and is a file, not a picture."""
        return (".png", ".jpg", ".jpeg", ".gif", ".webp")
