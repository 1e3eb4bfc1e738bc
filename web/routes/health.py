"""Is the process alive, and can it serve: for load balancers and supervisors."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from litestar.response import Response

from web.route import Route
from web.visit import AnyRequest, site_of


def alive(request: AnyRequest) -> Response[Any]:
    """The process answers."""
    return Response({"status": "ok"})


def ready(request: AnyRequest) -> Response[Any]:
    """The database answers, and the newest applied revision is the one being served."""
    site = site_of(request)
    try:
        with site.database.reading():
            pass
    except sa.exc.SQLAlchemyError:
        return Response({"status": "no database"}, status_code=503)
    problem = request.app.state.holder.problem
    if problem:
        return Response({"status": "stale", "revision": site.revision}, status_code=503)
    return Response({"status": "ok", "revision": site.revision})


ROUTES = (
    Route("GET", "/healthz", alive, short=True),
    Route("GET", "/readyz", ready),
)
