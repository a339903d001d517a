"""Every algorithm, with every way to carry a token and every form of claims."""

from __future__ import annotations

import asyncio
import json
import time
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from nself.graphql.errors import ApiError
from nself.graphql.sessions.jwt import TYPES, JwtMode
from nself.graphql.sessions.session import Session
from nself.web.tokens import HASURA_CLAIMS, Signer
from tests.graphql.serving import ADMIN, Api, play

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA")

CURVES: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}
INNER = {"x-hasura-allowed-roles": ["user", "editor"], "x-hasura-default-role": "user", "x-hasura-user-id": "7"}

CARRIERS: dict[str, Any] = {
    "Authorization": (None, lambda token: {"authorization": f"Bearer {token}"}),
    "named Authorization": ({"type": "Authorization"}, lambda token: {"authorization": f"bearer {token}"}),
    "Cookie": (
        {"type": "Cookie", "name": "session"},
        lambda token: {"cookie": f'odd={{"a":1}}; session={token}; other=x'},
    ),
    "CustomHeader": ({"type": "CustomHeader", "name": "X-Token"}, lambda token: {"x-token": token}),
}
CLAIMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "namespace": ({}, {HASURA_CLAIMS: INNER}),
    "own namespace": ({"claims_namespace": "https://example.com/claims"}, {"https://example.com/claims": INNER}),
    "path": ({"claims_namespace_path": "$.app['in.ner']"}, {"app": {"in.ner": INNER}}),
    "root": ({"claims_namespace_path": "$"}, INNER),
    "text": ({"claims_format": "stringified_json"}, {HASURA_CLAIMS: json.dumps(INNER)}),
    "text at a path": (
        {"claims_format": "stringified_json", "claims_namespace_path": "$.app"},
        {"app": json.dumps(INNER)},
    ),
    "map": (
        {
            "claims_map": {
                "x-hasura-allowed-roles": {"path": "$.roles"},
                "x-hasura-default-role": {"path": "$.nowhere", "default": "user"},
                "X-Hasura-User-Id": {"path": "$.user.ids[0]"},
            }
        },
        {"roles": ["user", "editor"], "user": {"ids": [7]}},
    ),
    "literal map": (
        {
            "claims_map": {
                "x-hasura-allowed-roles": ["user", "editor"],
                "x-hasura-default-role": "user",
                "x-hasura-user-id": "7",
            }
        },
        {},
    ),
}


@cache
def keys(kind: str, number: int) -> tuple[str, str]:
    """(what signs, what verifies); another `number` is another key."""
    if kind.startswith("HS"):
        text = f"{number}" * 64
        return text, text
    private: Any = (
        rsa.generate_private_key(65537, 2048)
        if kind.startswith("RS")
        else ec.generate_private_key(CURVES[kind])
        if kind in CURVES
        else ed25519.Ed25519PrivateKey.generate()
    )
    signing = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    verifying = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return signing.decode(), verifying.decode()


def signed(kind: str, payload: dict[str, Any], *, number: int = 0) -> str:
    return Signer.from_secret({"type": kind, "key": keys(kind, number)[0]}).sign({"exp": time.time() + 60, **payload})


def session(kind: str, headers: dict[str, str], **options: Any) -> Session:
    mode = JwtMode.of({"type": kind, "key": keys(kind, 0)[1], **options})
    return asyncio.run(mode.session(headers, None))


def refusal(kind: str, headers: dict[str, str], **options: Any) -> tuple[str, str]:
    with pytest.raises(ApiError) as caught:
        session(kind, headers, **options)
    assert caught.value.http_status == 400
    return caught.value.code, caught.value.message


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("form", CLAIMS)
@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("kind", TYPES)
def test_a_good_token_opens_its_session(kind: str, carrier: str, form: str) -> None:
    header, carry = CARRIERS[carrier]
    options, payload = CLAIMS[form]
    options = options if header is None else {**options, "header": header}
    headers = carry(signed(kind, payload))
    found = session(kind, headers, **options)
    assert (found.role, found.variables["x-hasura-user-id"], found.trusted) == ("user", "7", False)
    assert session(kind, {**headers, "x-hasura-role": "editor"}, **options).role == "editor"
    assert refusal(kind, {**headers, "x-hasura-role": "admin"}, **options)[0] == "access-denied"
    assert refusal(kind, {}, **options)[0] == "invalid-headers"


@pytest.mark.parametrize("kind", TYPES)
def test_a_bad_token_opens_nothing(kind: str) -> None:
    payload = {HASURA_CLAIMS: INNER}
    good = signed(kind, payload)
    signature = ("invalid-jwt", "Could not verify JWT: JWSError JWSInvalidSignature")
    assert refusal(kind, bearer(signed(kind, payload, number=1))) == signature
    assert refusal(kind, bearer(good[:-8] + ("A" * 8 if good[-8:] != "A" * 8 else "B" * 8))) == signature
    assert refusal(kind, bearer("a.b.c"))[0] == "invalid-jwt"
    other = "HS256" if kind != "HS256" else "HS512"
    assert refusal(kind, bearer(signed(other, payload)))[0] == "invalid-jwt"
    late = signed(kind, {**payload, "exp": time.time() - 30})
    assert refusal(kind, bearer(late)) == ("invalid-jwt", "Could not verify JWT: JWTExpired")
    assert session(kind, bearer(late), allowed_skew=60).role == "user"
    placed = signed(kind, {**payload, "aud": ["a", "b"], "iss": "me"})
    assert session(kind, bearer(placed), audience=["b", "c"], issuer="me").role == "user"
    assert refusal(kind, bearer(placed), audience="c")[1] == "Could not verify JWT: JWTNotInAudience"
    assert refusal(kind, bearer(placed), issuer="you")[1] == "Could not verify JWT: JWTNotInIssuer"


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"x-hasura-allowed-roles": None}, "jwt-missing-role-claims", "does not contain x-hasura-allowed-roles"),
        ({"x-hasura-default-role": None}, "jwt-missing-role-claims", "does not contain x-hasura-default-role"),
        ({"x-hasura-allowed-roles": "user"}, "jwt-invalid-claims", "expected Array, but encountered String"),
        ({"x-hasura-default-role": 7}, "jwt-invalid-claims", "expected String, but encountered Number"),
    ],
)
def test_claims_that_name_no_roles_are_told(kind: str, change: dict[str, Any], code: str, message: str) -> None:
    inner = {name: value for name, value in {**INNER, **change}.items() if value is not None}
    for options, payload in (
        ({}, {HASURA_CLAIMS: inner}),
        ({"claims_format": "stringified_json"}, {HASURA_CLAIMS: json.dumps(inner)}),
    ):
        found = refusal(kind, bearer(signed(kind, payload)), **options)
        assert found[0] == code
        assert message in found[1]


def test_each_endpoint_says_it_in_its_own_way(dsn: str) -> None:
    secret = json.dumps({"type": "RS256", "key": keys("RS256", 0)[1]})

    async def script(api: Api) -> None:
        good = bearer(signed("RS256", {HASURA_CLAIMS: INNER}))
        bad = bearer(signed("RS256", {HASURA_CLAIMS: INNER}, number=1))
        message = "Could not verify JWT: JWSError JWSInvalidSignature"
        nested = {"errors": [{"message": message, "extensions": {"path": "$", "code": "invalid-jwt"}}]}
        flat = {"path": "$", "error": message, "code": "invalid-jwt"}
        query = {"query": "{ __typename }"}
        command = {"type": "export_metadata", "args": {}}
        for path, status, error in (("/v1/graphql", 200, nested), ("/v1alpha1/graphql", 400, nested)):
            assert (await api.post(path, query, good)).json() == {"data": {"__typename": "query_root"}}
            refused = await api.post(path, query, bad)
            assert (refused.status_code, refused.json()) == (status, error)
        for path in ("/v1/metadata", "/v1/query", "/v2/query"):
            refused = await api.post(path, command, bad)
            assert (refused.status_code, refused.json()) == (400, flat)
            denied = await api.post(path, command, good)
            assert (denied.status_code, denied.json()["code"]) == (400, "access-denied")
            assert (await api.post(path, command, {**bad, **ADMIN})).status_code in (200, 400)
        assert (await api.post("/v1/metadata", command, {**bad, **ADMIN})).status_code == 200

    play(dsn, script, HASURA_GRAPHQL_JWT_SECRET=secret)
