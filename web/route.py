"""A table of routes: path, method, handler, and the one switch that says where it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from litestar import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.response import Response

from engine.limits import BODY_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Route:
    """One address and what answers it."""

    method: Literal["GET", "POST"]
    path: str
    handler: Callable[..., Response[Any]]
    short: bool = False
    """A few indexed reads and nothing else: on SQLite it runs on the event loop, where a thread's hop would
    cost more than the query. Whatever may search, scan, write or wait stays in a thread."""
    body_bytes_max: int = BODY_BYTES_MAX
    """How much may be posted; forms that carry files take more."""


def handlers(routes: Iterable[Route], *, loop: bool) -> list[HTTPRouteHandler]:
    """Litestar's handlers for a table; `loop` says whether short routes run on the event loop."""
    return [
        HTTPRouteHandler(
            route.path, http_method=HttpMethod(route.method), status_code=200,
            sync_to_thread=not (route.short and loop),
            name=f"{route.method} {route.path}", request_max_body_size=route.body_bytes_max,
        )(route.handler)
        for route in routes
    ]  # fmt: skip
