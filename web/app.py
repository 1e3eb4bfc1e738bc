"""The web application: routes, layers and error answers around a holder of Sites."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from litestar import Litestar, Router
from litestar.concurrency import set_asyncio_executor
from litestar.datastructures import CacheControlHeader, State
from litestar.static_files import create_static_files_router

from engine.limits import BODY_BYTES_MAX
from engine.runtime.site import SiteHolder
from web.api.direct import Direct
from web.assets import DIST
from web.errors import answer_error
from web.posted import FORM_FIELDS_MAX
from web.route import Route, handlers
from web.routes import account, explain, files, form, health, home, listing, login, people, record
from web.routes.api import api_router
from web.security import Gate, Settings
from web.visit import guard_forms

THREADS = 16
"""Handlers that may run at once; the store's pools are made for as many connections."""
PAGES: tuple[Route, ...] = (
    *login.ROUTES, *home.ROUTES, *account.ROUTES, *people.ROUTES, *explain.ROUTES, *files.ROUTES, *form.ROUTES,
    *record.ROUTES, *listing.ROUTES,
)  # fmt: skip
"""Fixed addresses beside the generic ones: Litestar takes the more exact one, and the language reserves the words."""


def create_app(holder: SiteHolder, settings: Settings | None = None) -> Litestar:
    """The application that serves whatever Site the holder has."""
    settings = settings or Settings()
    loop = holder.site.database.dialect == "sqlite"
    pages = Router("/", route_handlers=handlers(PAGES, loop=loop), before_request=guard_forms)
    # Litestar keeps one executor for the process: as many threads as the store has connections.
    set_asyncio_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="forme-web"))
    app = Litestar(
        route_handlers=[pages, Router("/", route_handlers=handlers(health.ROUTES, loop=loop)), api_router, static()],
        exception_handlers={Exception: answer_error},
        state=State({"holder": holder, "settings": settings}),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=BODY_BYTES_MAX,
        multipart_form_part_limit=FORM_FIELDS_MAX,
    )
    # Around everything, so that answers to unknown addresses pass it too; Litestar's own layers stand inside routes.
    app.asgi_handler = Gate(Direct(app.asgi_handler, app), settings)
    return app


def static() -> Router:
    """The built assets; their names carry a hash, so that browsers may keep them for ever."""
    forever = CacheControlHeader(max_age=31_536_000, public=True, immutable=True)
    return create_static_files_router("/static", directories=[DIST], cache_control=forever, include_in_schema=False)
