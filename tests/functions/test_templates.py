"""The templates of `nself service functions create`, run by the real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from nself.actions.functions.scaffold import TEMPLATES
from tests.functions.conftest import serving
from tests.storage.hosting import hosted

SECRET = "a-webhook-secret-for-tests"


async def graphql(request: Request) -> JSONResponse:
    """As GraphQL answers about a schema to who has a token, and refuses a wrong one."""
    token = request.headers.get("authorization")
    if token == "Bearer wrong":
        return JSONResponse({"errors": [{"message": "Could not verify JWT"}]})
    fields = [{"name": "notes"}] if token else [{"name": "no_queries_available"}]
    return JSONResponse({"data": {"__schema": {"queryType": {"fields": fields}}}})


@pytest.fixture(scope="module")
def templates(folder: Path) -> Iterator[httpx.Client]:
    for template in TEMPLATES.iterdir():
        if template.suffix in {".py", ".ts"}:
            file = folder / template.suffix[1:] / template.name
            file.parent.mkdir(exist_ok=True)
            file.write_text(template.read_text())
    app = Starlette(routes=[Route("/v1/graphql", graphql, methods=["POST"])])
    with hosted(app) as url, serving(folder, webhook_secret=SECRET, graphql_url=f"{url}/v1/graphql") as client:
        yield client


@pytest.fixture(params=["py", "ts"])
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_basic_greets(templates: httpx.Client, language: str) -> None:
    answer = templates.get(f"/{language}/basic", params={"name": "Ada"})
    assert (answer.status_code, answer.json()) == (200, {"message": "Hello, Ada!"})


def test_a_webhook_wants_the_secret_and_an_object(templates: httpx.Client, language: str) -> None:
    path, right = f"/{language}/webhook", {"nhost-webhook-secret": SECRET}
    assert templates.post(path, json={"a": 1}).status_code == 401
    assert templates.post(path, json={"a": 1}, headers={"nhost-webhook-secret": "ü".encode() * 8}).status_code == 401
    assert templates.post(path, json=[1], headers=right).status_code == 400
    answer = templates.post(path, json={"a": 1}, headers=right)
    assert (answer.status_code, answer.json()) == (200, {"received": True})


def test_an_api_asks_graphql_as_its_caller(templates: httpx.Client, language: str) -> None:
    path = f"/{language}/api"
    assert templates.get(path).json() == {"fields": ["no_queries_available"]}
    assert templates.get(path, headers={"Authorization": "Bearer right"}).json() == {"fields": ["notes"]}
    assert templates.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    refused = templates.delete(path)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")


def test_a_scheduled_function_is_called_by_the_schedule_alone(templates: httpx.Client, language: str) -> None:
    path, due = f"/{language}/scheduled", {"id": "1", "scheduled_time": "2026-01-01T00:00:00Z"}
    assert templates.post(path, json=due).status_code == 401
    answer = templates.post(path, json=due, headers={"nhost-webhook-secret": SECRET})
    assert (answer.status_code, answer.json()) == (200, {"done": "1"})
