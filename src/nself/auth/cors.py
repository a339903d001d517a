"""CORS: any front end may call, as the API promises. Nothing here rests on cookies, so no origin is trusted by this."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Cors:
    """Answers preflights itself and marks every other answer, errors included, as readable by its caller."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        origin = headers.get("origin")
        if origin is None:
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await preflight(origin, headers)(scope, receive, send)
        else:
            await self.app(scope, receive, _marked(send, origin))


def preflight(origin: str, headers: Headers) -> Response:
    answer = Response(status_code=204, headers=_common(origin))
    answer.headers["Access-Control-Allow-Methods"] = "POST, GET"
    answer.headers["Access-Control-Max-Age"] = "86400"
    if asked := headers.get("access-control-request-headers"):
        answer.headers["Access-Control-Allow-Headers"] = asked
    return answer


def _marked(send: Send, origin: str) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_common(origin))
        await send(message)

    return marked


def _common(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true", "Vary": "Origin"}
