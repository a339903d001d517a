from __future__ import annotations

import asyncio
import datetime as dt
import hmac
import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from nself.errors import ConfigError
from nself.graphql.errors import ApiError
from nself.graphql.sessions.jwt import JwtMode
from nself.graphql.sessions.session import Session
from nself.web.tokens import HASURA_CLAIMS, Signer

KEY = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
SECRET: dict[str, Any] = {"type": "HS256", "key": KEY}
CLAIMS = {
    "x-hasura-allowed-roles": ["user", "editor"],
    "x-hasura-default-role": "user",
    "x-hasura-user-id": "7",
    "X-Hasura-Org": "acme",
}


def token(secret: dict[str, Any] = SECRET, **payload: Any) -> str:
    return Signer.from_secret(secret).sign({HASURA_CLAIMS: CLAIMS, "exp": time.time() + 60, **payload})


def session(mode: JwtMode, headers: dict[str, str]) -> Session:
    return asyncio.run(mode.session(headers, None))


def bearer(text: str, **headers: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}", **headers}


def refusal(headers: dict[str, str], **secret: Any) -> tuple[str, str]:
    with pytest.raises(ApiError) as caught:
        session(JwtMode.of(SECRET | secret), headers)
    assert caught.value.http_status == 400
    return caught.value.code, caught.value.message


def test_the_claims_become_the_session_and_the_clients_own_variables_do_not_count() -> None:
    found = session(JwtMode.of(SECRET), bearer(token(), **{"x-hasura-user-id": "1", "x-hasura-more": "x"}))
    assert found.role == "user"
    assert found.variables == {"x-hasura-role": "user", "x-hasura-user-id": "7", "x-hasura-org": "acme"}
    assert not found.trusted
    assert found.expires_at is not None


def test_an_allowed_role_may_be_chosen_and_no_other() -> None:
    mode = JwtMode.of(SECRET)
    assert session(mode, bearer(token(), **{"x-hasura-role": "editor"})).role == "editor"
    said = refusal(bearer(token(), **{"x-hasura-role": "admin"}))
    assert said == ("access-denied", "Your requested role is not in allowed roles")


def test_a_token_that_was_seen_before_still_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    mode, given = JwtMode.of(SECRET), bearer(token())
    session(mode, given)
    later = time.time() + 120
    monkeypatch.setattr("nself.graphql.sessions.jwt.time.time", lambda: later)
    with pytest.raises(ApiError, match="JWTExpired"):
        session(mode, given)


@pytest.mark.parametrize(
    ("payload", "secret", "reason"),
    [
        ({"exp": 1}, {}, "JWTExpired"),
        ({"exp": "soon"}, {}, "JWTClaimsSetDecodeError exp is not a number"),
        ({"nbf": time.time() + 3600}, {}, "JWTNotYetValid"),
        ({}, {"audience": "app"}, "JWTNotInAudience"),
        ({"aud": ["other"]}, {"audience": ["app", "web"]}, "JWTNotInAudience"),
        ({"aud": [{}]}, {"audience": "app"}, "JWTNotInAudience"),
        ({"exp": 10**400}, {}, "JWTClaimsSetDecodeError exp is too large"),
        ({"iss": "them"}, {"issuer": "us"}, "JWTNotInIssuer"),
    ],
)
def test_a_token_out_of_its_time_or_place_is_refused(
    payload: dict[str, Any], secret: dict[str, Any], reason: str
) -> None:
    assert refusal(bearer(token(**payload)), **secret) == ("invalid-jwt", f"Could not verify JWT: {reason}")


def test_clocks_may_differ_by_the_allowed_skew() -> None:
    mode = JwtMode.of({**SECRET, "allowed_skew": 30})
    assert session(mode, bearer(token(exp=time.time() - 10))).role == "user"


def test_one_fitting_audience_is_enough() -> None:
    assert session(JwtMode.of({**SECRET, "audience": ["app", "web"]}), bearer(token(aud=["web"]))).role == "user"


def test_forged_tokens_are_refused() -> None:
    forged = token({"type": "HS256", "key": KEY[::-1]})
    assert refusal(bearer(forged)) == ("invalid-jwt", "Could not verify JWT: JWSError JWSInvalidSignature")
    head, body, _ = token().split(".")
    unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." + body + "."
    assert refusal(bearer(unsigned))[0] == "invalid-jwt"
    assert refusal(bearer(f"{head}.{body}"))[0] == "invalid-jwt"
    assert refusal(bearer("x"))[0] == "invalid-jwt"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc"])
def test_a_header_that_carries_no_bearer_token_is_refused(header: str) -> None:
    code, _ = refusal({"authorization": header})
    assert code == "invalid-headers"


def test_no_header_says_which_is_missing() -> None:
    assert refusal({}) == ("invalid-headers", "Missing 'Authorization' or 'Cookie' header in JWT authentication mode")


def test_tokens_travel_in_cookies_and_in_other_headers() -> None:
    by_cookie = JwtMode.of({**SECRET, "header": {"type": "Cookie", "name": "session"}})
    assert session(by_cookie, {"cookie": f"a=b; session={token()}"}).role == "user"
    by_header = JwtMode.of({**SECRET, "header": {"type": "CustomHeader", "name": "X-Token"}})
    assert session(by_header, {"x-token": token()}).role == "user"
    with pytest.raises(ApiError, match="Missing"):
        session(by_cookie, bearer(token()))


@pytest.mark.filterwarnings("ignore:EdDSA")
def test_public_keys_verify_what_private_keys_signed() -> None:
    for kind, private in (
        ("RS256", rsa.generate_private_key(65537, 2048)),
        ("ES256", ec.generate_private_key(ec.SECP256R1())),
        ("ES384", ec.generate_private_key(ec.SECP384R1())),
        ("Ed25519", ed25519.Ed25519PrivateKey.generate()),
    ):
        secret_pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        public_pem = (
            private.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )
        signed = token({"type": kind, "key": secret_pem})
        assert session(JwtMode.of({"type": kind, "key": public_pem}), bearer(signed)).role == "user", kind


def test_a_certificate_stands_for_its_public_key() -> None:
    private = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    secret_pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    mode = JwtMode.of({"type": "RS256", "key": certificate.public_bytes(serialization.Encoding.PEM).decode()})
    assert session(mode, bearer(token({"type": "RS256", "key": secret_pem}))).role == "user"


def test_a_public_key_is_no_shared_secret() -> None:
    """The classic forgery: a token signed by HMAC with the published key."""
    private = rsa.generate_private_key(65537, 2048)
    public_pem = (
        private.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    head, body, _ = token().split(".")
    mac = urlsafe_b64encode(hmac.digest(public_pem.encode(), f"{head}.{body}".encode(), "sha256")).rstrip(b"=").decode()
    with pytest.raises(ApiError, match="Could not verify JWT"):
        session(JwtMode.of({"type": "RS256", "key": public_pem}), bearer(f"{head}.{body}.{mac}"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": None},
        {"type": "HS1"},
        {"header": {"type": "Cookie"}},
        {"allowed_skew": "1"},
        {"claims_format": "xml"},
        {"claims_namespace_path": "a.b"},
        {"claims_map": {"x-hasura-user-id": {"from": "sub"}}},
        {"type": "RS256", "key": "-----BEGIN CERTIFICATE-----\nnot\n-----END CERTIFICATE-----"},
    ],
)
def test_a_secret_that_cannot_work_is_refused_at_start_without_being_shown(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        JwtMode.of(SECRET | wrong)
    assert KEY not in caught.value.message
