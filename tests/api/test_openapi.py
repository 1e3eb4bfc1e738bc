"""The API's own description: true for each caller, and held to by generated requests."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import Firm, Program


def test_each_caller_is_told_what_they_may_use(rep: Program, manager: Program) -> None:
    mine, theirs = rep.get("/openapi.json").json(), manager.get("/openapi.json").json()
    assert mine["openapi"].startswith("3.1")
    assert "margin" not in mine["components"]["schemas"]["deal"]["properties"]
    assert "margin" in theirs["components"]["schemas"]["deal"]["properties"]
    assert "approved_at" in mine["components"]["schemas"]["deal"]["properties"]
    assert "approved_at" not in mine["components"]["schemas"]["deal.change"]["properties"]
    assert "patch" not in mine["paths"]["/account/{id}"]
    assert "patch" in theirs["paths"]["/account/{id}"]
    assert mine["components"]["schemas"]["deal.new"]["required"] == ["name"]
    assert "worth" not in mine["components"]["schemas"]["item.new"]["properties"]
    assert "margin" not in str(mine)


def test_nothing_is_told_to_strangers(firm: Firm) -> None:
    assert firm.client.get("/api/v1/openapi.json").status_code == 401


CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.timeout(120)
def test_generated_requests_are_answered_as_described(firm: Firm, manager: Program) -> None:
    account = manager.make("account", name="甲")
    manager.make("contact", name="王")
    manager.make("deal", name="d", account=account["id"], items=[{"what": "a", "price": "1"}])
    schema = schemathesis.openapi.from_dict(manager.get("/openapi.json").json())
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]  # our own description can be read

        @given(case=operation.as_strategy())
        @settings(
            max_examples=12,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def hold(case: Any) -> None:
            case.validate_response(send(firm, manager, case), checks=CHECKS)

        hold()


def send(firm: Firm, program: Program, case: Any) -> httpx.Response:
    """A generated request, over the same client as every other story."""
    wanted = case.as_transport_kwargs(base_url="http://127.0.0.1/api/v1")
    prepared = requests.Request(
        wanted["method"], wanted["url"], params=wanted.get("params"), json=wanted.get("json"),
        data=wanted.get("data"), files=wanted.get("files"),
    ).prepare()  # fmt: skip
    headers = {**prepared.headers, **dict(wanted.get("headers") or {}), "Authorization": f"Bearer {program.token}"}
    body = prepared.body
    content: Any = body.encode() if isinstance(body, str) else body
    return firm.client.request(str(prepared.method), str(prepared.url), content=content, headers=headers)
