"""GET /console and its files, all of them ours: the page loads nothing from elsewhere."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nself.graphql.surface import Surface

_TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "html": "text/html; charset=utf-8"}
_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; "
        "img-src data: 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


async def page(surface: Surface, request: Request) -> Response:
    return _file(request, "index.html")


async def asset(surface: Surface, request: Request) -> Response:
    return _file(request, request.path_params["name"])


async def home(surface: Surface, request: Request) -> Response:
    return RedirectResponse("console")


def _file(request: Request, name: str) -> Response:
    if name not in assets():
        raise HTTPException(404)
    content, tag = assets()[name]
    headers = {**_SECURITY, "ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=_TYPES[name.rpartition(".")[2]], headers=headers)


@cache
def assets() -> dict[str, tuple[bytes, str]]:
    """{name: (content, ETag)}: what is not in here does not exist."""
    found = {}
    package = files("nself.graphql.console")
    for entry in (*package.iterdir(), *package.joinpath("vendor").iterdir()):
        if entry.name.rpartition(".")[2] in _TYPES:
            content = entry.read_bytes()
            found[entry.name] = (content, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
    return found
