"""The inbox's page: three files, no library, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FILES = {
    "/": ("inbox.html", "text/html"),
    "/inbox.js": ("inbox.js", "text/javascript"),
    "/inbox.css": ("inbox.css", "text/css"),
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def routes() -> list[Route]:
    return [Route(path, _serve(name, kind)) for path, (name, kind) in FILES.items()]


def _serve(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    content = files("nself.mail").joinpath("page", name).read_bytes()

    async def serve(request: Request) -> Response:
        return Response(content, media_type=f"{kind}; charset=utf-8", headers=_HEADERS)

    return serve
