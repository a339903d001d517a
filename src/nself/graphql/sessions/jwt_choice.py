"""Several JWT secrets, as HASURA_GRAPHQL_JWT_SECRETS lists them: which of them a request's token is for."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from nself.graphql.errors import ApiError
from nself.graphql.sessions.authenticate import AnonymousError, Headers
from nself.graphql.sessions.jwt import JwtMode
from nself.graphql.sessions.session import Session
from nself.records import dataclass


@dataclass(frozen=True, slots=True)
class SeveralSecrets:
    """A secret fits when the request has a token where it looks for one and their issuers do not differ."""

    modes: Sequence[JwtMode]

    async def session(self, headers: Headers, body: object) -> Session:
        """That of the one secret that fits: none makes the request anonymous, two leave open which was meant."""
        fitting = [mode for mode in self.modes if _fits(mode, headers)]
        if not fitting:
            raise AnonymousError(
                "invalid-headers", "Missing 'Authorization' or 'Cookie' header in JWT authentication mode"
            )
        if len(fitting) > 1:
            raise ApiError(
                "invalid-headers", "Ambiguous tokens: more than one JWT secret fits what the request carries"
            )
        return await fitting[0].session(headers, body)


def _fits(mode: JwtMode, headers: Headers) -> bool:
    try:
        token = mode.carrier.token(headers)
    except AnonymousError:
        return False
    issuer = _issuer(token)
    return mode.issuer is None or issuer is None or mode.issuer == issuer


def _issuer(token: str) -> object:
    """What the token says of itself, before anything of it is believed."""
    _, _, rest = token.partition(".")
    text = rest.partition(".")[0]
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        return None
    return claims.get("iss") if isinstance(claims, dict) else None
