"""The whole server with a database and remote GraphQL services beside it, driven from synchronous tests."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

import asyncpg
import httpx
from graphql import GraphQLSchema, build_schema, graphql
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from nself.graphql.app import SERVER
from nself.settings import from_env
from tests.conformance.server import lifespan
from tests.conformance.webhooks import listening
from tests.graphql.hostile import Handler
from tests.graphql.hostile import listening as misbehaving

T = TypeVar("T")
Json = Any


@dataclass
class Service:
    """A remote service. `asked` are the requests that were no introspection; `answer`, if set, is all it says then."""

    schema: GraphQLSchema
    root: Any = None
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answer: Response | None = None
    cookies: list[str] = field(default_factory=list)

    def reset(self) -> None:
        """As it was made."""
        self.asked.clear()
        self.headers.clear()
        self.answer, self.cookies = None, []

    async def serve(self, request: Request) -> Response:
        body = await request.json()
        if "__schema" not in body["query"]:
            self.asked.append(body)
            self.headers.append(dict(request.headers))
            if self.answer is not None:
                return self.answer
        result = await graphql(
            self.schema,
            body["query"],
            root_value=self.root,
            type_resolver=lambda value, info, abstract: type(value).__name__,
            variable_values=body.get("variables"),
            operation_name=body.get("operationName"),
        )
        reply = JSONResponse(result.formatted)
        for cookie in self.cookies:
            reply.headers.append("set-cookie", cookie)
        return reply


class World:
    """`command` and `ask` speak to the server as the administrator unless told otherwise."""

    def __init__(self, dsn: str, **environ: str) -> None:
        self._runner = asyncio.Runner()
        self._stack = contextlib.AsyncExitStack()
        self.dsn, self.environ = dsn, environ
        self.client: httpx.AsyncClient

    def __enter__(self) -> World:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.run(self._stack.aclose())
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def service(self, sdl: str, root: Any = None) -> Service:
        made = Service(build_schema(sdl), root)
        made.url = self.run(
            self._stack.enter_async_context(listening(Starlette(routes=[Route("/", made.serve, methods=["POST"])])))
        )
        return made

    def hostile(self, handler: Handler) -> str:
        return self.run(self._stack.enter_async_context(misbehaving(handler)))

    def start(self) -> World:
        self.run(self._start())
        return self

    async def _start(self) -> None:
        environ = {
            "HASURA_GRAPHQL_DATABASE_URL": self.dsn,
            "HASURA_GRAPHQL_SCHEMA_SYNC_POLL_INTERVAL": "0",
            "HASURA_GRAPHQL_PG_CONNECTIONS": "4",
            **self.environ,
        }
        app = SERVER.create(from_env(SERVER.settings, environ), {})
        await self._stack.enter_async_context(lifespan(app))
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.client = await self._stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://test", timeout=90)
        )

    def sql(self, text: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(self.dsn)
            await connection.execute(text)
            await connection.close()

        self.run(execute())

    def post(self, path: str, body: Json, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.run(self.client.post(path, json=body, headers=headers))

    def command(self, type_: str, **args: Json) -> Json:
        reply = self.post("/v1/metadata", {"type": type_, "args": args})
        assert reply.status_code == 200, reply.text
        return reply.json()

    def refused(self, type_: str, **args: Json) -> Json:
        reply = self.post("/v1/metadata", {"type": type_, "args": args})
        assert reply.status_code == 400, reply.text
        return reply.json()

    def add(self, name: str, service: Service, **definition: Json) -> None:
        self.command("add_remote_schema", name=name, definition={"url": service.url, **definition})

    def graphql(self, query: str, variables: Json = None, *, role: str = "admin", **headers: str) -> Json:
        sent = {"X-Hasura-Role": role, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return self.post("/v1/graphql", {"query": query, "variables": variables}, sent).json()

    def ask(self, query: str, variables: Json = None, *, role: str = "admin", **headers: str) -> Json:
        body = self.graphql(query, variables, role=role, **headers)
        assert list(body) == ["data"], body
        return body["data"]

    def error(self, query: str, variables: Json = None, *, role: str = "admin", **headers: str) -> Json:
        body = self.graphql(query, variables, role=role, **headers)
        assert "errors" in body, body
        return body["errors"][0]
