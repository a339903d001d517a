"""CORS as clients of Hasura know it: origins that match are named, the others get no header at all."""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nself.graphql.http.headers import headers_of

METHODS = "GET,POST,PUT,PATCH,DELETE,OPTIONS"
_MAX_AGE_S = "1728000"


def origins(domains: str) -> str:
    """`*`, or a comma list, as a regular expression over whole origins: `*.` is any one subdomain, `:*` any port."""
    patterns = []
    for domain in filter(None, (part.strip().rstrip("/") for part in domains.split(","))):
        if domain == "*":
            return ".*"
        patterns.append(re.escape(domain).replace(r"\*\.", r"[^./:]+\.").replace(r":\*", r"(?::\d{1,5})?"))
    return "|".join(patterns) or r"(?!)"


class Cors:
    def __init__(self, app: ASGIApp, domains: str) -> None:
        self.app, self._allowed = app, re.compile(origins(domains))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = headers_of(scope).get("origin", "") if scope["type"] == "http" else ""
        if not origin or not self._allowed.fullmatch(origin):
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await self._preflight(scope, origin, send)
        else:
            await self.app(scope, receive, _marking(send, origin))

    async def _preflight(self, scope: Scope, origin: str, send: Send) -> None:
        message: Message = {"type": "http.response.start", "status": 204, "headers": []}
        headers = MutableHeaders(scope=message)
        _allow(headers, origin)
        headers["access-control-max-age"] = _MAX_AGE_S
        asked = headers_of(scope).get("access-control-request-headers")
        if asked is not None:
            headers["access-control-allow-headers"] = asked
        await send(message)
        await send({"type": "http.response.body", "body": b""})


def _marking(send: Send, origin: str) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            _allow(MutableHeaders(scope=message), origin)
        await send(message)

    return marked


def _allow(headers: MutableHeaders, origin: str) -> None:
    headers["access-control-allow-origin"] = origin
    headers["access-control-allow-credentials"] = "true"
    headers["access-control-allow-methods"] = METHODS
    headers.add_vary_header("Origin")
