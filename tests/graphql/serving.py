"""The GraphQL server in this process: a test plays a script of requests against it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import httpx

from nself.graphql.app import SERVER
from nself.settings import from_env
from tests.conformance.server import lifespan

Json = Any
ADMIN = {"x-hasura-admin-secret": "s3cret"}


@dataclass(frozen=True)
class Api:
    """Requests as the administrator unless `headers` are given. `app` is for websockets."""

    http: httpx.AsyncClient
    app: Any = None

    async def post(self, path: str, body: Json, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.http.post(path, json=body, headers=ADMIN if headers is None else headers)

    async def metadata(self, kind: str, args: Json, **more: Json) -> Json:
        """The answer, which must be a success."""
        reply = await self.post("/v1/metadata", {"type": kind, "args": args, **more})
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def refused(self, kind: str, args: Json, *, path: str = "/v1/metadata", **more: Json) -> tuple[str, str, str]:
        """(code, path, message) of a command that must fail with status 400 or 409."""
        reply = await self.post(path, {"type": kind, "args": args, **more})
        assert reply.status_code in (400, 409), reply.text
        body = reply.json()
        return body["code"], body["path"], body["error"]

    async def sql(self, sql: str, **more: Json) -> Json:
        reply = await self.post("/v2/query", {"type": "run_sql", "args": {"sql": sql, **more}})
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def exported(self) -> Json:
        return (await self.metadata("export_metadata", {}, version=2))["metadata"]["sources"][0]

    async def graphql(self, query: str, headers: dict[str, str] | None = None) -> Json:
        reply = await self.post("/v1/graphql", {"query": query}, headers)
        assert reply.status_code == 200, reply.text
        return reply.json()


@contextlib.asynccontextmanager
async def serving(dsn: str, **environ: str) -> AsyncIterator[Api]:
    base = {
        "HASURA_GRAPHQL_DATABASE_URL": dsn,
        "HASURA_GRAPHQL_ADMIN_SECRET": ADMIN["x-hasura-admin-secret"],
        "HASURA_GRAPHQL_PG_CONNECTIONS": "5",
        "HASURA_GRAPHQL_SCHEMA_SYNC_POLL_INTERVAL": "20",
    }
    app = SERVER.create(from_env(SERVER.settings, base | environ), {})
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with lifespan(app), httpx.AsyncClient(transport=transport, base_url="http://server") as http:
        yield Api(http, app)


def play(dsn: str, script: Callable[[Api], Coroutine[Any, Any, None]], **environ: str) -> None:
    async def go() -> None:
        async with serving(dsn, **environ) as api:
            await script(api)

    asyncio.run(go())


TABLES = """
    CREATE TABLE author (id serial PRIMARY KEY, name text UNIQUE NOT NULL);
    CREATE TABLE article (id serial PRIMARY KEY, title text, author_id int REFERENCES author);
    INSERT INTO author (name) VALUES ('Ada'), ('Bob');
    INSERT INTO article (title, author_id) VALUES ('One', 1), ('Two', 1), ('Three', 2);
"""


async def authors_and_articles(api: Api) -> None:
    """Two related tables, tracked both ways, with a role that sees its own."""
    await api.sql(TABLES)
    await api.metadata(
        "bulk",
        [
            {"type": "pg_track_tables", "args": {"tables": [{"table": "author"}, {"table": "article"}]}},
            {
                "type": "pg_create_object_relationship",
                "args": {"table": "article", "name": "author", "using": {"foreign_key_constraint_on": "author_id"}},
            },
            {
                "type": "pg_create_array_relationship",
                "args": {
                    "table": "author",
                    "name": "articles",
                    "using": {"foreign_key_constraint_on": {"table": "article", "column": "author_id"}},
                },
            },
            {
                "type": "pg_create_select_permission",
                "args": {
                    "table": "article",
                    "role": "user",
                    "permission": {"columns": ["id", "title"], "filter": {"author": {"name": "X-Hasura-Name"}}},
                },
            },
        ],
    )
