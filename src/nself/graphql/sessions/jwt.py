"""Sessions from JSON Web Tokens, as HASURA_GRAPHQL_JWT_SECRET describes them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Literal, Protocol

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from nself.errors import ConfigError
from nself.graphql.errors import ApiError
from nself.graphql.sessions.authenticate import ROLE, AnonymousError, Headers
from nself.graphql.sessions.claims import ClaimsForm
from nself.graphql.sessions.session import Session
from nself.records import dataclass
from nself.web.tokens import Signer, TokenInvalidError

TYPES = ("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "Ed25519")
_CACHED_TOKENS = 1024
_REASONS = {"signature": "JWSError JWSInvalidSignature", "malformed": "JWSError JWSInvalidFormat"}


class Verifier(Protocol):
    """Something that knows the keys."""

    async def verify(self, token: str) -> dict[str, Any]:
        """The claims if the signature holds; TokenInvalidError otherwise."""
        ...


@dataclass(frozen=True, slots=True)
class OneKey:
    """The key that stands in the configuration."""

    signer: Signer

    async def verify(self, token: str) -> dict[str, Any]:
        return self.signer.verify(token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Where the token travels. `name` is the cookie's or the custom header's."""

    kind: Literal["Authorization", "Cookie", "CustomHeader"] = "Authorization"
    name: str = ""

    @classmethod
    def of(cls, raw: object) -> Carrier:
        match raw:
            case None | "Authorization" | {"type": "Authorization"}:
                return cls()
            case {"type": "Cookie", "name": str() as name} if name:
                return cls(kind="Cookie", name=name)
            case {"type": "CustomHeader", "name": str() as name} if name:
                return cls(kind="CustomHeader", name=name.lower())
            case _:
                raise ConfigError(
                    'HASURA_GRAPHQL_JWT_SECRET: `header` must be {"type": "Authorization"}, '
                    '{"type": "Cookie", "name": ...} or {"type": "CustomHeader", "name": ...}'
                )

    def token(self, headers: Headers) -> str:
        """The token of a request. AnonymousError if it carries none."""
        found = self._cookie(headers) if self.kind == "Cookie" else headers.get(self.name or "authorization")
        if not found:
            raise AnonymousError(
                "invalid-headers", "Missing 'Authorization' or 'Cookie' header in JWT authentication mode"
            )
        if self.kind != "Authorization":
            return found
        scheme, _, token = found.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise ApiError("invalid-headers", "Malformed Authorization header")
        return token.strip()

    def _cookie(self, headers: Headers) -> str | None:
        """Other people's cookies may hold anything: only the name and the value of this one are looked at."""
        for pair in headers.get("cookie", "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == self.name:
                return value.strip('"')
        return None


@dataclass(frozen=True, slots=True)
class Verified:
    """A token whose signature held, and what its claims say."""

    payload: Mapping[str, Any]
    allowed: Sequence[str]
    default: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtMode:
    """Decides by the token alone: the client's own x-hasura-* headers count for nothing but the choice of a role."""

    verifier: Verifier
    carrier: Carrier = field(default_factory=Carrier)
    claims: ClaimsForm = field(default_factory=ClaimsForm)
    audience: frozenset[str] = frozenset()
    issuer: str | None = None
    skew_s: float = 0
    _seen: dict[str, Verified] = field(default_factory=dict)

    @classmethod
    def of(cls, secret: Mapping[str, Any], *, keys: Verifier | None = None) -> JwtMode:
        """From the variable's JSON. `keys` verifies in place of the `key` when there is a `jwk_url`."""
        if keys is None and secret.get("type") not in TYPES:
            raise ConfigError(f"HASURA_GRAPHQL_JWT_SECRET: `type` must be one of {', '.join(TYPES)}")
        audience, issuer, skew = secret.get("audience"), secret.get("issuer"), secret.get("allowed_skew", 0)
        if isinstance(skew, bool) or not isinstance(skew, int | float) or skew < 0:
            raise ConfigError("HASURA_GRAPHQL_JWT_SECRET: `allowed_skew` must be a number of seconds")
        return cls(
            verifier=keys or OneKey(Signer.from_secret({**secret, "key": _public_key(secret.get("key"))})),
            carrier=Carrier.of(secret.get("header")),
            claims=ClaimsForm.of(secret),
            audience=frozenset([audience] if isinstance(audience, str) else audience or ()),
            issuer=issuer,
            skew_s=skew,
        )

    async def session(self, headers: Headers, body: object) -> Session:
        token = self.carrier.token(headers)
        known = self._seen.get(token) or await self._verified(token)
        self._check_standing(known.payload)
        role = headers.get(ROLE) or known.default
        if role not in known.allowed:
            raise ApiError("access-denied", "Your requested role is not in allowed roles")
        expires = known.payload.get("exp")
        return Session(
            role=role,
            variables={**known.variables, ROLE: role},
            expires_at=None if expires is None else float(expires),
        )

    async def _verified(self, token: str) -> Verified:
        """With a key that never changes, a token's signature and claims are looked at once; its time, every time."""
        try:
            payload = await self.verifier.verify(token)
        except TokenInvalidError as error:
            raise invalid(_REASONS.get(error.reason, "JWSError")) from error
        self._check_standing(payload)
        known = Verified(payload, *self.claims.read(payload))
        if isinstance(self.verifier, OneKey):
            if len(self._seen) >= _CACHED_TOKENS:
                self._seen.clear()
            self._seen[token] = known
        return known

    def _check_standing(self, payload: Mapping[str, Any]) -> None:
        now = time.time()
        expires, begins = _moment(payload, "exp"), _moment(payload, "nbf")
        if expires is not None and now > expires + self.skew_s:
            raise invalid("JWTExpired")
        if begins is not None and now < begins - self.skew_s:
            raise invalid("JWTNotYetValid")
        given = payload.get("aud")
        listed = given if isinstance(given, list) else [given]
        if self.audience and not any(isinstance(one, str) and one in self.audience for one in listed):
            raise invalid("JWTNotInAudience")
        if self.issuer is not None and payload.get("iss") != self.issuer:
            raise invalid("JWTNotInIssuer")


def invalid(reason: str) -> ApiError:
    return ApiError("invalid-jwt", f"Could not verify JWT: {reason}")


def _moment(payload: Mapping[str, Any], claim: str) -> float | None:
    value = payload.get(claim)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"JWTClaimsSetDecodeError {claim} is not a number")
    try:
        return float(value)
    except OverflowError as error:
        raise invalid(f"JWTClaimsSetDecodeError {claim} is too large") from error


def _public_key(key: object) -> object:
    """The key inside a certificate; anything else as it is."""
    if not isinstance(key, str) or "BEGIN CERTIFICATE" not in key:
        return key
    try:
        public = load_pem_x509_certificate(key.encode()).public_key()
    except ValueError as error:
        raise ConfigError("HASURA_GRAPHQL_JWT_SECRET: the certificate in `key` cannot be read") from error
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
