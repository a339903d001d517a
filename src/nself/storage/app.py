"""The storage server: its routes behind CORS and the error layer, and what it opens at start and closes at the end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import httpx
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Router
from starlette.types import ASGIApp

from nself.errors import ConfigError
from nself.pg import migrations
from nself.pg.database import Database
from nself.storage import answers
from nself.storage.backends import Backend
from nself.storage.endpoints import Endpoints
from nself.storage.files import Files
from nself.storage.gateway import Gateway
from nself.storage.rows import CONNECTIONS, Rows
from nself.storage.settings import BackendKind, StorageSettings
from nself.storage.tracking import Tracker
from nself.web.client import client
from nself.web.errors import ErrorMiddleware
from nself.web.server import Peers, Server

log = logging.getLogger("nself.storage")

_METHODS = ("GET", "PUT", "POST", "HEAD", "DELETE")
_EXPOSED = (
    "Accept-Ranges",
    "Cache-Control",
    "Content-Disposition",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "ETag",
    "Last-Modified",
    "X-Error",
)
_PREFLIGHT_S = 12 * 3600


def create(settings: StorageSettings, peers: Peers) -> ASGIApp:
    endpoints = Endpoints(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        async with opened(settings, peers) as files:
            endpoints.files = files
            yield

    router = Router(endpoints.routes(), lifespan=lifespan, redirect_slashes=False)
    return CORSMiddleware(
        ErrorMiddleware(router, render=answers.renderer(debug=settings.debug), log=log),
        allow_origins=settings.cors_allow_origins,
        allow_credentials=settings.cors_allow_credentials,
        allow_methods=_METHODS,
        allow_headers=["*"],
        expose_headers=_EXPOSED,
        max_age=_PREFLIGHT_S,
    )


@contextlib.asynccontextmanager
async def opened(settings: StorageSettings, peers: Peers) -> AsyncIterator[Files]:
    """Database, store and GraphQL, ready for use; the tables are registered in the background if need be."""
    async with contextlib.AsyncExitStack() as stack:
        database = await Database.open(settings.database_url, name="nself-storage", max_size=CONNECTIONS)
        stack.push_async_callback(database.close)
        if settings.migrate:
            async with database.connection() as connection:
                await migrations.up_package(connection, "nself.storage", schema="storage")
        backend = choose(settings)
        await backend.open()
        stack.push_async_callback(backend.close)
        graphql = await stack.enter_async_context(_graphql(settings, peers))
        if settings.track_tables:
            tracker = Tracker(graphql, admin_secret=settings.admin_secret, source=settings.source)
            task = asyncio.create_task(tracker.register_until_done())
            stack.push_async_callback(_ended, task)
        yield Files(Gateway(graphql), Rows(database), backend)


def choose(settings: StorageSettings) -> Backend:
    """The backend that the settings name. What S3 needs is imported only for S3."""
    if settings.backend is BackendKind.S3:
        if not settings.s3_bucket:
            raise ConfigError("STORAGE_BACKEND is s3 but no bucket is named", fixes=["set S3_BUCKET", "nself doctor"])
        from nself.storage.backends.s3 import S3Backend

        return S3Backend(settings)
    from nself.storage.backends.disk import DiskBackend

    return DiskBackend(Path(settings.disk_root))


def _graphql(settings: StorageSettings, peers: Peers) -> httpx.AsyncClient:
    graphql = client(settings.hasura_endpoint, peer="graphql", peers=peers)
    # One client serves all callers: a cookie set for one must never travel with another's request.
    graphql.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return graphql


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


SERVER = Server(
    name="storage",
    settings=StorageSettings,
    create=create,
    needs=("graphql",),
    flags={"port": "BIND", "database_url": "POSTGRES_MIGRATIONS_SOURCE"},
    reaches={"graphql": "HASURA_ENDPOINT"},
)
