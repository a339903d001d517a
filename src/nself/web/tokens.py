"""JSON Web Tokens: the shared secret or key of a project (`HASURA_GRAPHQL_JWT_SECRET`), verifying and signing."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError, SecurityWarning
from joserfc.jwk import ECKey, JWKRegistry, KeySet, OctKey, OKPKey, RSAKey

from nself.errors import ConfigError
from nself.records import dataclass

Key = OctKey | RSAKey | ECKey | OKPKey
HASURA_CLAIMS = "https://hasura.io/jwt/claims"
_KEY_TYPE = {"HS": "oct", "RS": "RSA", "ES": "EC", "Ed": "OKP"}

# RFC 9864 gives the algorithm a new name; Hasura and every verifier in the field know it under the old one.
warnings.filterwarnings("ignore", message="EdDSA", category=SecurityWarning)


class TokenInvalidError(Exception):
    """The token cannot be trusted. `reason` is `signature`, `malformed` or `algorithm`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Signer:
    """A key and its algorithm. Built from the `type` and `key` of a JWT secret."""

    algorithm: str
    key: Key
    key_id: str = ""
    """Names the key in token headers and JWKS; empty for shared secrets, which are never published."""

    @classmethod
    def from_secret(cls, secret: Mapping[str, Any]) -> Signer:
        """`{"type": "HS256", "key": "..."}`; RSA, EC and Ed25519 keys are PEM (private to sign, public to verify)."""
        kind, text = str(secret.get("type", "HS256")), secret.get("key")
        if not isinstance(text, str) or kind[:2] not in _KEY_TYPE:
            raise ConfigError(
                "HASURA_GRAPHQL_JWT_SECRET needs a known `type` and a `key`", fixes=["nself config explain JWT_KEY"]
            )
        try:
            key = JWKRegistry.import_key(text, _KEY_TYPE[kind[:2]])
        except (JoseError, ValueError) as error:
            raise ConfigError(f"the key of HASURA_GRAPHQL_JWT_SECRET does not fit {kind}: {error}") from error
        algorithm = "EdDSA" if kind.startswith("Ed") else kind
        key_id = "" if kind.startswith("HS") else str(secret.get("kid") or key.thumbprint())
        return cls(algorithm, key, key_id)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The claims as they are: expiry and issue time are the caller's."""
        header = {"alg": self.algorithm, "typ": "JWT"} | ({"kid": self.key_id} if self.key_id else {})
        return jwt.encode(header, dict(claims), self.key, algorithms=[self.algorithm])

    def verify(self, token: str) -> dict[str, Any]:
        """The claims of a token whose signature holds. Time, audience and issuer are the caller's to check."""
        return verify(token, self.key, [self.algorithm])

    def public_keys(self) -> list[dict[str, Any]]:
        """What a JWKS endpoint publishes: the public half, nothing of a shared secret."""
        if isinstance(self.key, OctKey):
            return []
        public = dict(self.key.as_dict(private=False))
        return [{**public, "alg": self.algorithm, "kid": self.key_id, "use": "sig"}]


def verify(token: str, key: Key | KeySet, algorithms: list[str]) -> dict[str, Any]:
    """Check signature and form only. `alg: none` and algorithms outside the list are refused."""
    try:
        return dict(jwt.decode(token, key, algorithms=algorithms).claims)
    except BadSignatureError as error:
        raise TokenInvalidError("signature") from error
    except (JoseError, ValueError) as error:
        raise TokenInvalidError("malformed") from error
