"""/api/rest/...: a stored query under a URL. The answer is the data itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from nself.graphql.engine import Request as GraphqlRequest
from nself.graphql.errors import ApiError
from nself.graphql.http.address import address_of
from nself.graphql.http.exchange import body_of, require_admin, session_of
from nself.graphql.http.headers import headers_of
from nself.graphql.http.operations import response
from nself.graphql.rest.openapi import document
from nself.graphql.rest.variables import Texts, variables
from nself.graphql.run import Reply
from nself.graphql.sessions.session import ADMIN
from nself.graphql.surface import Surface
from nself.web.json import JsonResponse

PREFIX = "/api/rest/"
_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1000


class _Answer(msgspec.Struct):
    data: msgspec.Raw
    errors: list[Any] = []


async def endpoint(surface: Surface, http: Request) -> Response:
    session = await session_of(surface, http)
    found = surface.engine.rest.find(_segments(http))
    if not found:
        raise ApiError("not-found", "Endpoint not found", status=404)
    if http.method not in found:
        raise ApiError("method-not-allowed", f"Allowed methods: {', '.join(sorted(found))}", status=405)
    served, bound = found[http.method]
    form, body = await _body(surface, http)
    path = {name: [value] for name, value in bound.items()}
    values = variables(served.variables, [path, _query(http), form], body)
    request = GraphqlRequest(
        query=served.text, variables=values, headers=headers_of(http.scope), address=address_of(http.scope)
    )
    reply = await surface.engine.execute(request, session)
    return response(Reply(_data(reply.body), reply.headers))


async def openapi(surface: Surface, http: Request) -> Response:
    require_admin(await session_of(surface, http))
    return JsonResponse(document(surface.engine.rest, surface.engine.schema(ADMIN)))


def _segments(http: Request) -> list[str]:
    """Split before it is decoded: an encoded slash is part of a value."""
    raw = http.scope.get("raw_path") or http.scope["path"].encode()
    path = raw.decode("latin-1").partition("?")[0].partition(PREFIX)[2].removesuffix("/")
    return [_decoded(segment) for segment in path.split("/")]


def _decoded(segment: str) -> str:
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError as error:
        raise ApiError("bad-request", "the URL is not UTF-8") from error


def _query(http: Request) -> Texts:
    return _fields(http.scope["query_string"])


def _fields(encoded: bytes) -> Texts:
    try:
        return parse_qs(encoded.decode("latin-1"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise ApiError("bad-request", f"the parameters cannot be read: {error}") from error


async def _body(surface: Surface, http: Request) -> tuple[Texts, dict[str, Any]]:
    """(a form's fields, a JSON object); no body is neither."""
    raw = await body_of(http, surface.settings.body_limit_mb * 1024 * 1024)
    if not raw.strip():
        return {}, {}
    if http.headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
        return _fields(raw), {}
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ApiError("invalid-json", f"the request body is not valid JSON: {error}") from error
    if found is not None and not isinstance(found, dict):
        raise ApiError("parse-failed", "the request body must be a JSON object")
    return {}, found or {}


def _data(body: bytes) -> bytes:
    """The data alone. What came with errors beside it is an error here: there is no place for both."""
    answer = msgspec.json.decode(body, type=_Answer)
    if answer.errors:
        first = answer.errors[0]
        message = first.get("message") if isinstance(first, dict) else None
        raise ApiError("unexpected", str(message or "the query failed in part"), internal=answer.errors)
    return bytes(answer.data)
