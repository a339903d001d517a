"""Access tokens: what is in them, and who a bearer is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard
from uuid import UUID

from nself.auth.errors import UnauthorizedError
from nself.auth.settings import AuthSettings
from nself.auth.users import User
from nself.errors import ConfigError
from nself.web.tokens import HASURA_CLAIMS, Signer, TokenInvalidError

Clock = Callable[[], float]


class AccessTokens:
    """Signs and verifies with the project's JWT secret. `clock` is for tests."""

    def __init__(self, settings: AuthSettings, *, clock: Clock = time.time) -> None:
        secret = settings.jwt_secret
        self.life_s = settings.access_token_expires_in
        self.issuer = str(secret.get("issuer") or "hasura-auth")
        self._expected_issuer = secret.get("issuer")
        self._audience = {"aud": secret["audience"]} if secret.get("audience") else {}
        self._clock = clock
        self._verifier = Signer.from_secret(secret)
        self._signer = Signer.from_secret(_signing(secret))

    def issue(self, user: User, custom_claims: Mapping[str, str]) -> str:
        """Custom claims never replace the standard ones."""
        now = int(self._clock())
        hasura: dict[str, Any] = {
            **custom_claims,
            "x-hasura-allowed-roles": list(user.roles),
            "x-hasura-default-role": user.default_role,
            "x-hasura-user-id": str(user.id),
            "x-hasura-user-is-anonymous": "true" if user.is_anonymous else "false",
        }
        standard = {"sub": str(user.id), "iat": now, "exp": now + self.life_s, "iss": self.issuer, **self._audience}
        return self._signer.sign({**standard, HASURA_CLAIMS: hasura})

    def user_id(self, token: str) -> UUID:
        """Whose token this is; UnauthorizedError unless signature, time, issuer and claims hold."""
        try:
            claims = self._verifier.verify(token)
        except TokenInvalidError as error:
            raise _invalid() from error
        if not self._current(claims) or (self._expected_issuer and claims.get("iss") != self._expected_issuer):
            raise _invalid()
        return _user_id(claims)

    def jwks(self) -> dict[str, Any]:
        """The public key; nothing for a shared secret."""
        return {"keys": self._verifier.public_keys()}

    def _current(self, claims: Mapping[str, Any]) -> bool:
        """An issue time ahead of ours is no offence: two machines' clocks differ, and expiry still bounds the token."""
        expires, begins = claims.get("exp"), claims.get("nbf", 0)
        now = self._clock()
        return _is_number(expires) and _is_number(begins) and begins <= now < expires


def bearer(header: str | None) -> str:
    """The token of an `Authorization` header."""
    kind, _, token = (header or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise UnauthorizedError("missing or malformed authorization header")
    return token.strip()


def _signing(secret: Mapping[str, Any]) -> Mapping[str, Any]:
    """Asymmetric secrets carry the public key as `key` and the private one as `signing_key`."""
    if str(secret.get("type", "HS256")).startswith("HS"):
        return secret
    if not secret.get("signing_key"):
        raise ConfigError(
            f"HASURA_GRAPHQL_JWT_SECRET of type {secret['type']} needs a `signing_key`: auth signs the tokens",
            fixes=["put the private key, as PEM, under signing_key", "nself config explain JWT_KEY"],
        )
    return {**secret, "key": secret["signing_key"]}


def _user_id(claims: Mapping[str, Any]) -> UUID:
    hasura = claims.get(HASURA_CLAIMS)
    try:
        return UUID(str(hasura["x-hasura-user-id"] if isinstance(hasura, dict) else ""))
    except (KeyError, ValueError):
        raise _invalid() from None


def _invalid() -> UnauthorizedError:
    return UnauthorizedError("invalid or expired token")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
