"""POST /v1/graphql and its relatives: one operation, or a list of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from nself.graphql.engine import Request
from nself.graphql.errors import ApiError
from nself.graphql.http.address import address_of
from nself.graphql.http.exchange import graphql_shape, json_of, require_admin, session_of
from nself.graphql.http.headers import headers_of
from nself.graphql.run import Reply
from nself.graphql.sessions.session import Session
from nself.graphql.surface import Surface
from nself.web.json import EncodedJson, JsonResponse, encode

_NO_HEADERS: Final = MappingProxyType[str, str]({})


async def graphql(surface: Surface, http: HttpRequest) -> Response:
    """HTTP status 200 whatever happens to the operation."""
    body = await json_of(surface, http)
    session = await session_of(surface, http, body)
    if isinstance(body, list):
        return response(await _batch(surface, body, session, http))
    request = request_of(body, headers_of(http.scope), address_of(http.scope))
    return response(await surface.engine.execute(request, session))


async def relay(surface: Surface, http: HttpRequest) -> Response:
    """POST /v1beta1/relay."""
    body = await json_of(surface, http)
    session = await session_of(surface, http, body)
    request = relay_request_of(body, headers_of(http.scope), address_of(http.scope))
    return response(await surface.engine.execute(request, session))


def relay_request_of(body: Any, headers: Mapping[str, str] = _NO_HEADERS, address: str = "") -> Request:
    return replace(request_of(body, headers, address), relay=True)


def response(reply: Reply) -> Response:
    found = EncodedJson(reply.body)
    for name, value in reply.headers:
        found.headers.append(name, value)
    return found


async def explain(surface: Surface, http: HttpRequest) -> Response:
    """`{query: {query, variables, operationName}, user: {x-hasura-role: ...}}`, for the administrator."""
    body = await json_of(surface, http)
    require_admin(await session_of(surface, http))
    if not isinstance(body, dict) or "query" not in body:
        raise ApiError("parse-failed", 'key "query" not found', path="$")
    user = body.get("user") or {}
    if not isinstance(user, dict) or not all(isinstance(value, str) for value in user.values()):
        raise ApiError("parse-failed", "user: expected an object of texts", path="$.user")
    variables = {name.lower(): value for name, value in user.items()}
    session = Session(role=variables.get("x-hasura-role", "admin"), variables=variables, trusted=True)
    return JsonResponse(await surface.engine.explain(request_of(body["query"]), session))


def request_of(body: Any, headers: Mapping[str, str] = _NO_HEADERS, address: str = "") -> Request:
    """Extra keys (`extensions`) are ignored; a persisted query without its text is refused."""
    if not isinstance(body, dict):
        raise ApiError("parse-failed", "a GraphQL request must be an object or a list of objects", path="$")
    query = body.get("query")
    if query is None and _is_persisted(body):
        raise ApiError("not-supported", "PersistedQueryNotSupported", path="$")
    if not isinstance(query, str):
        raise ApiError("parse-failed", 'key "query" not found' if query is None else "query must be text", path="$")
    variables, name = body.get("variables"), body.get("operationName")
    if variables is not None and not isinstance(variables, dict):
        raise ApiError("parse-failed", "variables must be an object", path="$.variables")
    if name is not None and not isinstance(name, str):
        raise ApiError("parse-failed", "operationName must be text", path="$.operationName")
    return Request(query=query, variables=variables, operation_name=name, headers=headers, address=address)


async def _batch(surface: Surface, bodies: list[Any], session: Session, http: HttpRequest) -> Reply:
    """Each on its own, in order: one error does not stop the others."""
    surface.engine.check_batch(session, len(bodies))
    headers, address = headers_of(http.scope), address_of(http.scope)
    replies = []
    for body in bodies:
        try:
            replies.append(await surface.engine.execute(request_of(body, headers, address), session))
        except ApiError as error:
            shown = shows_internal(surface, session)
            replies.append(Reply(encode({"errors": [graphql_shape(error, internal=shown)]})))
    together = b"[" + b",".join(reply.body for reply in replies) + b"]"
    return Reply(together, tuple(header for reply in replies for header in reply.headers))


def shows_internal(surface: Surface, session: Session | None) -> bool:
    settings = surface.settings
    return settings.dev_mode or (settings.admin_internal_errors and session is not None and session.is_admin)


def _is_persisted(body: dict[str, Any]) -> bool:
    extensions = body.get("extensions")
    return isinstance(extensions, dict) and "persistedQuery" in extensions
