"""Health, version, keys."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from nself import __version__
from nself.auth.endpoint import Auth, endpoints, ok, reply


async def health(auth: Auth, request: Request) -> Response:
    return ok()


async def version(auth: Auth, request: Request) -> Response:
    return reply({"version": __version__})


async def keys(auth: Auth, request: Request) -> Response:
    return reply(auth.tokens.jwks())


ENDPOINTS = endpoints(
    ("GET", "/healthz", health),
    ("GET", "/version", version),
    ("GET", "/.well-known/jwks.json", keys),
)
