"""The development inbox as one app: SMTP listener, JSON API, page."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from nself.errors import NselfError
from nself.mail import pages, smtp
from nself.mail.api import Api
from nself.mail.events import Hub
from nself.mail.origin import SameOrigin
from nself.mail.settings import MailSettings
from nself.mail.store import Store
from nself.web.errors import ErrorMiddleware
from nself.web.server import Peers, Server

log = logging.getLogger("nself.mail")


def create(settings: MailSettings, peers: Peers) -> ASGIApp:
    """The app; it listens for SMTP while its lifespan runs."""
    store = Store(settings.database_url, limit=settings.max_messages)
    api = Api(store, Hub())

    async def live(request: Request) -> Response:
        return PlainTextResponse("ok")

    async def ready(request: Request) -> Response:
        await store.counts()
        return PlainTextResponse("ok")

    health = [Route("/livez", live), Route("/healthz", live), Route("/readyz", ready)]
    router = Router(
        routes=[*health, *pages.routes(), *api.routes()],
        lifespan=lambda _: _receiving(settings, api),
    )
    return ErrorMiddleware(SameOrigin(router), render=_render, log=log)


SERVER = Server(
    name="mail",
    settings=MailSettings,
    create=create,
    flags={"port": "MAILPIT_UI_PORT", "database_url": "MAILPIT_DATABASE_URL"},
)


@asynccontextmanager
async def _receiving(settings: MailSettings, api: Api) -> AsyncIterator[None]:
    limits = smtp.Limits(
        message_bytes=settings.max_message_mb * 1024 * 1024,
        recipients=settings.max_recipients,
        connections=settings.max_connections,
    )
    async with api.store, smtp.listening(settings.smtp_host, settings.smtp_port, api.keep, limits) as (host, port):
        log.info("accepting mail on %s:%d", host, port)
        yield
        api.hub.close()


def _render(request: Request, error: NselfError) -> Response:
    return PlainTextResponse(error.message, status_code=error.http_status)
