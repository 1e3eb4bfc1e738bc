"""The addresses of the JSON API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from litestar import HttpMethod, Router
from litestar.handlers import HTTPRouteHandler

from engine.limits import FILE_BYTES_MAX
from web.api import explaining, files, reading, writing
from web.api.call import endpoint, reading_endpoint, upload_endpoint

FORM_BYTES: Final = 10_000
"""What a multipart body needs around its file."""


def route(method: HttpMethod, path: str, handler: Callable[..., Any], **more: Any) -> HTTPRouteHandler:
    """One address."""
    made = HTTPRouteHandler(path, http_method=method, status_code=200, name=f"api {method.value} {path}", **more)
    return made(handler)


api_router = Router(
    "/api/v1",
    route_handlers=[
        route(HttpMethod.GET, "/openapi.json", reading_endpoint(reading.openapi)),
        route(
            HttpMethod.POST, "/files", upload_endpoint(files.upload), request_max_body_size=FILE_BYTES_MAX + FORM_BYTES
        ),
        route(HttpMethod.GET, "/{entity:str}", reading_endpoint(reading.listing)),
        route(HttpMethod.POST, "/{entity:str}", endpoint(writing.create)),
        route(HttpMethod.POST, "/{entity:str}/bulk", endpoint(writing.bulk)),
        route(HttpMethod.GET, "/{entity:str}/{id:str}", reading_endpoint(reading.one)),
        route(HttpMethod.PATCH, "/{entity:str}/{id:str}", endpoint(writing.change)),
        route(HttpMethod.DELETE, "/{entity:str}/{id:str}", endpoint(writing.remove)),
        route(HttpMethod.POST, "/{entity:str}/{id:str}/restore", endpoint(writing.bring_back)),
        route(HttpMethod.POST, "/{entity:str}/{id:str}/stage", endpoint(writing.move)),
        route(HttpMethod.POST, "/{entity:str}/{id:str}/copy", endpoint(writing.make_copy)),
        route(HttpMethod.GET, "/{entity:str}/{id:str}/explain/{field:str}", reading_endpoint(explaining.explain)),
        route(HttpMethod.GET, "/{entity:str}/{id:str}/{field:str}/{n:str}", reading_endpoint(files.download)),
    ],
)  # fmt: skip
