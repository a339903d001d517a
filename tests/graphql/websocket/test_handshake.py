from __future__ import annotations

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.settings import GraphqlSettings
from nself.graphql.websocket.handshake import Handshake, request_headers
from nself.settings import from_env
from tests.graphql.serving import ADMIN, Api, play
from tests.graphql.sockets import TRANSPORT, opened
from tests.websocket import SocketClosed


def headers(given: dict[str, str], **environ: str) -> dict[str, str]:
    settings = from_env(GraphqlSettings, {"HASURA_GRAPHQL_DATABASE_URL": "postgres://x/y", **environ})
    raw = [(name.lower().encode(), value.encode()) for name, value in given.items()]
    return Handshake.of(settings).headers({"type": "websocket", "headers": raw})


def test_only_the_origins_allowed_may_connect() -> None:
    only = {"HASURA_GRAPHQL_CORS_DOMAIN": "https://*.example.com, http://localhost:3000"}
    for origin in ("https://app.example.com", "http://localhost:3000"):
        assert headers({"Origin": origin}, **only) == {"origin": origin}
    for origin in ("https://example.com.evil.test", "http://localhost", "null"):
        with pytest.raises(ApiError, match="this origin is not allowed"):
            headers({"Origin": origin}, **only)
    assert headers({"Cookie": "a=b"}, **only) == {"cookie": "a=b"}, "no browser, no origin"


def test_without_cors_cookies_are_read_only_on_demand() -> None:
    given = {"Origin": "https://evil.test", "Cookie": "session=1"}
    assert headers(given, HASURA_GRAPHQL_DISABLE_CORS="true") == {"origin": "https://evil.test"}
    read = headers(given, HASURA_GRAPHQL_DISABLE_CORS="true", HASURA_GRAPHQL_WS_READ_COOKIE="true")
    assert read["cookie"] == "session=1"


def test_the_init_payload_goes_before_the_handshake() -> None:
    merged = request_headers({"authorization": "old", "cookie": "c"}, {"headers": {"Authorization": "new", "A": None}})
    assert merged == {"authorization": "new", "cookie": "c"}
    assert request_headers({"a": "b"}, None) == request_headers({"a": "b"}, "no object") == {"a": "b"}


def test_a_refused_origin_gets_an_answer_instead_of_a_socket(dsn: str) -> None:
    async def script(api: Api) -> None:
        with pytest.raises(SocketClosed) as refused:
            async with opened(api, TRANSPORT, headers={"Origin": "https://evil.test"}):
                pass
        assert refused.value.code == 400

    play(dsn, script, HASURA_GRAPHQL_CORS_DOMAIN="https://good.test")


def test_the_subprotocol_is_the_first_one_offered_that_is_known(dsn: str) -> None:
    async def script(api: Api) -> None:
        for path in ("/v1/graphql", "/v1alpha1/graphql"):
            for protocol, accepted in ((None, None), ("mqtt", None), (TRANSPORT, TRANSPORT)):
                async with opened(api, protocol, path) as talk:
                    assert talk.socket.subprotocol == accepted
                    assert await talk.init(ADMIN) == {"type": "connection_ack"}

    play(dsn, script)
