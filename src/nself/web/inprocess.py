"""A request to an app of this process, without a socket. httpx has the like, but tries an import on every call."""

from __future__ import annotations

import asyncio
import logging

import httpx
from starlette.types import ASGIApp, Message, Scope

log = logging.getLogger("nself.web")


class InProcess(httpx.AsyncBaseTransport):
    """Answers as a server across the network would: what escapes the app is a 500, what hangs is a timeout."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        exchange = _Exchange(await request.aread())
        limit = asyncio.timeout(request.extensions.get("timeout", {}).get("read"))
        try:
            async with limit:
                await self.app(_scope(request), exchange.receive, exchange.send)
        except Exception as error:  # the sibling's fault must not become this request's
            if limit.expired():
                raise httpx.ReadTimeout("no answer in time", request=request) from error
            log.exception("%s %s broke its server", request.method, request.url.path)
            return httpx.Response(500, stream=httpx.ByteStream(b""))
        return httpx.Response(exchange.status, headers=exchange.headers, stream=httpx.ByteStream(bytes(exchange.body)))


class _Exchange:
    """Both directions of one request, whole bodies at a time."""

    def __init__(self, body: bytes) -> None:
        self._unread: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self.status, self.headers, self.body = 500, list[tuple[bytes, bytes]](), bytearray()

    async def receive(self) -> Message:
        if self._unread is None:
            await asyncio.Event().wait()  # we never leave before the answer
        message, self._unread = self._unread, None
        assert message is not None
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


def _scope(request: httpx.Request) -> Scope:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (url.host, url.port),
        "client": ("127.0.0.1", 0),
        "state": {},
    }
