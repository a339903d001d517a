"""One place where a server's exceptions become answers. Unknown ones get an id that the log explains."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nself.errors import NselfError

Render = Callable[[Request, NselfError], Response]
"""How one server words an error it knows: each API has its own shape."""


class UnexpectedError(NselfError):
    """Something we did not foresee. The message names an id; the log has the traceback under the same id."""

    kind = "unexpected"

    def __init__(self, incident: str) -> None:
        self.incident = incident
        super().__init__(f"internal error {incident}")


class HttpError(NselfError):
    """A plain HTTP refusal (unknown path, wrong method, body too large). `headers` belong to it, such as Allow."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.http_status = status
        self.headers = dict(headers or {})


class ErrorMiddleware:
    """Outermost layer of every server. Never lets a traceback out, never answers 500 without a logged id."""

    def __init__(self, app: ASGIApp, *, render: Render, log: logging.Logger) -> None:
        self.app, self.render, self.log = app, render, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # A bare starlette router raises its 404 and 405, so that they are rendered like the rest, only inside an app.
        scope.setdefault("app", self)
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except HTTPException as error:
            refusal = HttpError(error.status_code, error.detail, headers=error.headers)
            await self._answer(refusal, begun, scope, receive, send)
        except NselfError as error:
            await self._answer(error, begun, scope, receive, send)
        except Exception:
            incident = uuid.uuid4().hex[:12]
            self.log.exception("internal error %s on %s %s", incident, scope.get("method"), scope.get("path"))
            await self._answer(UnexpectedError(incident), begun, scope, receive, send)

    async def _answer(self, error: NselfError, begun: bool, scope: Scope, receive: Receive, send: Send) -> None:
        if begun:
            self.log.error("the answer to %s broke off: %s", scope.get("path"), error)
            return
        await self.render(Request(scope), error)(scope, receive, send)


Handler = Callable[[Request], Awaitable[Response]]
