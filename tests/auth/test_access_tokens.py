from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import KeySet

from nself.auth.access_tokens import AccessTokens, bearer
from nself.auth.errors import UnauthorizedError
from nself.auth.users import User
from nself.errors import ConfigError
from nself.web.tokens import HASURA_CLAIMS, Signer
from tests.auth.conftest import SECRET, Api, settings_of
from tests.auth.conftest import bearer as header

NOW = 1_800_000_000.0
ADA = User(
    id=uuid.UUID("11111111-2222-4333-8444-555555555555"),
    created_at=datetime(2026, 1, 2, tzinfo=UTC),
    display_name="Ada",
    avatar_url="",
    locale="en",
    email="ada@example.com",
    email_verified=True,
    phone_number=None,
    phone_number_verified=False,
    default_role="user",
    roles=("user", "me"),
    is_anonymous=False,
    disabled=False,
    metadata=None,
    active_mfa_type=None,
    new_email=None,
    password_hash="$2a$10$secret",
)


def tokens(at: float = NOW, secret: str = SECRET) -> AccessTokens:
    return AccessTokens(settings_of(HASURA_GRAPHQL_JWT_SECRET=secret), clock=lambda: at)


def signed(claims: dict[str, Any], secret: str = SECRET) -> str:
    return Signer.from_secret(json.loads(secret)).sign(claims)


def claims(**more: Any) -> dict[str, Any]:
    return {"exp": NOW + 60, HASURA_CLAIMS: {"x-hasura-user-id": str(ADA.id)}, **more}


def test_the_claims_are_the_engine_s() -> None:
    token = tokens().issue(ADA, {"x-hasura-org": "7", "x-hasura-user-id": "forged"})
    assert Signer.from_secret(json.loads(SECRET)).verify(token) == {
        "sub": str(ADA.id),
        "iat": int(NOW),
        "exp": int(NOW) + 900,
        "iss": "hasura-auth",
        HASURA_CLAIMS: {
            "x-hasura-allowed-roles": ["user", "me"],
            "x-hasura-default-role": "user",
            "x-hasura-user-id": str(ADA.id),
            "x-hasura-user-is-anonymous": "false",
            "x-hasura-org": "7",
        },
    }


def test_a_token_is_good_until_it_expires() -> None:
    token = tokens().issue(ADA, {})
    assert tokens(NOW + 899).user_id(token) == ADA.id
    with pytest.raises(UnauthorizedError):
        tokens(NOW + 900).user_id(token)


def test_an_issuer_whose_clock_is_ahead_is_believed() -> None:
    assert tokens(NOW - 120).user_id(tokens().issue(ADA, {})) == ADA.id


def unsigned(algorithm: str) -> str:
    parts = ({"alg": algorithm, "typ": "JWT"}, claims())
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        unsigned("none"),
        unsigned("None"),
        unsigned("HS256"),
        signed(claims(), json.dumps({"type": "HS256", "key": "another key of thirty-two chars.."})),
        signed(claims(), json.dumps({"type": "HS512", "key": json.loads(SECRET)["key"]})),
        signed(claims(exp=NOW)),
        signed(claims(exp=None)),
        signed(claims(exp="2999-01-01")),
        signed(claims(exp=True)),
        signed(claims(nbf=NOW + 1)),
        signed({"exp": NOW + 60, "sub": str(ADA.id)}),
        signed(claims(**{HASURA_CLAIMS: []})),
        signed(claims(**{HASURA_CLAIMS: {"x-hasura-user-id": "1 OR 1=1"}})),
    ],
)
def test_what_does_not_hold_is_refused(token: str) -> None:
    with pytest.raises(UnauthorizedError):
        tokens().user_id(token)


def test_a_configured_issuer_is_written_and_expected() -> None:
    secret = json.dumps(json.loads(SECRET) | {"issuer": "https://auth.example.com"})
    assert tokens(secret=secret).user_id(tokens(secret=secret).issue(ADA, {})) == ADA.id
    with pytest.raises(UnauthorizedError):
        tokens(secret=secret).user_id(tokens().issue(ADA, {}))


def test_a_configured_audience_is_written_for_the_engine_that_expects_it() -> None:
    secret = json.dumps(json.loads(SECRET) | {"audience": ["graphql", "storage"]})
    claims = Signer.from_secret(json.loads(secret)).verify(tokens(secret=secret).issue(ADA, {}))
    assert claims["aud"] == ["graphql", "storage"]


def pair(key: Any, kind: str, **more: str) -> str:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return json.dumps({"type": kind, "key": public, "signing_key": private, **more})


RSA = rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    ("secret", "algorithm"),
    [
        (pair(RSA, "RS256", kid="key-1"), "RS256"),
        (pair(RSA, "RS512"), "RS512"),
        (pair(ec.generate_private_key(ec.SECP256R1()), "ES256"), "ES256"),
        (pair(ed25519.Ed25519PrivateKey.generate(), "Ed25519"), "EdDSA"),
    ],
)
@pytest.mark.filterwarnings("ignore:EdDSA")
def test_published_keys_verify_the_tokens_and_hold_nothing_private(secret: str, algorithm: str) -> None:
    issuer = tokens(secret=secret)
    published = json.loads(json.dumps(issuer.jwks()))
    token = issuer.issue(ADA, {})
    decoded = jwt.decode(token, KeySet.import_key_set(published), algorithms=[algorithm])
    assert decoded.header["kid"] == published["keys"][0]["kid"] and decoded.claims["sub"] == str(ADA.id)
    assert published["keys"][0]["use"] == "sig" and published["keys"][0]["alg"] == algorithm
    assert not {"d", "p", "q", "k"} & published["keys"][0].keys()
    assert issuer.user_id(token) == ADA.id


def test_a_public_key_is_no_shared_secret() -> None:
    """The classic confusion: an RS256 server handed an HS256 token signed with its own public key."""
    secret = pair(RSA, "RS256")
    pem = json.loads(secret)["key"]
    header_and_claims = unsigned("HS256").rstrip(".")
    mac = hmac.new(pem.encode(), header_and_claims.encode(), hashlib.sha256).digest()
    forged = f"{header_and_claims}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    with pytest.raises(UnauthorizedError):
        tokens(secret=secret).user_id(forged)


def test_a_public_key_alone_cannot_sign() -> None:
    secret = json.loads(pair(RSA, "RS256"))
    del secret["signing_key"]
    with pytest.raises(ConfigError, match="needs a `signing_key`"):
        tokens(secret=json.dumps(secret))


@pytest.mark.parametrize("text", [None, "", "Bearer", "Bearer ", "Basic abc", "abc", "Bearer\tabc"])
def test_other_headers_are_no_bearer(text: str | None) -> None:
    with pytest.raises(UnauthorizedError, match="missing or malformed"):
        bearer(text)


def test_the_word_bearer_has_no_case() -> None:
    assert bearer("bearer abc") == "abc"


def test_a_token_of_a_stranger_s_key_opens_nothing(api: Api) -> None:
    user_id = api.session()["user"]["id"]
    forged = tokens(secret=json.dumps({"type": "HS256", "key": "f" * 32}), at=4e9).issue(
        replace(ADA, id=uuid.UUID(user_id)), {}
    )
    assert api.get("/user", headers=header(forged)).status_code == 401
