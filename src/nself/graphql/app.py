"""The GraphQL server: what opens with it, which paths it answers, who may call them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from pathlib import Path
from typing import Any

import httpx
from starlette.routing import BaseRoute, Route, Router, WebSocketRoute
from starlette.types import ASGIApp

from nself.errors import ConfigError
from nself.graphql.actions.log import ActionLog
from nself.graphql.actions.worker import ActionWorker
from nself.graphql.admission.gate import Policy
from nself.graphql.engine import Engine
from nself.graphql.events import running as deliveries
from nself.graphql.events.installed import Installed
from nself.graphql.http import administration, console, diagnostics, dump, edge, exchange, facts, operations, rest
from nself.graphql.http.shortcut import Shortcut
from nself.graphql.metadata.apply_directory import apply_directory
from nself.graphql.metadata.live import LiveMetadata
from nself.graphql.metadata.rest_endpoints import METHODS
from nself.graphql.metadata.store import Store
from nself.graphql.remote.registry import RemoteSchemas
from nself.graphql.run import World
from nself.graphql.schema.naming import Conventions
from nself.graphql.sessions.authenticate import Authenticator, Mode
from nself.graphql.sessions.jwks import RemoteKeys
from nself.graphql.sessions.jwt import JwtMode
from nself.graphql.sessions.jwt_choice import SeveralSecrets
from nself.graphql.sessions.session import Session
from nself.graphql.sessions.webhook import WebhookMode
from nself.graphql.settings import GraphqlSettings
from nself.graphql.sources.connection import Connection
from nself.graphql.sources.pools import OWN_VARIABLES, Pools, opened
from nself.graphql.subscriptions.registry import Subscriptions
from nself.graphql.surface import Surface
from nself.graphql.unread import unread
from nself.graphql.webhooks.outgoing import Outgoing
from nself.graphql.websocket.endpoint import WebsocketEndpoint
from nself.graphql.websocket.handshake import Handshake
from nself.graphql.websocket.keepalive import Keepalive
from nself.graphql.websocket.sockets import Sockets
from nself.pg.database import Database
from nself.web.errors import ErrorMiddleware
from nself.web.server import Peers, Server

LOG = logging.getLogger("nself.graphql")


def create(settings: GraphqlSettings, peers: Peers) -> ASGIApp:
    """The app. Its lifespan connects, loads the metadata and follows changes made by other processes."""
    opened: list[Surface] = []

    @contextlib.asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        async with opening(settings) as parts:
            opened.append(parts)
            try:
                yield
            finally:
                opened.clear()

    def surface() -> Surface:
        return opened[0]

    def shows_internal(session: Session | None) -> bool:
        return bool(opened) and operations.shows_internal(opened[0], session)

    app: ASGIApp = Router(routes(settings, surface), lifespan=lifespan)
    if "graphql" in settings.enabled_apis:
        app = Shortcut(app, "/v1/graphql", exchange.guarded(surface, operations.graphql))
    return edge.wrap(ErrorMiddleware(app, render=exchange.answer_of(shows_internal), log=LOG), settings)


def routes(settings: GraphqlSettings, surface: exchange.Opened) -> list[BaseRoute]:
    """Every path by the API it belongs to, the busiest first; `HASURA_GRAPHQL_ENABLED_APIS` leaves the others out."""
    table = [
        ("graphql", "/v1/graphql", "POST", operations.graphql),
        ("", "/healthz", "GET", facts.healthz),
        ("", "/hasura/healthz", "GET", facts.healthz),
        ("", "/v1/version", "GET", facts.version),
        ("graphql", "/v1alpha1/graphql", "POST", operations.graphql),
        ("graphql", "/api/rest/{path:path}", " ".join(METHODS), rest.endpoint),
        ("graphql", "/api/swagger/json", "GET", rest.openapi),
        ("graphql", "/v1beta1/relay", "POST", operations.relay),
        ("graphql", "/v1/graphql/explain", "POST", operations.explain),
        ("metadata", "/v1/metadata", "POST", administration.metadata),
        ("metadata", "/v1/query", "POST", administration.query),
        ("metadata", "/v2/query", "POST", administration.query),
        ("config", "/v1alpha1/config", "GET", facts.config),
        ("developer", "/dev/subscriptions", "GET", facts.subscriptions),
        ("pgdump", "/v1alpha1/pg_dump", "POST", dump.endpoint),
        ("developer", "/dev/{name:path}", "GET", diagnostics.endpoint),
    ]
    if settings.enable_console:
        table += [
            ("", "/", "GET", console.home),
            ("", "/console", "GET", console.page),
            ("", "/console/assets/{name}", "GET", console.asset),
        ]
    answering: list[BaseRoute] = [
        Route(path, exchange.guarded(surface, endpoint), methods=method.split())
        for api, path, method, endpoint in table
        if not api or api in settings.enabled_apis
    ]
    return answering + (websockets(settings, surface) if "graphql" in settings.enabled_apis else [])


def websockets(settings: GraphqlSettings, surface: exchange.Opened) -> list[BaseRoute]:
    handshake = Handshake.of(settings)
    table = {"/v1/graphql": operations.request_of, "/v1alpha1/graphql": operations.request_of}
    table["/v1beta1/relay"] = operations.relay_request_of
    return [WebSocketRoute(path, WebsocketEndpoint(surface, handshake, read)) for path, read in table.items()]


@contextlib.asynccontextmanager
async def opening(settings: GraphqlSettings) -> AsyncIterator[Surface]:
    LOG.setLevel(settings.log_level.upper())
    async with contextlib.AsyncExitStack() as stack:
        pools, kept_in = await _databases(stack, settings)
        outgoing = await stack.enter_async_context(Outgoing.open())
        world = World(
            outgoing=outgoing,
            environ=settings.environ,
            kept_in=kept_in,
            shows_internal=settings.dev_mode or settings.admin_internal_errors,
        )
        engine = Engine(
            pools,
            remotes=RemoteSchemas(outgoing, settings.environ, permissions=settings.enable_remote_schema_permissions),
            stringify_numerics=settings.stringify_numeric_types,
            show_internal=settings.dev_mode or settings.admin_internal_errors,
            infer_functions=settings.infer_function_permissions,
            federation=settings.enable_apollo_federation or "apollo_federation" in settings.experimental_features,
            conventions=_conventions(settings),
            policy=_policy(settings),
            world=world,
        )
        live = LiveMetadata(engine, Store(kept_in), Installed(settings.stringify_numeric_types))
        await live.open()
        for name in unread(settings.environ, live.stored.metadata):
            LOG.warning("%s is set, but has no effect: neither this server nor its metadata reads it", name)
        await ActionLog(kept_in).ensure()
        if settings.metadata_dir:
            await apply_directory(live, Path(settings.metadata_dir))
        await deliveries.start(stack, settings, live, outgoing.allowlist)
        if settings.async_actions_fetch_interval_ms:
            worker = ActionWorker(engine, world, settings.async_actions_fetch_interval_ms / 1000)
            await stack.enter_async_context(_background(worker.run()))
        if settings.schema_sync_interval_ms:
            await stack.enter_async_context(_background(live.watch(settings.schema_sync_interval_ms / 1000)))
        authenticator = Authenticator(
            admin_secret=settings.admin_secret,
            unauthorized_role=settings.unauthorized_role,
            mode=await _mode(stack, settings, outgoing),
        )
        subscriptions = Subscriptions(engine, settings)
        stack.push_async_callback(subscriptions.close)
        engine.on_load.append(subscriptions.replan)
        sockets = Sockets(Keepalive(settings.websocket_keepalive_s))
        if settings.close_websockets_on_metadata_change:
            engine.on_load.append(sockets.restart)
        yield Surface(
            settings=settings,
            metadata_database=kept_in,
            engine=engine,
            live=live,
            authenticator=authenticator,
            subscriptions=subscriptions,
            sockets=sockets,
        )


def _policy(settings: GraphqlSettings) -> Policy:
    return Policy(
        only_listed=settings.enable_allowlist,
        depth=settings.depth_limit or None,
        nodes=settings.node_limit or None,
        cost=settings.cost_limit or None,
        batch=settings.batch_limit or None,
        time_s=settings.time_limit_ms / 1000 or None,
    )


async def _mode(stack: contextlib.AsyncExitStack, settings: GraphqlSettings, outgoing: Outgoing) -> Mode | None:
    """Who decides about requests without the admin secret. A token and a webhook at once would be ambiguous."""
    secrets = settings.jwt_secrets or ([settings.jwt_secret] if settings.jwt_secret is not None else [])
    if not secrets and settings.auth_hook is None:
        return None
    if settings.admin_secret is None:
        raise ConfigError("HASURA_GRAPHQL_JWT_SECRET and _AUTH_HOOK need HASURA_GRAPHQL_ADMIN_SECRET to be set")
    if secrets and settings.auth_hook is not None:
        raise ConfigError("HASURA_GRAPHQL_JWT_SECRET and HASURA_GRAPHQL_AUTH_HOOK exclude each other")
    if settings.auth_hook is not None:
        return WebhookMode(url=settings.auth_hook, outgoing=outgoing, mode=settings.auth_hook_mode)
    modes = [JwtMode.of(secret, keys=await _published(stack, secret)) for secret in secrets]
    return modes[0] if len(modes) == 1 else SeveralSecrets(modes)


async def _published(stack: contextlib.AsyncExitStack, secret: Mapping[str, Any]) -> RemoteKeys | None:
    address = secret.get("jwk_url")
    if not address:
        return None
    http = await stack.enter_async_context(httpx.AsyncClient(timeout=10, trust_env=False))
    return RemoteKeys(str(address), http)


def _conventions(settings: GraphqlSettings) -> Conventions:
    enabled = "naming_convention" in settings.experimental_features
    return Conventions(enabled=enabled, default=settings.naming_convention.value)


async def _databases(stack: contextlib.AsyncExitStack, settings: GraphqlSettings) -> tuple[Pools, Database]:
    """The sources' pools, and the database that keeps the metadata: without that there is nothing to serve. The main
    database goes by its usual names in `from_env`, however the server was told of it."""
    opens = functools.partial(opened, most=settings.pg_connections, statement_ms=settings.statement_timeout_ms)
    own = settings.metadata_database_url or settings.database_url
    kept_in = await opens(Connection(dsn=own), wait_s=30.0)
    stack.push_async_callback(kept_in.close)
    environ = {**dict.fromkeys(OWN_VARIABLES, settings.database_url), **settings.environ}
    pools = Pools(main=kept_in, main_dsn=own, environ=environ, open=opens)
    stack.push_async_callback(pools.close)
    return pools, kept_in


@contextlib.asynccontextmanager
async def _background(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


SERVER = Server(
    name="graphql",
    settings=GraphqlSettings,
    create=create,
    flags={"port": "HASURA_GRAPHQL_SERVER_PORT", "database_url": "HASURA_GRAPHQL_DATABASE_URL"},
    graceful_s=lambda settings: settings.graceful_shutdown_timeout_s,
)
