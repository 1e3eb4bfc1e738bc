"""Safe mode: the applied revision cannot be served by this release, so nothing is served but that fact.

What is wrong stands at the server's terminal, not on a page that strangers can open. As soon as a revision that can
be served is applied, it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from litestar.types import ASGIApp, Receive, Send

RETRY_SECONDS = 1.0
PAGE = (
    "<!doctype html><html lang='en'><meta charset='utf-8'><title>Safe mode</title>"
    "<h1>安全模式 · Safe mode</h1>"
    "<p>系统配置与当前版本不兼容，数据未受影响。请管理员查看服务器终端。</p>"
    "<p>The config does not fit this release; the data is untouched. The server's terminal says what to do.</p></html>"
).encode()


class SafeApp:
    """Answers 503 until `build` gives the application."""

    def __init__(self, build: Callable[[], ASGIApp | None], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._build, self._monotonic = build, monotonic
        self._tried = monotonic()
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer, or hand on to the application once it can be built."""
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        if self._app is None and self._monotonic() - self._tried >= RETRY_SECONDS:
            self._tried = self._monotonic()
            self._app = self._build()
        if self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await refuse(send)


async def live(receive: Any, send: Any) -> None:
    """Begin and end with the server."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


async def refuse(send: Send) -> None:
    """Say that nothing is served."""
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(PAGE)).encode()),
        (b"retry-after", b"60"),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", b"default-src 'none'"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE, "more_body": False})
