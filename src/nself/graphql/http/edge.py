"""What every answer passes on its way out: request id, CORS, compression."""

from __future__ import annotations

import os
import re

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nself.graphql.http.cors import Cors
from nself.graphql.http.headers import headers_of
from nself.graphql.settings import GraphqlSettings

_ID = re.compile(r"[\x21-\x7e]{1,128}")
_COMPRESS_FROM = 700
"""Bytes: what fits half a network packet gains nothing from gzip."""


def wrap(app: ASGIApp, settings: GraphqlSettings) -> ASGIApp:
    app = RequestId(Compression(app))
    if settings.disable_cors:
        return app
    return Cors(app, settings.cors_domain)


class Compression:
    """For those who take gzip. The others' answers are not looked at: most calls come from servers next door."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain, self._compressing = app, GZipMiddleware(app, minimum_size=_COMPRESS_FROM, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        accepted = scope["type"] == "http" and "gzip" in headers_of(scope).get("accept-encoding", "")
        await (self._compressing if accepted else self._plain)(scope, receive, send)


class RequestId:
    """Every answer carries X-Request-Id: the request's own if it has a decent one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = headers_of(scope).get("x-request-id", "")
        mark = given.encode() if _ID.fullmatch(given) else os.urandom(16).hex().encode()

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", mark)]
            await send(message)

        await self.app(scope, receive, marked)
