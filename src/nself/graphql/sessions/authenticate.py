"""From request headers to a session: admin secret, token or webhook decide, in that order."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Protocol

from nself.graphql.errors import ApiError
from nself.graphql.sessions.session import ADMIN, Session
from nself.records import dataclass

Headers = Mapping[str, str]
"""Lower-case names."""

SECRET_HEADERS = ("x-hasura-admin-secret", "x-hasura-access-key")
ROLE = "x-hasura-role"
BACKEND_ONLY = "x-hasura-use-backend-only-permissions"
_TRUE = frozenset({"true", "t", "yes", "y"})
_FALSE = frozenset({"false", "f", "no", "n"})


class Mode(Protocol):
    """What decides when no admin secret came: tokens, a webhook."""

    async def session(self, headers: Headers, body: object) -> Session:
        """The session the headers entitle to. Raises ApiError, `AnonymousError` if they carry no credentials."""
        ...


class AnonymousError(ApiError):
    """The request carries nothing to judge it by: the unauthorized role applies if there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticator:
    """Decided once per request (once per websocket). `mode` is None when only the admin secret counts."""

    admin_secret: str | None = None
    unauthorized_role: str | None = None
    mode: Mode | None = None

    async def session(self, headers: Headers, body: object = None) -> Session:
        backend_only = use_backend_only(headers)
        if self.admin_secret is None and self.mode is None:
            return trusted(headers, backend_only=backend_only)
        given = next((headers[name] for name in SECRET_HEADERS if name in headers), None)
        if given is not None and self.admin_secret is not None:
            if not same_secret(given, self.admin_secret):
                raise denied('invalid "x-hasura-admin-secret"/"x-hasura-access-key"')
            return trusted(headers, backend_only=backend_only)
        return await self._without_secret(headers, body)

    async def _without_secret(self, headers: Headers, body: object) -> Session:
        if self.mode is None:
            if self.unauthorized_role is None:
                raise denied("x-hasura-admin-secret/x-hasura-access-key required, but not found")
            return anonymous(self.unauthorized_role)
        try:
            return await self.mode.session(headers, body)
        except AnonymousError:
            if self.unauthorized_role is None:
                raise
            return anonymous(self.unauthorized_role)


def trusted(headers: Headers, *, backend_only: bool) -> Session:
    """Whoever holds the secret (or when there is none) may take any role and set any session variable."""
    role = headers.get(ROLE) or ADMIN
    return Session(role=role, variables=session_variables(headers, role), trusted=True, backend_only=backend_only)


def anonymous(role: str) -> Session:
    """No session variables of the client: only its role, and that one not chosen by it."""
    return Session(role=role, variables={ROLE: role})


def session_variables(headers: Headers, role: str) -> dict[str, str]:
    """Every x-hasura-* header but the secrets."""
    found = {
        name: value for name, value in headers.items() if name.startswith("x-hasura-") and name not in SECRET_HEADERS
    }
    return {**found, ROLE: role}


def same_secret(given: str, wanted: str) -> bool:
    """Takes as long for a near miss as for a far one."""
    return hmac.compare_digest(given.encode(), wanted.encode())


def use_backend_only(headers: Headers) -> bool:
    given = headers.get(BACKEND_ONLY)
    if given is None:
        return False
    text = given.lower()
    if text not in _TRUE | _FALSE:
        message = f"{BACKEND_ONLY}: expected one of true, t, yes, y, false, f, no, n"
        raise ApiError("bad-request", message)
    return text in _TRUE


def denied(message: str, *, code: str = "access-denied", status: int = 401) -> ApiError:
    return ApiError(code, message, status=status)
