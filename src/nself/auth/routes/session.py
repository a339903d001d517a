"""Keeping and ending sessions."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from nself.auth.bodies import Refresh, SignOut, Verify, read
from nself.auth.endpoint import Auth, endpoints, ok, reply
from nself.auth.errors import AuthError, Code, UnauthorizedError


async def refresh(auth: Auth, request: Request) -> Response:
    """The session itself, not wrapped, and with its user: clients look for both."""
    body = await read(request, Refresh)
    return reply(await auth.sessions.refresh(body.refresh_token))


async def verify(auth: Auth, request: Request) -> Response:
    """The token of the body, or else the caller's own."""
    body = await read(request, Verify, optional=True)
    if body.token is None:
        await auth.caller(request)
        return ok()
    try:
        auth.tokens.user_id(body.token)
    except UnauthorizedError as error:
        raise AuthError(Code.INVALID_REQUEST) from error
    return ok()


async def sign_out(auth: Auth, request: Request) -> Response:
    """An unknown refresh token is as good as signed out."""
    body = await read(request, SignOut, optional=True)
    if body.all:
        await auth.store.delete_sessions((await auth.caller(request)).id)
        return ok()
    if "authorization" in request.headers:
        await auth.caller(request)
    if not body.refresh_token:
        raise AuthError(Code.INVALID_REQUEST)
    await auth.store.delete_refresh_token(body.refresh_token)
    return ok()


ENDPOINTS = endpoints(
    ("POST", "/token", refresh),
    ("POST", "/token/verify", verify),
    ("POST", "/signout", sign_out),
)
