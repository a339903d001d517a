"""A webhook that answers as a test wants it to, and a server that has actions of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.conformance.webhooks import listening
from tests.graphql.serving import ADMIN, Api, authors_and_articles, serving

Json = Any
USER = {**ADMIN, "x-hasura-role": "user", "x-hasura-name": "Ada"}
TYPES: Json = {
    "scalars": [{"name": "anything"}],
    "enums": [{"name": "colour", "values": [{"value": "red"}, {"value": "green"}]}],
    "input_objects": [
        {"name": "wish", "fields": [{"name": "text", "type": "String!"}, {"name": "also", "type": "[wish!]"}]},
    ],
    "objects": [
        {
            "name": "person",
            "fields": [
                {"name": "id", "type": "Int!"},
                {"name": "nick", "type": "String"},
                {"name": "colours", "type": "[colour!]"},
                {"name": "extra", "type": "anything"},
                {"name": "friend", "type": "person"},
            ],
            "relationships": [
                {"name": "author", "type": "object", "remote_table": "author", "field_mapping": {"id": "id"}},
                {"name": "articles", "type": "array", "remote_table": "article", "field_mapping": {"id": "author_id"}},
            ],
        }
    ],
}


@dataclass
class Webhook:
    """`replies` is {path: (status, body)}; a body that is bytes goes out as it is. `asked` keeps the requests."""

    replies: dict[str, tuple[int, Json]] = field(default_factory=dict)
    asked: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    proceed: asyncio.Event = field(default_factory=asyncio.Event)
    """`/wait` answers when this is set."""

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._take, methods=["POST", "PUT", "GET"])])

    async def _take(self, request: Request) -> Response:
        self.asked.append(await request.json() if await request.body() else None)
        self.headers.append(dict(request.headers))
        if request.url.path == "/wait":
            await self.proceed.wait()
        status, body = self.replies.get(request.url.path, (200, {"id": 1}))
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Response(content, status, {"Set-Cookie": f"path={request.url.path}"}, "application/json")


@contextlib.asynccontextmanager
async def acting(dsn: str, **environ: str) -> AsyncIterator[tuple[Api, Webhook]]:
    """Authors and articles, the types, and a webhook at `{{HOOK}}`."""
    webhook = Webhook()
    async with listening(webhook.app()) as url, serving(dsn, HOOK=url, **environ) as api:
        await authors_and_articles(api)
        await api.metadata("set_custom_types", TYPES)
        yield api, webhook


def play(dsn: str, script: Callable[[Api, Webhook], Coroutine[Any, Any, None]], **environ: str) -> None:
    async def go() -> None:
        async with acting(dsn, **environ) as (api, webhook):
            await script(api, webhook)

    asyncio.run(go())


async def create(api: Api, name: str, path: str = "", *, roles: tuple[str, ...] = (), **definition: Json) -> None:
    known = {"handler": f"{{{{HOOK}}}}/{path or name}", "output_type": "person", "type": "query", **definition}
    await api.metadata("create_action", {"name": name, "definition": known})
    for role in roles:
        await api.metadata("create_action_permission", {"action": name, "role": role})


async def refused(api: Api, query: str, headers: dict[str, str] | None = None) -> Json:
    """The one error of an operation that must fail."""
    answer = await api.graphql(query, headers)
    assert list(answer) == ["errors"], answer
    return answer["errors"][0]
