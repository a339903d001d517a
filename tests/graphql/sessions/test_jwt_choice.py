from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.sessions.authenticate import AnonymousError
from nself.graphql.sessions.jwt import JwtMode
from nself.graphql.sessions.jwt_choice import SeveralSecrets
from nself.graphql.sessions.session import Session
from nself.web.tokens import Signer
from tests.graphql.serving import Api, play
from tests.graphql.sessions.test_jwt import bearer, token

SHOP: dict[str, Any] = {"type": "HS256", "key": "s" * 64, "issuer": "shop"}
STAFF: dict[str, Any] = {"type": "HS256", "key": "t" * 64, "issuer": "staff"}
COOKIE: dict[str, Any] = {"type": "HS256", "key": "c" * 64, "header": {"type": "Cookie", "name": "sid"}}


def session(headers: dict[str, str], *secrets: dict[str, Any]) -> Session:
    return asyncio.run(SeveralSecrets([JwtMode.of(secret) for secret in secrets]).session(headers, None))


def test_the_secret_of_the_tokens_issuer_verifies_it() -> None:
    for secret in (SHOP, STAFF):
        assert session(bearer(token(secret, iss=secret["issuer"])), SHOP, STAFF).role == "user"


def test_a_token_of_one_issuer_signed_by_another_is_refused() -> None:
    with pytest.raises(ApiError, match="JWSInvalidSignature"):
        session(bearer(token(STAFF, iss="shop")), SHOP, STAFF)


def test_a_token_of_nobody_known_makes_the_request_anonymous() -> None:
    for headers in (bearer(token(SHOP, iss="strange")), {}):
        with pytest.raises(AnonymousError):
            session(headers, SHOP, STAFF)


def test_a_token_that_two_secrets_could_mean_is_refused() -> None:
    with pytest.raises(ApiError, match="Ambiguous"):
        session(bearer(token(SHOP)), SHOP, STAFF)


def test_places_of_tokens_tell_secrets_apart() -> None:
    assert session({"cookie": f"sid={token(COOKIE)}"}, SHOP, COOKIE).role == "user"
    both = {"cookie": f"sid={token(COOKIE)}", **bearer(token(SHOP, iss="shop"))}
    with pytest.raises(ApiError, match="Ambiguous"):
        session(both, SHOP, COOKIE)


@pytest.mark.parametrize("text", ["x", "a.b.c", "a.W10.c", f"a.{'W1tb' * 5000}.c", "a.\u00fc.c"])
def test_what_is_no_token_is_refused_not_believed(text: str) -> None:
    with pytest.raises(ApiError):
        session(bearer(text), SHOP)


def test_the_list_takes_the_place_of_the_single_secret(dsn: str) -> None:
    async def script(api: Api) -> None:
        async def ask(text: str) -> Any:
            return (await api.post("/v1/graphql", {"query": "{ __typename }"}, bearer(text))).json()

        assert "data" in await ask(token(SHOP, iss="shop"))
        assert "data" in await ask(token(STAFF, iss="staff"))
        assert "errors" in await ask(token({"type": "HS256", "key": "o" * 64}))

    one = json.dumps({"type": "HS256", "key": "o" * 64})
    play(dsn, script, HASURA_GRAPHQL_JWT_SECRETS=json.dumps([SHOP, STAFF]), HASURA_GRAPHQL_JWT_SECRET=one)


def test_one_secret_in_a_list_is_as_one_alone(dsn: str) -> None:
    async def script(api: Api) -> None:
        stranger = Signer.from_secret(STAFF).sign({"iss": "staff"})
        reply = (await api.post("/v1/graphql", {"query": "{ __typename }"}, bearer(stranger))).json()
        assert reply["errors"][0]["extensions"]["code"] == "invalid-jwt"

    play(dsn, script, HASURA_GRAPHQL_JWT_SECRETS=json.dumps([SHOP]))
