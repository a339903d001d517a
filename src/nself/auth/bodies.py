"""Request bodies, closed and typed. What does not fit is refused before any of it is used."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta
from starlette.requests import ClientDisconnect, Request

from nself.auth.errors import InvalidBodyError
from nself.auth.passwords import MAX_BYTES

MAX_BODY = 1024 * 1024
MAX_DEPTH = 64

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
Email = Annotated[
    str, Meta(pattern=rf"\A[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})*\Z", min_length=3, max_length=254)
]
"""The form the HTML standard gives to e-mail inputs; the database holds the same."""

Password = Annotated[str, Meta(min_length=3, max_length=MAX_BYTES)]
Locale = Annotated[str, Meta(pattern=r"\A[A-Za-z]{2,3}\Z")]
DisplayName = Annotated[str, Meta(max_length=32)]
Uuid = Annotated[str, Meta(pattern=r"\A[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z")]


class Closed(msgspec.Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Base of every body: unknown keys are refused; null is the same as absent."""


class SignUpOptions(Closed):
    allowed_roles: list[str] | None = None
    default_role: str | None = None
    display_name: DisplayName | None = None
    locale: Locale | None = None
    metadata: dict[str, Any] | None = None
    redirect_to: str | None = None

    def __post_init__(self) -> None:
        if self.display_name is not None and not all(map(_nameable, self.display_name)):
            raise ValueError("`displayName` may hold letters, numbers, symbols, blanks and , . ' -")


class RedirectOptions(Closed):
    redirect_to: str | None = None


class EmailPassword(Closed):
    """Sign-in."""

    email: Email
    password: Password

    def __post_init__(self) -> None:
        _fits_bcrypt(self.password)


class EmailPasswordSignUp(Closed):
    email: Email
    password: Password
    options: SignUpOptions | None = None

    def __post_init__(self) -> None:
        _fits_bcrypt(self.password)


class Anonymous(Closed):
    display_name: Annotated[str, Meta(max_length=255)] | None = None
    locale: Locale | None = None
    metadata: dict[str, Any] | None = None


class Refresh(Closed):
    refresh_token: Uuid


class Verify(Closed):
    token: str | None = None


class SignOut(msgspec.Struct, kw_only=True, rename="camel"):
    """The one open body: clients send more than is needed."""

    refresh_token: str | None = None
    all: bool = False


class NewPassword(Closed):
    new_password: Password
    ticket: Annotated[str, Meta(pattern=r"\ApasswordReset:.*\Z")] | None = None

    def __post_init__(self) -> None:
        _fits_bcrypt(self.new_password)


class EmailOnly(Closed):
    """Password reset and sending a verification mail."""

    email: Email
    options: RedirectOptions | None = None


class NewEmail(Closed):
    new_email: Email
    options: RedirectOptions | None = None


B = TypeVar("B", bound=msgspec.Struct)


async def read(request: Request, kind: type[B], *, optional: bool = False) -> B:
    """The body as a `kind`. An `optional` one may be missing altogether, whatever its content type says."""
    raw = await _bounded(request)
    if optional and not raw.strip():
        raw = b"{}"
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise InvalidBodyError("the content type must be application/json")
    try:
        body = msgspec.json.decode(raw, type=kind)
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors, bad UTF-8 too
        text = str(error) if isinstance(error, msgspec.ValidationError) else "the body is not JSON"
        raise InvalidBodyError(text) from error
    if not _storable(msgspec.to_builtins(body)):
        raise InvalidBodyError("the body nests too deep or holds a NUL character, which PostgreSQL cannot store")
    return body


async def _bounded(request: Request) -> bytes:
    pieces, size = [], 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > MAX_BODY:
                raise InvalidBodyError(f"the body is larger than {MAX_BODY} bytes", status=413)
            pieces.append(piece)
    except ClientDisconnect as error:
        raise InvalidBodyError("the body broke off") from error
    return b"".join(pieces)


def _storable(value: Any, depth: int = 0) -> bool:
    if depth > MAX_DEPTH:
        return False
    match value:
        case str():
            return "\x00" not in value
        case list():
            return all(_storable(item, depth + 1) for item in value)
        case dict():
            return all(_storable(key) and _storable(item, depth + 1) for key, item in value.items())
    return True


def _fits_bcrypt(password: str) -> None:
    if len(password.encode()) > MAX_BYTES:
        raise ValueError(f"a password may have at most {MAX_BYTES} bytes")


def _nameable(character: str) -> bool:
    """Letters, numbers, symbols, and the marks without which no Hindi or Thai name can be written."""
    return unicodedata.category(character)[0] in "LNSM" or character in " ,.'-"
