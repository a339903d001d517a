"""What the auth API answers when it says no: codes, statuses and texts that clients know.

NselfError
├── AuthError           a code of the table below
├── InvalidBodyError    a body, query or header of the wrong form; `reason` says which
└── UnauthorizedError   a missing or bad access token
"""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from nself.auth.settings import AuthSettings
from nself.errors import NselfError
from nself.web.errors import HttpError, Render, UnexpectedError
from nself.web.json import JsonResponse

log = logging.getLogger("nself.auth")


class Code(StrEnum):
    """The `error` of a body."""

    DEFAULT_ROLE = "default-role-must-be-in-allowed-roles"
    DISABLED_ENDPOINT = "disabled-endpoint"
    DISABLED_USER = "disabled-user"
    EMAIL_ALREADY_VERIFIED = "email-already-verified"
    FORBIDDEN_ANONYMOUS = "forbidden-anonymous"
    INTERNAL = "internal-server-error"
    INVALID_EMAIL_PASSWORD = "invalid-email-password"
    INVALID_REFRESH_TOKEN = "invalid-refresh-token"
    INVALID_REQUEST = "invalid-request"
    INVALID_TICKET = "invalid-ticket"
    PASSWORD_LEAKED = "password-in-hibp-database"
    PASSWORD_TOO_SHORT = "password-too-short"
    REDIRECT = "redirectTo-not-allowed"
    ROLE_NOT_ALLOWED = "role-not-allowed"
    SIGNUP_DISABLED = "signup-disabled"
    TOO_MANY_REQUESTS = "too-many-requests"
    UNAUTHORIZED = "unauthorized"
    UNVERIFIED_USER = "unverified-user"
    USER_EXISTS = "user-already-exists"
    EMAIL_IN_USE = "email-already-in-use"


TABLE: dict[Code, tuple[int, str]] = {
    Code.DEFAULT_ROLE: (400, "Default role must be in allowed roles"),
    Code.DISABLED_ENDPOINT: (409, "This endpoint is disabled"),
    Code.DISABLED_USER: (401, "User is disabled"),
    Code.EMAIL_ALREADY_VERIFIED: (400, "User's email is already verified"),
    Code.EMAIL_IN_USE: (409, "Email already in use"),
    Code.FORBIDDEN_ANONYMOUS: (403, "Forbidden, user is anonymous."),
    Code.INTERNAL: (500, "Internal server error"),
    Code.INVALID_EMAIL_PASSWORD: (401, "Incorrect email or password"),
    Code.INVALID_REFRESH_TOKEN: (401, "Invalid or expired refresh token"),
    Code.INVALID_REQUEST: (400, "The request payload is incorrect"),
    Code.INVALID_TICKET: (401, "Invalid ticket"),
    Code.PASSWORD_LEAKED: (400, "Password is in HIBP database"),
    Code.PASSWORD_TOO_SHORT: (400, "Password is too short"),
    Code.REDIRECT: (400, 'The value of "options.redirectTo" is not allowed.'),
    Code.ROLE_NOT_ALLOWED: (400, "Role not allowed"),
    Code.SIGNUP_DISABLED: (403, "Sign up is disabled."),
    Code.TOO_MANY_REQUESTS: (429, "Too many requests, try again later."),
    Code.UNAUTHORIZED: (401, "Unauthorized"),
    Code.UNVERIFIED_USER: (401, "User is not verified."),
    Code.USER_EXISTS: (409, "User already exists"),
}

CONCEALED = frozenset({
    Code.DISABLED_USER,
    Code.EMAIL_ALREADY_VERIFIED,
    Code.EMAIL_IN_USE,
    Code.FORBIDDEN_ANONYMOUS,
    Code.INVALID_EMAIL_PASSWORD,
    Code.INVALID_REFRESH_TOKEN,
    Code.INVALID_TICKET,
    Code.ROLE_NOT_ALLOWED,
    Code.SIGNUP_DISABLED,
    Code.UNVERIFIED_USER,
    Code.USER_EXISTS,
})  # fmt: skip
"""Codes that tell a stranger something about accounts; AUTH_CONCEAL_ERRORS answers invalid-request instead."""


class AuthError(NselfError):
    """One row of the table."""

    kind = "auth"

    def __init__(self, code: Code, *, retry_after_s: int | None = None) -> None:
        super().__init__(TABLE[code][1])
        self.code, self.retry_after_s = code, retry_after_s
        self.http_status = TABLE[code][0]

    def seen_by_clients(self, settings: AuthSettings) -> AuthError:
        """The error as this installation words it: concealed, or under its older name."""
        if settings.conceal_errors and self.code in CONCEALED:
            return AuthError(Code.INVALID_REQUEST)
        if settings.legacy_errors and self.code is Code.USER_EXISTS:
            return AuthError(Code.EMAIL_IN_USE)
        return self


class InvalidBodyError(NselfError):
    """The request has the wrong form. `reason` names the place and never repeats a value."""

    kind = "auth"
    http_status = 400

    def __init__(self, reason: str, *, status: int = 400) -> None:
        super().__init__(reason)
        self.reason, self.http_status = reason, status


class UnauthorizedError(NselfError):
    """No access token, or one that does not hold."""

    kind = "auth"
    http_status = 401

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def renderer(settings: AuthSettings) -> Render:
    """How this server words an error, whatever raised it. Always JSON: clients parse every body without a guard."""

    def render(request: Request, error: NselfError) -> Response:
        match error:
            case AuthError():
                known = error.seen_by_clients(settings)
                retry = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
                return _answer(known.http_status, known.code, known.message, headers=retry)
            case UnauthorizedError():
                status = 400 if settings.legacy_errors else 401
                text = TABLE[Code.UNAUTHORIZED][1]
                return _answer(status, Code.UNAUTHORIZED, text, reason=error.reason, securityScheme="BearerAuth")
            case InvalidBodyError():
                text = TABLE[Code.INVALID_REQUEST][1]
                return _answer(error.http_status, Code.INVALID_REQUEST, text, reason=error.reason)
            case HttpError(http_status=404):
                return _answer(404, "not-found", "There is nothing at this address")
            case HttpError():
                return _answer(error.http_status, Code.INVALID_REQUEST, error.message)
            case UnexpectedError():
                return _answer(500, Code.INTERNAL, TABLE[Code.INTERNAL][1], reason=error.message)
        # Something we lean on failed (the mail server, the engine). What exactly is for the log, not for strangers.
        log.error("%s %s: %s", request.method, request.url.path, error)
        return _answer(500, Code.INTERNAL, TABLE[Code.INTERNAL][1])

    return render


def _answer(status: int, code: str, message: str, *, headers: dict[str, str] | None = None, **more: Any) -> Response:
    body = {"status": status, "message": message, "error": code, **more}
    return JsonResponse(body, status_code=status, headers={"Cache-Control": "no-store", **(headers or {})})
