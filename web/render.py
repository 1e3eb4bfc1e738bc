"""Typed page objects into HTML, by Jinja templates that make no query and no decision."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from litestar.response import Response
from markupsafe import Markup

from web import assets
from web.pages.shell import Shell
from web.visit import Visit

TEMPLATES = Path(__file__).parent / "templates"


def make_environment() -> jinja2.Environment:
    """Escaping always on; a name that a page object lacks is an error, never silence."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["asset"] = assets.asset
    environment.globals["icon"] = icon
    return environment


@cache
def icon(name: str) -> Markup:
    """One icon of the sprite; it says nothing to a screen reader, the words beside it do."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>').format(assets.icon(name))


ENVIRONMENT = make_environment()


def html(
    visit: Visit, shell: Shell, template: str, page: object, *, part: str = "", status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[Any]:  # fmt: skip
    """The page as an answer; `part` is the template that htmx gets when it asks for a part of it."""
    name = part if part and visit.partial else template
    text = ENVIRONMENT.get_template(name).render(page=page, shell=shell, say=visit.say)
    return Response(text, status_code=status, media_type="text/html; charset=utf-8", headers=headers)


def see(path: str) -> Response[Any]:
    """Send the browser on with GET after a form was carried out."""
    return Response(b"", status_code=303, media_type="text/plain", headers={"Location": path})
