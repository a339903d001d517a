from __future__ import annotations

import re

import pytest

from nself.graphql.http.cors import METHODS, origins
from tests.graphql.serving import Api, play

DOMAINS = "http://*.localhost, http://localhost:3000, https://*.foo.bar.com, https://any.port:*"


@pytest.mark.parametrize(
    "origin",
    [
        "http://app.localhost",
        "http://localhost:3000",
        "https://a.foo.bar.com",
        "https://any.port:81",
        "https://any.port",
    ],
)
def test_origins_that_match(origin: str) -> None:
    assert re.fullmatch(origins(DOMAINS), origin)


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.localhost", "http://a.b.localhost", "http://localhost", "https://foo.bar.com", "null", "",
        "https://a.foo.bar.com.evil.com", "https://evil.com/https://a.foo.bar.com", "https://a.foo.bar.com:81",
    ],
)  # fmt: skip
def test_origins_that_do_not(origin: str) -> None:
    assert not re.fullmatch(origins(DOMAINS), origin)


def test_matching_origins_are_named_in_every_answer_and_others_get_no_header(dsn: str) -> None:
    async def script(api: Api) -> None:
        named = {
            "access-control-allow-origin": "http://app.localhost",
            "access-control-allow-credentials": "true",
            "access-control-allow-methods": METHODS,
        }
        for path in ("/v1/version", "/nowhere"):
            reply = await api.http.get(path, headers={"origin": "http://app.localhost"})
            assert {name: reply.headers[name] for name in named} == named
            assert "Origin" in reply.headers["vary"]
            stranger = await api.http.get(path, headers={"origin": "http://evil.com"})
            assert not [name for name in stranger.headers if name.startswith("access-control")]

    play(dsn, script, HASURA_GRAPHQL_CORS_DOMAIN=DOMAINS)


def test_a_preflight_is_answered_before_anything_else(dsn: str) -> None:
    async def script(api: Api) -> None:
        asking = {
            "access-control-request-method": "POST",
            "access-control-request-headers": "x-hasura-role,content-type",
        }
        reply = await api.http.options("/v1/graphql", headers={"origin": "https://a.foo.bar.com", **asking})
        assert (reply.status_code, reply.content) == (204, b"")
        assert reply.headers["access-control-allow-headers"] == "x-hasura-role,content-type"
        assert reply.headers["access-control-max-age"] == "1728000"
        assert reply.headers["access-control-allow-methods"] == METHODS
        stranger = await api.http.options("/v1/graphql", headers={"origin": "https://evil.com", **asking})
        assert stranger.status_code == 404
        assert not [name for name in stranger.headers if name.startswith("access-control")]

    play(dsn, script, HASURA_GRAPHQL_CORS_DOMAIN=DOMAINS)
