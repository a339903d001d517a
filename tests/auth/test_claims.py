from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, Router

from nself.auth.claims import CustomClaims, claim_name, document, follow, parse
from nself.errors import ConfigError
from nself.web.tokens import HASURA_CLAIMS, Signer
from tests.auth.conftest import SECRET, Start, settings_of

USER = {
    "profile": {"org": {"id": 7, "name": 'Ministry "of" \\ Walks'}, "admin": True, "none": None},
    "memberships": [
        {"orgId": 1, "kind": "team", "tags": ["a", "b"]},
        {"orgId": 2, "kind": "club", "tags": []},
        {"orgId": None, "kind": "team", "tags": ["c"]},
    ],
    "metadata": {"plan": {"tier-1": "gold"}, "list": [1, "x,y"]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("profile.org.id", [7]),
        ("profile.none", []),
        ("profile.org.missing.deeper", []),
        ("memberships[].orgId", [1, 2]),
        ("memberships[*].tags[]", ["a", "b", "c"]),
        ("memberships[?(@.kind=='team')].orgId", [1]),
        ('memberships[?(@.kind == "nobody")].orgId', []),
        ("metadata.plan.tier-1", ["gold"]),
        ("memberships.orgId", []),
    ],
)
def test_paths_lead_to_their_values(path: str, found: list[Any]) -> None:
    assert follow(USER, parse("x", path)) == found


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", "a b", "a{b}", "a[0", "a-b.c", "a) { secret }", 5, None])
def test_what_is_no_path_is_a_mistake_in_the_configuration(path: object) -> None:
    with pytest.raises(ConfigError, match="the path of org cannot be read"):
        parse("org", path)


def test_one_query_fetches_all_paths() -> None:
    paths = [
        "profile.org.id",
        "profile.org.name",
        "memberships[?(@.kind=='team')].orgId",
        "metadata.plan.tier-1",
        "metadata.list",
    ]
    assert document(parse("x", path) for path in paths) == (
        "query CustomClaims($id: uuid!) { user(id: $id) "
        "{ profile { org { id name } } memberships { kind orgId } metadata } }"
    )


def test_names_are_session_variables() -> None:
    assert [claim_name(name) for name in ("Org-Id", "X-Hasura-Org")] == ["x-hasura-org-id", "x-hasura-org"]


class Engine:
    """A GraphQL engine that answers every query with USER, or not at all."""

    def __init__(self, **reply: Any) -> None:
        self.reply = reply or {"data": {"user": USER}}
        self.asked: list[dict[str, Any]] = []
        self.router = Router([
            Route("/v1/graphql", self.answer, methods=["POST"]),
            Route("/v1/metadata", self.metadata, methods=["POST"]),
        ])  # fmt: skip

    async def answer(self, request: Request) -> JSONResponse:
        self.asked.append({**await request.json(), "secret": request.headers.get("x-hasura-admin-secret")})
        return JSONResponse(self.reply)

    async def metadata(self, request: Request) -> JSONResponse:
        return JSONResponse([{"message": "success"} for _ in (await request.json())["args"]])


CLAIMS = {
    "org-id": "profile.org.id",
    "org": "profile.org.name",
    "admin": "profile.admin",
    "teams": "memberships[].orgId",
    "first": "profile.first",
    "none": "profile.none",
    "list": "metadata.list",
    "plan": "metadata.plan",
    "user-id": "profile.org.id",
}


def claims_of(start: Start, engine: Engine, **variables: str) -> dict[str, Any]:
    api = start(
        peers={"graphql": engine.router},
        AUTH_JWT_CUSTOM_CLAIMS=json.dumps(CLAIMS),
        AUTH_JWT_CUSTOM_CLAIMS_DEFAULTS='{"first": "x", "unused": 1}',
        HASURA_GRAPHQL_ADMIN_SECRET="hush",
        **variables,
    )
    token = api.session()["accessToken"]
    claims: dict[str, Any] = Signer.from_secret(json.loads(SECRET)).verify(token)[HASURA_CLAIMS]
    return claims


def test_values_become_text_as_session_variables_are(start: Start) -> None:
    engine = Engine()
    claims = claims_of(start, engine)
    assert {name.removeprefix("x-hasura-"): value for name, value in claims.items()} == {
        "org-id": "7",
        "org": 'Ministry "of" \\ Walks',
        "admin": "true",
        "teams": '{"1","2"}',
        "first": "x",
        "none": "null",
        "list": '{"1","x,y"}',
        "plan": '{"tier-1":"gold"}',
        "allowed-roles": ["user", "me"],
        "default-role": "user",
        "user-id": engine.asked[0]["variables"]["id"],
        "user-is-anonymous": "false",
    }
    assert engine.asked[0]["secret"] == "hush"


def test_lists_are_array_literals_that_postgresql_reads(start: Start) -> None:
    claims = claims_of(start, Engine(data={"user": {"memberships": [{"orgId": 'a"b\\c,{}'}]}}))
    assert claims["x-hasura-teams"] == '{"a\\"b\\\\c,{}"}'


@pytest.mark.parametrize("reply", [{"errors": [{"message": "no such field"}]}, {"data": None}, {"nonsense": 1}])
def test_a_failing_engine_costs_the_custom_claims_and_not_the_session(start: Start, reply: dict[str, Any]) -> None:
    claims = claims_of(start, Engine(**reply))
    assert len(claims) == 4


def test_an_engine_out_of_reach_costs_no_session_either(start: Start) -> None:
    api = start(AUTH_JWT_CUSTOM_CLAIMS='{"a": "b"}', HASURA_GRAPHQL_GRAPHQL_URL="http://127.0.0.1:1/v1/graphql")
    assert api.session()["accessToken"]


def test_without_claims_nothing_is_asked(start: Start) -> None:
    engine = Engine()
    start(peers={"graphql": engine.router}).session()
    assert engine.asked == []


def test_a_bad_path_stops_the_server_before_it_starts() -> None:
    with pytest.raises(ConfigError):
        CustomClaims.from_settings(settings_of(AUTH_JWT_CUSTOM_CLAIMS='{"a": "b c"}'), None)
