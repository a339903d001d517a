from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from nself.graphql.errors import ApiError
from nself.graphql.sessions.session import Session
from nself.graphql.sessions.webhook import WebhookMode
from nself.graphql.settings import HookMode
from nself.graphql.webhooks.outgoing import Connections, Outgoing, Pool
from nself.graphql.webhooks.tls_allowlist import TlsAllowlist

Hook = Callable[[httpx.Request], httpx.Response]


def session(hook: Hook, headers: dict[str, str], *, mode: HookMode = HookMode.get, body: object = None) -> Session:
    def streamed(request: httpx.Request) -> httpx.Response:
        whole = hook(request)
        return httpx.Response(whole.status_code, headers=whole.headers, stream=httpx.ByteStream(whole.content))

    async def go() -> Session:
        async with httpx.AsyncClient(transport=httpx.MockTransport(streamed)) as http:
            outgoing = Outgoing(lambda: Connections([Pool(http)], Pool(http)), TlsAllowlist())
            return await WebhookMode(url="http://hook.test/", outgoing=outgoing, mode=mode).session(headers, body)

    return asyncio.run(go())


def answers(status: int = 200, **options: Any) -> Hook:
    return lambda request: httpx.Response(status, **options)


def refusal(hook: Hook) -> tuple[str, int]:
    with pytest.raises(ApiError) as caught:
        session(hook, {})
    return caught.value.code, caught.value.http_status


def test_the_hook_names_role_and_variables() -> None:
    found = session(answers(json={"X-Hasura-Role": "user", "X-Hasura-User-Id": "1", "other": "x"}), {})
    assert (found.role, dict(found.variables)) == ("user", {"x-hasura-role": "user", "x-hasura-user-id": "1"})
    assert found.expires_at is None


def test_get_forwards_the_clients_headers_but_those_of_the_connection() -> None:
    seen: dict[str, str] = {}

    def hook(request: httpx.Request) -> httpx.Response:
        seen.update(request.headers)
        return httpx.Response(200, json={"x-hasura-role": "user"})

    session(hook, {"cookie": "a=b", "authorization": "Bearer t", "host": "evil", "content-length": "7"})
    assert (seen["cookie"], seen["authorization"], seen["host"]) == ("a=b", "Bearer t", "hook.test")
    assert "content-length" not in seen


def test_post_sends_headers_and_request_as_json() -> None:
    seen: list[Any] = []

    def hook(request: httpx.Request) -> httpx.Response:
        seen.append(json.loads(request.content))
        return httpx.Response(200, json={"x-hasura-role": "user"})

    session(hook, {"a": "b"}, mode=HookMode.post, body={"query": "{x}", "variables": {"v": 1}, "extensions": {}})
    session(hook, {"a": "b"}, mode=HookMode.post, body=[{"query": "{x}"}])
    session(hook, {"a": "b"}, mode=HookMode.post, body={"type": "run_sql"})
    request = {"query": "{x}", "variables": {"v": 1}, "operationName": None}
    alone = {"query": "{x}", "variables": None, "operationName": None}
    assert [asked["request"] for asked in seen] == [request, [alone], None]
    assert all(asked["headers"] == {"a": "b"} for asked in seen)


def test_a_lifetime_in_the_answer_bounds_the_session() -> None:
    hook = answers(json={"x-hasura-role": "user"}, headers={"cache-control": "max-age=60"})
    assert session(hook, {}).expires_at is not None


def test_cookies_of_the_answer_are_kept_for_the_client() -> None:
    headers = [("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2"), ("x-other", "x")]
    found = session(answers(json={"x-hasura-role": "user"}, headers=headers), {})
    assert found.cookies == ("a=1; Path=/", "b=2")


def test_an_endless_answer_is_no_session() -> None:
    huge = b'{"x-hasura-role": "admin", "x": "' + b"x" * (8 * 1024 * 1024) + b'"}'
    assert refusal(answers(content=huge)) == ("unexpected", 500)
    assert refusal(answers(content=b"[" * 200_000)) == ("unexpected", 500)


def test_refusals_and_nonsense_are_told_apart() -> None:
    assert refusal(answers(401)) == ("access-denied", 401)
    assert refusal(answers(403)) == ("unexpected", 500)
    assert refusal(answers(text="no json")) == ("unexpected", 500)
    assert refusal(answers(json={"x-hasura-user-id": "1"})) == ("unexpected", 500)
    assert refusal(answers(json={"x-hasura-role": 7})) == ("unexpected", 500)


def test_a_hook_out_of_reach_lets_nobody_in() -> None:
    def hook(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    assert refusal(hook) == ("unexpected", 500)
