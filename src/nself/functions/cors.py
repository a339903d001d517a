"""Lets web pages on other hosts call functions. A function that sets CORS headers itself is left to it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALLOW_ORIGIN = "access-control-allow-origin"


class Cors:
    """Answers preflights and marks answers for the origins given; `*` is every origin, without cookies."""

    def __init__(self, app: ASGIApp, *, origins: Sequence[str]) -> None:
        self.app, self.origins = app, frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = headers.get("origin", "")
        if not origin or not self.origins & {"*", origin}:
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await self._preflight(headers, origin)(scope, receive, send)
        else:
            await self.app(scope, receive, self._marking(send, origin))

    def _preflight(self, headers: Headers, origin: str) -> Response:
        answer = Response(status_code=204, headers={"access-control-max-age": "600"})
        answer.headers["access-control-allow-methods"] = headers["access-control-request-method"]
        if wanted := headers.get("access-control-request-headers"):
            answer.headers["access-control-allow-headers"] = wanted
        self._allow(answer.headers, origin)
        return answer

    def _marking(self, send: Send, origin: str) -> Send:
        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if _ALLOW_ORIGIN not in headers:
                    self._allow(headers, origin)
                    headers["access-control-expose-headers"] = "*"
            await send(message)

        return mark

    def _allow(self, headers: MutableHeaders, origin: str) -> None:
        everyone = "*" in self.origins
        headers[_ALLOW_ORIGIN] = "*" if everyone else origin
        if not everyone:
            headers.add_vary_header("Origin")
