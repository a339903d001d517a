from __future__ import annotations

import json
from typing import Any

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.sessions.claims import ClaimsForm, parse_path
from nself.web.tokens import HASURA_CLAIMS

ROLES: dict[str, Any] = {"x-hasura-allowed-roles": ["user"], "x-hasura-default-role": "user"}


def read(payload: dict[str, Any], **secret: Any) -> dict[str, str]:
    allowed, default, variables = ClaimsForm.of(secret).read(payload)
    assert (allowed, default) == (["user"], "user")
    return variables


def refusal(payload: dict[str, Any], **secret: Any) -> tuple[str, str]:
    with pytest.raises(ApiError) as caught:
        ClaimsForm.of(secret).read(payload)
    return caught.value.code, caught.value.message


def test_claims_stand_under_hasuras_namespace_unless_told() -> None:
    claims = {**ROLES, "X-Hasura-User-Id": "1", "unrelated": 3}
    assert read({HASURA_CLAIMS: claims}) == {"x-hasura-user-id": "1"}
    assert read({"mine": claims}, claims_namespace="mine") == {"x-hasura-user-id": "1"}


def test_a_path_leads_to_claims_further_in() -> None:
    payload = {"app": {"my claims": [ROLES | {"x-hasura-a": "b"}]}}
    assert read(payload, claims_namespace_path="$.app['my claims'][0]") == {"x-hasura-a": "b"}
    assert read({**ROLES, "sub": "1"}, claims_namespace_path="$") == {}


def test_claims_may_be_json_in_a_text() -> None:
    assert read({HASURA_CLAIMS: json.dumps(ROLES)}, claims_format="stringified_json") == {}


def test_a_map_finds_claims_anywhere_and_makes_texts_of_them() -> None:
    mapping = {
        "x-hasura-allowed-roles": {"path": "$.groups"},
        "x-hasura-default-role": "user",
        "X-Hasura-User-Id": {"path": "$.user.id"},
        "x-hasura-team": {"path": "$.user.team", "default": "none"},
        "x-hasura-plan": "free",
        "x-hasura-tags": {"path": "$.user.tags"},
    }
    payload = {"groups": ["user"], "user": {"id": 42, "tags": ["a", "ü"]}}
    assert read(payload, claims_map=mapping) == {
        "x-hasura-user-id": "42",
        "x-hasura-team": "none",
        "x-hasura-plan": "free",
        "x-hasura-tags": '["a","ü"]',
    }


def test_parts_of_a_path() -> None:
    assert parse_path("$") == ()
    assert parse_path("$.a.b[0]['c d'][\"e\"].f") == ("a", "b", 0, "c d", "e", "f")


@pytest.mark.parametrize(
    ("payload", "secret", "said"),
    [
        ({}, {}, ("jwt-invalid-claims", f"claims key: '{HASURA_CLAIMS}' not found")),
        (
            {HASURA_CLAIMS: "{}"},
            {},
            ("jwt-invalid-claims", "expecting object when claims_format is json"),
        ),
        (
            {HASURA_CLAIMS: {}},
            {"claims_format": "stringified_json"},
            ("jwt-invalid-claims", "expecting a string when claims_format is stringified_json"),
        ),
        (
            {HASURA_CLAIMS: "{"},
            {"claims_format": "stringified_json"},
            ("jwt-invalid-claims", "the stringified claims are not JSON"),
        ),
        (
            {HASURA_CLAIMS: {"x-hasura-default-role": "user"}},
            {},
            ("jwt-missing-role-claims", "JWT claim does not contain x-hasura-allowed-roles"),
        ),
        (
            {HASURA_CLAIMS: {"x-hasura-allowed-roles": ["user"]}},
            {},
            ("jwt-missing-role-claims", "JWT claim does not contain x-hasura-default-role"),
        ),
        (
            {HASURA_CLAIMS: ROLES | {"x-hasura-allowed-roles": "user"}},
            {},
            (
                "jwt-invalid-claims",
                "invalid x-hasura-allowed-roles; should be a list of roles: "
                "parsing [] failed, expected Array, but encountered String",
            ),
        ),
        (
            {HASURA_CLAIMS: ROLES | {"x-hasura-default-role": 7}},
            {},
            (
                "jwt-invalid-claims",
                "invalid x-hasura-default-role; should be a role: "
                "parsing Text failed, expected String, but encountered Number",
            ),
        ),
        (
            {HASURA_CLAIMS: ROLES | {"x-hasura-user-id": 7}},
            {},
            ("jwt-invalid-claims", "the claim x-hasura-user-id must be text"),
        ),
        (
            {},
            {"claims_map": {"x-hasura-user-id": {"path": "$.sub"}}},
            ("jwt-invalid-claims", "JWT claim from claims_map, x-hasura-user-id not found"),
        ),
    ],
)
def test_what_is_wrong_with_claims_is_told(
    payload: dict[str, Any], secret: dict[str, Any], said: tuple[str, str]
) -> None:
    assert refusal(payload, **secret) == said
