"""The web services of the cases: each a real server on a free loopback port, its URL handed to the engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.conformance import action_webhook, remote_services
from tests.conformance.compare import difference


@dataclass(frozen=True)
class Delivery:
    """One request as it arrived, header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: Any


class NothingCameError(Exception):
    """No delivery within the time allowed."""


@dataclass
class Helper:
    """A running service. `arrived` holds what nobody has looked at yet."""

    url: str = ""
    arrived: asyncio.Queue[Delivery] = field(default_factory=asyncio.Queue)
    engine: httpx.AsyncClient | None = None
    """The server under test, once it is up."""

    async def next(self, within_s: float) -> Delivery:
        try:
            return await asyncio.wait_for(self.arrived.get(), max(within_s, 0.01))
        except TimeoutError as error:
            raise NothingCameError(f"nothing came within {within_s} seconds") from error


def keeping(helper: Helper) -> ASGIApp:
    """Keeps every POST and answers 204; `/fail` answers 500, `/sleep_2s` only after 2 seconds."""

    async def take(request: Request) -> Response:
        await helper.arrived.put(Delivery(request.url.path, dict(request.headers), await request.json()))
        if request.url.path == "/sleep_2s":
            await asyncio.sleep(2)
        return Response(status_code=500 if request.url.path == "/fail" else 204)

    return Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])


def actions(helper: Helper) -> ASGIApp:
    def engine() -> httpx.AsyncClient:
        assert helper.engine is not None
        return helper.engine

    return action_webhook.service(engine)


HELPERS: Mapping[str, tuple[str, Callable[[Helper], ASGIApp]]] = {
    "actions_webhook": ("ACTION_WEBHOOK_HANDLER", actions),
    "events_webhook": ("EVENT_WEBHOOK_HANDLER", keeping),
    "scheduled_webhook": ("SCHEDULED_TRIGGERS_WEBHOOK_DOMAIN", keeping),
    "remote_graphql": ("REMOTE_SCHEMAS_WEBHOOK_DOMAIN", lambda helper: remote_services.app()),
}
"""{what a class requires: (the variable that tells the engine the URL, the service)}"""


@contextlib.asynccontextmanager
async def running(requires: Collection[str]) -> AsyncIterator[dict[str, Helper]]:
    """The helpers among `requires`, by name."""
    async with contextlib.AsyncExitStack() as stack:
        found = {}
        for name in sorted(HELPERS.keys() & set(requires)):
            helper = Helper()
            helper.url = await stack.enter_async_context(listening(HELPERS[name][1](helper)))
            found[name] = helper
        yield found


def event_differs(expected: Mapping[str, Any], body: Any) -> str | None:
    """Where an event as delivered parts from an `expect_events` step."""
    found = {
        "table": body["table"],
        "trigger": body["trigger"]["name"],
        "operation": body["event"]["op"],
        "session_variables": body["event"]["session_variables"],
        "retry": body["delivery_info"]["current_retry"],
    }
    for key, value in found.items():
        if verdict := difference(expected[key], value):
            return f"{key}: {verdict}"
    if not body["id"] or not body["created_at"]:
        return "an event needs an id and a time"
    verdicts = [difference(data, body["event"]["data"]) for data in expected["data"]]
    return verdicts[0] if all(verdicts) else None


def variables(helpers: Mapping[str, Helper]) -> dict[str, str]:
    return {HELPERS[name][0]: helper.url for name, helper in helpers.items()}


@contextlib.asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """The app's URL on a free port of loopback."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off", access_log=False)
    server = _Quiet(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
        if task.done():
            task.result()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        await task


class _Quiet(uvicorn.Server):
    """Signals stay with whoever runs the tests."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield
