"""GraphQL's answers in the words of the API."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.datastructures import Headers

from nself.storage.app import _graphql
from nself.storage.errors import ApiError
from nself.storage.gateway import Caller, Gateway
from nself.storage.settings import StorageSettings

ID = str(uuid4())
ROLE = Caller.of(Headers({"authorization": "Bearer secret-token", "x-hasura-role": "editor"}))


def ask(reply: httpx.Response | Exception, caller: Caller = ROLE) -> Any:
    """What `Gateway.file` makes of this reply."""

    def answer(request: httpx.Request) -> httpx.Response:
        if isinstance(reply, Exception):
            raise reply
        return reply

    async def go() -> Any:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://graphql/v1") as client:
            return await Gateway(client).file(ID, caller)

    return asyncio.run(go())


def refused(code: str, message: str = "the reason") -> ApiError:
    body = {"errors": [{"message": message, "extensions": {"code": code, "path": "$"}}]}
    with pytest.raises(ApiError) as caught:
        ask(httpx.Response(200, json=body))
    return caught.value


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        ("access-denied", 403, "you are not authorized"),
        ("validation-failed", 403, "you are not authorized"),
        ("permission-error", 403, "you are not authorized"),
        ("invalid-headers", 403, "you are not authorized"),
        ("invalid-jwt", 401, "the reason"),
        ("jwt-missing-role-claims", 401, "the reason"),
        ("constraint-violation", 400, "the reason"),
        ("data-exception", 400, "the reason"),
        ("postgres-error", 500, "an internal server error occurred"),
        ("of-a-later-version", 500, "an internal server error occurred"),
    ],
)
def test_each_code_has_its_status_and_message(code: str, status: int, message: str) -> None:
    error = refused(code)
    assert (error.http_status, error.message) == (status, message)


def test_a_refusal_is_logged_with_role_and_reason_on_one_line_and_without_the_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "nself.storage")
    refused("permission-error", "check\nconstraint failed")
    assert caplog.messages == ["refused file as role editor: check?constraint failed (permission-error)"]
    assert "secret-token" not in caplog.text + repr(ROLE)


@pytest.mark.parametrize(
    "reply",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.Response(502, text="<html>Bad Gateway</html>"),
        httpx.Response(200, json={"data": {}}),
        httpx.Response(200, json={"data": {"file": {"id": 3}}}),
        httpx.Response(200, json=[]),
    ],
)
def test_an_answer_that_is_none_is_unavailable(reply: Any) -> None:
    with pytest.raises(ApiError) as caught:
        ask(reply)
    assert caught.value.http_status == 503


def test_no_row_is_no_file() -> None:
    assert ask(httpx.Response(200, json={"data": {"file": None}})) is None


def test_a_cookie_set_for_one_caller_never_travels_with_another() -> None:
    sent: list[str | None] = []

    async def sibling(scope: Any, receive: Any, send: Any) -> None:
        sent.append(dict(scope["headers"]).get(b"cookie"))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"set-cookie", b"session=alice")]})
        await send({"type": "http.response.body", "body": b'{"data": {"file": null}}'})

    async def go() -> None:
        settings = StorageSettings(database_url="", hasura_endpoint="http://graphql.test/v1")
        async with _graphql(settings, {"graphql": sibling}) as client:
            for _ in range(2):
                assert await Gateway(client).file(ID, ROLE) is None

    asyncio.run(go())
    assert sent == [None, None]
