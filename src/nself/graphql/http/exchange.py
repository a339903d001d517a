"""One request and its answer: the body within its limit, the session, errors in the shape of the endpoint."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from nself.errors import NselfError
from nself.graphql.errors import ApiError
from nself.graphql.http.headers import headers_of
from nself.graphql.sessions.session import Session
from nself.graphql.surface import Surface
from nself.pg.database import CONNECTION_LOST
from nself.web.errors import HttpError, UnexpectedError
from nself.web.json import JsonResponse

LOG = logging.getLogger("nself.graphql")
GRAPHQL_PATHS = frozenset({"/v1/graphql", "/v1beta1/relay"})
"""Here every answer is 200 and errors are in the body."""
WITH_STATUS = "/v1alpha1/graphql"
"""Errors of the same shape here, but with the status that says what they are."""

Opened = Callable[[], Surface]
"""The surface, once the server has started."""

Endpoint = Callable[[Surface, Request], Awaitable[Response]]
_decode = msgspec.json.Decoder().decode


async def body_of(request: Request, limit: int) -> bytes:
    """The whole body, refused as soon as it is known to be too large."""
    declared = headers_of(request.scope).get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise too_large(limit)
    chunks, size, more = [], 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def too_large(limit: int) -> ApiError:
    return ApiError("bad-request", f"the request body is larger than {limit} bytes", status=413)


async def json_of(surface: Surface, request: Request) -> Any:
    raw = await body_of(request, surface.settings.body_limit_mb * 1024 * 1024)
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError("invalid-json", f"the request body is not valid JSON: {error}") from error


async def session_of(surface: Surface, request: Request, body: object = None) -> Session:
    session = await surface.authenticator.session(headers_of(request.scope), body)
    request.scope["nself.session"] = session
    return session


def require_admin(session: Session) -> None:
    if not session.is_admin:
        raise ApiError("access-denied", "restricted access : admin only", path="$.args")


def lost(error: BaseException) -> ApiError:
    """The database is away. Nothing to look up in a traceback, so the log gets a line."""
    LOG.warning("the database is out of reach: %s: %s", type(error).__name__, error)
    return ApiError("connection-not-established", "the database is out of reach", status=503)


def guarded(surface: Opened, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint with the server's parts in hand, and a lost database told apart from a fault of ours."""

    async def call(request: Request) -> Response:
        try:
            return _with_cookies(await endpoint(surface(), request), request.scope.get("nself.session"))
        except CONNECTION_LOST as error:
            raise lost(error) from error
        except RecursionError as error:
            raise ApiError("bad-request", "the request is nested too deeply") from error
        except ApiError as error:
            if isinstance(error.__cause__, CONNECTION_LOST):
                raise lost(error.__cause__) from error
            raise

    return call


def _with_cookies(response: Response, session: Session | None) -> Response:
    for cookie in session.cookies if session else ():
        response.headers.append("set-cookie", cookie)
    return response


def answer_of(settings_internal: Callable[[Session | None], bool]) -> Callable[[Request, NselfError], Response]:
    """How ErrorMiddleware words an error; `settings_internal` says whether this session may see internal details."""

    def render(request: Request, error: NselfError) -> Response:
        known = as_api_error(error)
        shown = settings_internal(request.scope.get("nself.session"))
        path, status = request.scope["path"], known.http_status
        if path in GRAPHQL_PATHS and status not in (404, 413, 503):
            return JsonResponse({"errors": [graphql_shape(known, internal=shown)]})
        if path == WITH_STATUS and status != 404:
            return JsonResponse({"errors": [graphql_shape(known, internal=shown)]}, status_code=status)
        return JsonResponse(flat_shape(known, internal=shown), status_code=known.http_status)

    return render


def as_api_error(error: NselfError) -> ApiError:
    match error:
        case ApiError():
            return error
        case HttpError(http_status=404 | 405):
            return ApiError("not-found", "resource does not exist", status=404)
        case HttpError():
            return ApiError("bad-request", error.message, status=error.http_status)
        case UnexpectedError():
            return ApiError("unexpected", error.message, status=500)
        case _:
            return ApiError("unexpected", error.message, status=error.http_status)


def graphql_shape(error: ApiError, *, internal: bool) -> dict[str, Any]:
    if error.extensions is not None:
        return {"message": error.message, "extensions": error.extensions}
    extensions: dict[str, Any] = {"path": error.path, "code": error.code}
    if internal and error.internal is not None:
        extensions["internal"] = error.internal
    return {"message": error.message, "extensions": extensions}


def flat_shape(error: ApiError, *, internal: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {"path": error.path, "error": error.message, "code": error.code}
    if internal and error.internal is not None:
        shape["internal"] = error.internal
    return shape
