"""Refuses browsers that act for another site: what a developer reads here is not for every page they visit."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class SameOrigin:
    """Lets through changes and websockets that come from our own page or from no browser at all."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        acts = scope["type"] == "websocket" or (scope["type"] == "http" and scope["method"] not in _READING)
        if not acts or _own(Headers(scope=scope)):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=1008, reason="another origin")(scope, receive, send)
        else:
            refusal = PlainTextResponse("another site may not change this inbox", status_code=403)
            await refusal(scope, receive, send)


def _own(headers: Headers) -> bool:
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
