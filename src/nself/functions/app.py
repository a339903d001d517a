"""The functions server as one app: every path is a function, save `/healthz` and what is below `/_functions`."""

from __future__ import annotations

import asyncio
import hmac
import logging
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from nself.errors import NselfError
from nself.functions import catalog, rehearsal
from nself.functions.cors import Cors
from nself.functions.errors import BodyTooLargeError, FunctionsError, NoFunctionError, NotAllowedError
from nself.functions.runner import Runner
from nself.functions.settings import FunctionsSettings
from nself.functions.wire import Call
from nself.web.errors import ErrorMiddleware
from nself.web.json import JsonResponse
from nself.web.server import Peers, Server

log = logging.getLogger("nself.functions")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def create(settings: FunctionsSettings, peers: Peers) -> ASGIApp:
    """The app. It starts no process before the first call."""
    endpoints = Endpoints(settings)

    @asynccontextmanager
    async def lifespan(app: ASGIApp) -> AsyncIterator[None]:
        yield
        await endpoints.runner.close()

    routes = [
        Route("/healthz", endpoints.health),
        Route("/_functions", endpoints.list),
        Route("/_functions/load", endpoints.load, methods=["POST"]),
        # An instance rather than a function: starlette then lets every method through.
        Route("/{path:path}", endpoints),
    ]
    router = Router(routes, lifespan=lifespan, redirect_slashes=False)
    app = ErrorMiddleware(router, render=endpoints.render, log=log)
    return Cors(app, origins=settings.cors_origins)


SERVER = Server(name="functions", settings=FunctionsSettings, create=create, flags={"port": "FUNCTIONS_PORT"})


class Endpoints:
    """What the server answers to whom. `dev` shows developers what nobody else should see."""

    def __init__(self, settings: FunctionsSettings) -> None:
        self.settings = settings
        self.runner = Runner(settings)
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        request.state.request_id = request_id(request)
        function = catalog.find(self.runner.folder, request.scope["path"])
        if function is None:
            raise NoFunctionError(request.scope["path"])
        request.state.function = function.name
        try:
            body = await self._body(request)
        except ClientDisconnect:
            return
        answer = await self.runner.run(function, call_of(request, function), body)
        response = Response(answer.body, status_code=answer.status)
        length = [pair for pair in response.raw_headers if pair[0] == b"content-length"]
        response.raw_headers = [*answer.headers, *length, (b"x-request-id", request.state.request_id.encode())]
        await response(scope, receive, send)

    async def health(self, request: Request) -> Response:
        """Well as long as calls are answered: a function that cannot be loaded is named, and harms no other."""
        problems = self.runner.problems()
        shown = [
            {"function": name} | ({"error": detail} if self.settings.dev else {}) for name, detail in problems.items()
        ]
        return JsonResponse({"status": "ok", "problems": shown})

    async def list(self, request: Request) -> Response:
        self._check_developer(request)
        functions = [
            {"name": found.name, "language": found.language, "route": found.route, "modified": found.modified}
            for found in catalog.functions(self.runner.folder)
        ]
        return JsonResponse({"functions": functions})

    async def load(self, request: Request) -> Response:
        """Load each function without calling it, and say which cannot be."""
        self._check_developer(request)
        async with self._one_at_a_time:
            loaded = await rehearsal.load(list(catalog.functions(self.runner.folder)), self.settings)
        functions = [
            {"name": each.function.name, "language": each.function.language, "error": each.error} for each in loaded
        ]
        return JsonResponse({"functions": functions})

    def render(self, request: Request, error: NselfError) -> Response:
        body: dict[str, Any] = {"error": error.message, "code": getattr(error, "code", error.kind)}
        for key, name in (("function", "function"), ("requestId", "request_id")):
            if hasattr(request.state, name):
                body[key] = getattr(request.state, name)
        if self.settings.dev and isinstance(error, FunctionsError):
            body |= {key: text for key, text in (("detail", error.detail), ("stack", error.stack)) if text}
        response = JsonResponse(body, status_code=error.http_status)
        if hasattr(request.state, "request_id"):
            response.headers["x-request-id"] = request.state.request_id
        return response

    async def _body(self, request: Request) -> bytes:
        most = self.settings.max_body_mb * 1024 * 1024
        if int(request.headers.get("content-length") or 0) > most:
            raise BodyTooLargeError(most)
        chunks, size = [], 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise BodyTooLargeError(most)
            chunks.append(chunk)
        return b"".join(chunks)

    def _check_developer(self, request: Request) -> None:
        if not self.settings.dev and not self._admin(request):
            raise NotAllowedError

    def _admin(self, request: Request) -> bool:
        given = request.headers.get("x-hasura-admin-secret", "")
        secret = self.settings.admin_secret
        return bool(secret) and hmac.compare_digest(given.encode(), (secret or "").encode())


def request_id(request: Request) -> str:
    """The caller's own, so that a call can be followed through the stack; a new one when it gave none."""
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def call_of(request: Request, function: catalog.Function) -> Call:
    return Call(
        function=function.name,
        file=str(function.file),
        request_id=request.state.request_id,
        method=request.method,
        url=str(request.url),
        path=request.scope["path"],
        query=request.scope["query_string"].decode("latin-1"),
        headers=[(name.decode("latin-1"), _text(text)) for name, text in request.headers.raw],
    )


def _text(value: bytes) -> str:
    """Browsers and proxies send UTF-8 where they send more than ASCII; latin-1 reads whatever is left."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
