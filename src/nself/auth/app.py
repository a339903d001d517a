"""The auth server: its routes, what it opens at start and closes at the end."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from nself import registry
from nself.auth import limits, methods, passwords, routes, schema, sweep, tracking
from nself.auth.access_tokens import AccessTokens
from nself.auth.background import Background
from nself.auth.claims import CustomClaims
from nself.auth.cors import Cors
from nself.auth.email_lists import EmailLists
from nself.auth.endpoint import Auth, Endpoint, Endpoints, client_of
from nself.auth.engine import Engine
from nself.auth.errors import renderer
from nself.auth.mail import Mailer
from nself.auth.password_rules import LEAKS_URL, PasswordRules
from nself.auth.redirects import AllowList
from nself.auth.sessions import Sessions
from nself.auth.settings import AuthSettings
from nself.auth.store import Store
from nself.auth.users import UserChecks
from nself.errors import DatabaseError
from nself.pg.database import CONNECTION_LOST, Database
from nself.web.errors import ErrorMiddleware
from nself.web.json import JsonResponse
from nself.web.server import Peers, Server

log = logging.getLogger("nself.auth")


class App:
    """The router and, while it runs, the server behind it. With `app` in its scope a router raises its refusals,
    where it would answer in plain text otherwise."""

    def __init__(self, settings: AuthSettings, peers: Peers) -> None:
        self.settings, self.peers = settings, peers
        self.auth: Auth | None = None
        parts = [*registry.load(methods, "ENDPOINTS", Endpoints).values()]
        parts += registry.load(routes, "ENDPOINTS", Endpoints).values()
        items = [route(item, settings.api_prefix) for part in parts for item in part.items]
        if settings.api_prefix:
            items.append(Route("/healthz", _probe))
        self.router = Router(items, redirect_slashes=False, lifespan=self._lifespan)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self.router(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, app: object) -> AsyncIterator[None]:
        async with running(self.settings, self.peers) as self.auth:
            yield


def create(settings: AuthSettings, peers: Peers) -> ASGIApp:
    """Fails here, before anything is opened, when the settings contradict themselves."""
    AccessTokens(settings)
    AllowList.from_settings(settings)
    CustomClaims.from_settings(settings, None)
    app = App(settings, peers)
    return Cors(ErrorMiddleware(app, render=renderer(settings), log=log))


@asynccontextmanager
async def running(settings: AuthSettings, peers: Peers) -> AsyncIterator[Auth]:
    """Everything open and ready; closed in the reverse order, mails on their way first."""
    async with AsyncExitStack() as stack:
        await schema.ensure(settings)
        database = await Database.open(settings.database_url, name="nself-auth")
        stack.push_async_callback(database.close)
        engine = Engine.configured(settings, peers)
        if engine:
            await stack.enter_async_context(engine)
        leaks = None
        if settings.password_hibp_enabled:
            leaks = await stack.enter_async_context(httpx.AsyncClient(base_url=LEAKS_URL, timeout=10))
        auth = assemble(settings, database, engine, leaks)
        stack.callback(auth.passwords.close)
        await auth.store.add_roles(settings.roles)
        upkeep = Background()
        stack.push_async_callback(upkeep.stop)
        stack.push_async_callback(auth.background.stop, wait_s=5)
        old = max(3600.0, 2 * limits.longest(auth.limits.buckets))
        upkeep.start(sweep.daily(auth.store, counters_after_s=old), name="the daily sweep")
        if engine:
            upkeep.start(tracking.keep_trying(engine), name="tracking the auth tables")
        yield auth


def assemble(
    settings: AuthSettings, database: Database, engine: Engine | None, leaks: httpx.AsyncClient | None
) -> Auth:
    store = Store(database, settings)
    lists = EmailLists.from_settings(settings)
    checks = UserChecks(lists, settings.email_verified_required)
    tokens = AccessTokens(settings)
    redirects = AllowList.from_settings(settings)
    return Auth(
        settings=settings,
        store=store,
        passwords=passwords.Passwords(),
        password_rules=PasswordRules(settings.password_min_length, leaks),
        tokens=tokens,
        sessions=Sessions(store, tokens, CustomClaims.from_settings(settings, engine), checks),
        checks=checks,
        lists=lists,
        redirects=redirects,
        mailer=Mailer(settings, redirects),
        limits=limits.RateLimits(settings, store),
        background=Background(),
    )


def route(endpoint: Endpoint, prefix: str) -> Route:
    async def answer(request: Request) -> Response:
        auth: Auth = request.app.auth
        try:
            await auth.limits.check(endpoint.path, client_of(request))
            return await endpoint.handler(auth, request)
        except CONNECTION_LOST as error:
            raise DatabaseError(f"PostgreSQL cannot be reached: {error or type(error).__name__}") from error

    return Route(prefix + endpoint.path, answer, methods=[endpoint.method])


async def _probe(request: Request) -> Response:
    """For container probes, which know no prefix."""
    return JsonResponse({"status": "ok"})


SERVER = Server(
    name="auth",
    settings=AuthSettings,
    create=create,
    needs=("graphql",),
    flags={"port": "AUTH_PORT", "database_url": "HASURA_GRAPHQL_DATABASE_URL"},
)
