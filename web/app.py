"""The web application: routes, layers and error answers around a holder of Sites."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from litestar import Litestar, Router
from litestar.concurrency import set_asyncio_executor
from litestar.datastructures import CacheControlHeader, State
from litestar.middleware import DefineMiddleware
from litestar.static_files import create_static_files_router

from engine.limits import BODY_BYTES_MAX
from engine.runtime.site import SiteHolder
from web.assets import DIST
from web.errors import answer_error
from web.posted import FORM_FIELDS_MAX
from web.route import Route, handlers
from web.routes import account, files, form, health, home, listing, login, people, record
from web.routes.api import api_router
from web.security import Gate, Settings
from web.visit import guard_forms

THREADS = 16
"""Handlers that may run at once; the store's pools are made for as many connections."""
PAGES: tuple[Route, ...] = (
    *login.ROUTES, *home.ROUTES, *account.ROUTES, *people.ROUTES, *files.ROUTES, *form.ROUTES, *record.ROUTES,
    *listing.ROUTES,
)  # fmt: skip
"""Fixed addresses beside the generic ones: Litestar takes the more exact one, and the language reserves the words."""


def create_app(holder: SiteHolder, settings: Settings | None = None) -> Litestar:
    """The application that serves whatever Site the holder has."""
    settings = settings or Settings()
    loop = holder.site.database.dialect == "sqlite"
    pages = Router("/", route_handlers=handlers(PAGES, loop=loop), before_request=guard_forms)
    return Litestar(
        route_handlers=[pages, Router("/", route_handlers=handlers(health.ROUTES, loop=loop)), api_router, static()],
        middleware=[DefineMiddleware(Gate, settings=settings)],
        exception_handlers={Exception: answer_error},
        on_startup=[use_own_threads],
        state=State({"holder": holder, "settings": settings}),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        multipart_form_part_limit=FORM_FIELDS_MAX,
    )


def static() -> Router:
    """The built assets; their names carry a hash, so that browsers may keep them for ever."""
    forever = CacheControlHeader(max_age=31_536_000, public=True, immutable=True)
    return create_static_files_router("/static", directories=[DIST], cache_control=forever, include_in_schema=False)


def use_own_threads(app: Any) -> None:
    """Give handlers as many threads as the store has connections, instead of a number that hangs on the cores."""
    set_asyncio_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="forme-web"))
