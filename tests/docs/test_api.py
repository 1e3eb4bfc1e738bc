"""The examples on the page of the JSON API are sent, one after the other, and answered as printed."""

from __future__ import annotations

from pathlib import Path

from tests.docs.pages import ROOT, blocks
from tests.docs.served import check_answer, served

PAGE = ROOT / "docs" / "reference" / "api.md"


def test_every_example_is_answered_as_printed(tmp_path: Path) -> None:
    [config] = [block.text for block in blocks(PAGE) if block.words == ("config",)]
    examples = [block.text for block in blocks(PAGE) if block.language == "http"]
    with served(config, tmp_path, "sales") as firm:
        for request, answer in zip(examples[::2], examples[1::2], strict=True):
            check_answer(answer, firm.send(request))


def test_every_address_is_on_the_page() -> None:
    from web.routes.api import api_router

    page = PAGE.read_text("utf-8")
    for route in api_router.routes:
        path = route.path.removeprefix("/api/v1").replace(":str", "")
        for method in getattr(route, "methods", ()):
            if method not in ("OPTIONS", "HEAD"):
                assert f"`{method} {path}`" in page or f"{method} /api/v1{path}" in page, (method, path)
