"""What a form sent: names with their values, and files.

Litestar's own reader of url-encoded bodies keeps the last thousand bodies in memory, passwords among them, so ours
reads the body itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.exceptions import ClientException

FORM_FIELDS_MAX = 30_000
"""A parent with its thousand lines of some twenty fields."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a form sent."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Posted:
    """The names and values of a form in the order sent."""

    pairs: tuple[tuple[str, str], ...] = ()
    uploads: tuple[tuple[str, Upload], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """The last value of this name."""
        return next((value for key, value in reversed(self.pairs) if key == name), default)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of this name."""
        return tuple(value for key, value in self.pairs if key == name)

    def names(self) -> Iterator[str]:
        """The names sent, each once, in order."""
        yield from dict.fromkeys(name for name, _ in self.pairs)


async def read_posted(request: Request) -> Posted:  # type: ignore[type-arg]
    """Read the form that a request carries; an empty one when it carries none."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return _url_encoded(await request.body())
    if kind == "multipart/form-data":
        return await _multipart(request)
    return Posted()


def _url_encoded(body: bytes) -> Posted:
    try:
        text = body.decode("ascii")
        if "%00" in text or "\x00" in text:
            raise ValueError("NUL cannot be stored")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise ClientException("The form cannot be read.") from error
    return Posted(tuple(pairs))


async def _multipart(request: Request) -> Posted:  # type: ignore[type-arg]
    try:
        form = await request.form()
    except UnicodeDecodeError as error:
        raise ClientException("The form cannot be read.") from error
    pairs: list[tuple[str, str]] = []
    uploads: list[tuple[str, Upload]] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            content = await value.read()
            uploads.append((name, Upload(value.filename, value.content_type, content)))
        else:
            pairs.append((name, str(value)))
    if any("\x00" in text for pair in pairs for text in pair):
        raise ClientException("The form cannot be read.")
    return Posted(tuple(pairs), tuple(uploads))
