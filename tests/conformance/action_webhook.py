"""The webhook of the action cases, as the README of the data describes it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.conformance import server

Json = Any
_GOOD_ADDRESS = re.compile(r"\w+([.-]?\w+)*@\w+([.-]?\w+)*(\.\w{2,3})+")
_INSERT_ONE = "mutation ($object: user_insert_input!) { insert_user_one(object: $object) { id } }"
_INSERT = "mutation ($objects: [user_insert_input!]!) { insert_user(objects: $objects) { returning { id } } }"
_FIND = "query ($email: String!) { user(where: {email: {_eq: $email}}, order_by: {id: asc}) { id } }"
_ADDRESSES = [{"city": "Bangalore", "country": "India"}, {"city": "Melbourne", "country": "Australia"}]
_RECURSIVE = {
    "direct": {"id": 1, "this": {"id": 2, "this": {"id": 3}}},
    "list": {"id": 1, "these": [{"id": 2, "these": [{"id": 3}]}, {"id": 4}]},
    "mutual": {"id": 1, "that": {"id": 2, "other": {"id": 3, "that": {"id": 4}}}},
}
_FIXED: Mapping[str, Json] = {
    "/null-response": None,
    "/omitted-response-field": {"country": "India"},
    "/scalar-response": "some-string",
    "/scalar-array-response": ["foo", "bar", None],
    "/json-response": {"foo": "bar"},
    "/custom-scalar-array-response": [{"foo": "bar"}],
    "/get-results": {"result_ids": [1, 2, 3, 4]},
    "/typed-nested-null": {"id": 1, "child": None},
    "/typed-nested-null-wrong-field": {"id": None, "child": None},
    "/get_messages": [{"content": "baz", "user_name": "foo"}, {"content": "foo", "user_name": "bar"}],
    "/recursive-output": _RECURSIVE,
}

Engine = Callable[[], httpx.AsyncClient]
"""The server under test."""


class Refused(Exception):  # noqa: N818 - what the webhook says, not a fault of it
    """Answered with status 400."""


def service(engine: Engine) -> ASGIApp:
    async def take(request: Request) -> Response:
        body = await request.json() if await request.body() else {}
        try:
            reply = await _reply(request, body.get("input") or {}, engine)
        except Refused as refused:
            return _json(refused.args[0], 400)
        return Response(status_code=204) if reply is None else _json(*reply)

    return Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])


def _json(content: Json, status: int = 200) -> Response:
    return Response(json.dumps(content), status, {"Set-Cookie": "abcd"}, "application/json")


async def _reply(request: Request, given: Json, engine: Engine) -> tuple[Json, int] | None:
    path = request.url.path
    if path in _FIXED:
        return _FIXED[path], 200
    if path in _ASKING:
        return await _ASKING[path](given, engine), 200
    if path == "/mirror-action":
        return given["arg"], 200
    if path == "/mirror-headers":
        return {"headers": [{"name": name, "value": value} for name, value in request.headers.items()]}, 200
    if path == "/intentional-error":
        return given["blob"], 400
    return None


async def _graphql(engine: Engine, query: str, variables: Json) -> Json:
    headers = {"x-hasura-admin-secret": server.ADMIN_SECRET}
    reply = await engine().post("/v1/graphql", json={"query": query, "variables": variables}, headers=headers)
    answer = reply.json()
    if "errors" in answer:
        raise Refused({"message": "GraphQL query execution failed", "code": "unexpected"})
    return answer["data"]


async def create_user(given: Json, engine: Engine) -> Json:
    if not _GOOD_ADDRESS.fullmatch(str(given.get("email"))):
        raise Refused({"message": "Given email address is not valid", "code": "invalid-email"})
    row = {"email": given["email"], "name": given["name"]}
    return (await _graphql(engine, _INSERT_ONE, {"object": row}))["insert_user_one"]


async def create_user_late(given: Json, engine: Engine) -> Json:
    await asyncio.sleep(3)
    return await create_user(given, engine)


async def create_user_nested(given: Json, engine: Engine) -> Json:
    return {"userObj": await create_user(given, engine)}


async def create_users(given: Json, engine: Engine) -> Json:
    for user in given["users"]:
        if not _GOOD_ADDRESS.fullmatch(str(user.get("email"))):
            raise Refused({"message": f"Email address is not valid: {user.get('email')}", "code": "invalid-email"})
    return (await _graphql(engine, _INSERT, {"objects": given["users"]}))["insert_user"]["returning"]


async def users_by_email(given: Json, engine: Engine) -> Json:
    if not _GOOD_ADDRESS.fullmatch(str(given.get("email"))):
        raise Refused({"message": "Given email address is not valid", "code": "invalid-email"})
    return (await _graphql(engine, _FIND, {"email": given["email"]}))["user"]


async def user_by_email(given: Json, engine: Engine) -> Json:
    return (await users_by_email(given, engine))[0]


async def users_nested(given: Json, engine: Engine) -> Json:
    return [_nested(user["id"]) for user in await users_by_email(given, engine)]


async def user_nested(given: Json, engine: Engine) -> Json:
    return (await users_nested(given, engine))[0]


def _nested(number: int) -> Json:
    home = {"city": "New York", "country": "USA"}
    return {"id": number, "user_id": {"id": number}, "address": home, "addresses": _ADDRESSES}


_ASKING: Mapping[str, Callable[[Json, Engine], Awaitable[Json]]] = {
    "/create-user": create_user,
    "/create-user-timeout": create_user_late,
    "/create-user-nested": create_user_nested,
    "/create-users": create_users,
    "/get-user-by-email": user_by_email,
    "/get-users-by-email": users_by_email,
    "/get-user-by-email-nested": user_nested,
    "/get-users-by-email-nested": users_nested,
}
