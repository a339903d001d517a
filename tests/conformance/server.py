"""The server under test: the real app in this process, on databases of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx

from nself.graphql.app import SERVER
from nself.settings import from_env
from tests.cluster import Cluster

ADMIN_SECRET = "conformance-admin-secret"
URL = "http://hasura.test"
DATABASE = "conformance"
EMPTY = """
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
            EXECUTE format('DROP SCHEMA %I CASCADE', name);
        END LOOP;
    END $$;
    CREATE SCHEMA public;
    CREATE SCHEMA hge_tests;
"""
POSTGIS = "CREATE EXTENSION postgis; CREATE EXTENSION postgis_topology; CREATE EXTENSION postgis_raster"
FURTHER = ("conformance_1", "conformance_2")
"""The databases at HASURA_GRAPHQL_PG_SOURCE_URL_1 and _2."""
_MADE: set[tuple[int, str]] = set()
"""Databases that are there already, by the port of their cluster."""
_ENVIRONMENT = {
    "HASURA_GRAPHQL_ADMIN_SECRET": ADMIN_SECRET,
    "HASURA_GRAPHQL_STRINGIFY_NUMERIC_TYPES": "true",
    "HASURA_GRAPHQL_SCHEMA_SYNC_POLL_INTERVAL": "0",
    "HASURA_GRAPHQL_PG_CONNECTIONS": "4",
    "EVENT_WEBHOOK_HEADER": "MyEnvValue",
}


class Client(httpx.AsyncClient):
    """Calls the app in this process; `app` is for the websockets that httpx does not speak."""

    def __init__(self, app: Any) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        super().__init__(transport=transport, base_url=URL, timeout=30)
        self.app = app


@contextlib.asynccontextmanager
async def serving(
    cluster: Cluster, environ: Mapping[str, str | None], *, postgis: bool = False, further: bool = False
) -> AsyncIterator[Client]:
    """A client of a fresh server on an empty database, with `further` ones at hand."""
    await asyncio.to_thread(empty, cluster, DATABASE, postgis=postgis)
    for name in FURTHER if further else ():
        await asyncio.to_thread(empty, cluster, name)
    sources = {f"HASURA_GRAPHQL_PG_SOURCE_URL_{n}": cluster.dsn(name) for n, name in enumerate(FURTHER, 1)}
    wanted = {**_ENVIRONMENT, "HASURA_GRAPHQL_DATABASE_URL": cluster.dsn(DATABASE), **sources, **environ}
    settings = from_env(SERVER.settings, {key: value for key, value in wanted.items() if value is not None})
    app = SERVER.create(settings, {})
    async with lifespan(app), Client(app) as client:
        yield client


def empty(cluster: Cluster, name: str, *, postgis: bool = False) -> None:
    """The same databases for all classes: emptying one is ten times as fast as making and dropping it."""
    if (cluster.port, name) not in _MADE:
        cluster.run("postgres", f'CREATE DATABASE "{name}"')
        _MADE.add((cluster.port, name))
    cluster.run(name, EMPTY + (POSTGIS if postgis else ""))


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """What an ASGI server does around the requests: start the app, stop it."""
    inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    task = asyncio.create_task(app({"type": "lifespan", "state": {}}, inbox.get, outbox.put))
    try:
        await inbox.put({"type": "lifespan.startup"})
        reply = await outbox.get()
        assert reply["type"] == "lifespan.startup.complete", reply
        yield
        await inbox.put({"type": "lifespan.shutdown"})
        await outbox.get()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
