"""A user as the database holds it, as the API shows it, and what must hold before a user is granted anything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from nself.auth.email_lists import EmailLists
from nself.auth.errors import AuthError, Code
from nself.auth.settings import AuthSettings
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One row of auth.users with its roles."""

    id: UUID
    created_at: datetime
    display_name: str
    avatar_url: str
    locale: str
    email: str | None
    email_verified: bool
    phone_number: str | None
    phone_number_verified: bool
    default_role: str
    roles: tuple[str, ...]
    is_anonymous: bool
    disabled: bool
    metadata: dict[str, Any] | None
    active_mfa_type: str | None
    new_email: str | None
    password_hash: str | None = field(repr=False)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> User:
        """A row of a query in queries.sql that selects the whole user and `roles`."""
        roles = tuple(dict.fromkeys((row["default_role"], *sorted(row["roles"]))))
        return cls(roles=roles, **{name: row[name] for name in _COLUMNS})

    def public(self) -> PublicUser:
        """What the user and the session endpoints show."""
        return PublicUser(
            id=str(self.id),
            created_at=self.created_at.astimezone(UTC),
            display_name=self.display_name,
            avatar_url=self.avatar_url,
            locale=self.locale,
            email=msgspec.UNSET if self.email is None else self.email,
            is_anonymous=self.is_anonymous,
            default_role=self.default_role,
            metadata=self.metadata,
            email_verified=self.email_verified,
            phone_number=msgspec.UNSET if self.phone_number is None else self.phone_number,
            phone_number_verified=self.phone_number_verified,
            roles=self.roles,
            active_mfa_type=self.active_mfa_type,
        )


_COLUMNS = [name for name in User.__dataclass_fields__ if name != "roles"]


class PublicUser(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`User` of the API. Absent addresses and numbers are left out; `metadata` and `activeMfaType` may be null."""

    id: str
    created_at: datetime
    display_name: str
    avatar_url: str
    locale: str
    email: str | msgspec.UnsetType
    is_anonymous: bool
    default_role: str
    metadata: dict[str, Any] | None
    email_verified: bool
    phone_number: str | msgspec.UnsetType
    phone_number_verified: bool
    roles: tuple[str, ...]
    active_mfa_type: str | None


@dataclass(frozen=True, slots=True)
class UserChecks:
    """Whether an existing user may be granted something. The order of the checks is part of the API."""

    lists: EmailLists
    verification_required: bool

    def check(self, user: User, *, unverified_ok: bool = False, anonymous_ok: bool = False) -> None:
        """Raise the first reason against this user. Users without an address are spared the rules about addresses."""
        if user.email is not None and not self.lists.allow(user.email):
            raise AuthError(Code.INVALID_EMAIL_PASSWORD)
        self.check_standing(user, unverified_ok=unverified_ok)
        if user.is_anonymous and not anonymous_ok:
            raise AuthError(Code.FORBIDDEN_ANONYMOUS)

    def check_standing(self, user: User, *, unverified_ok: bool = False) -> None:
        """What may end a running session: being disabled, or not verified. Lists and anonymity do not."""
        if user.disabled:
            raise AuthError(Code.DISABLED_USER)
        unverified = user.email is not None and not user.email_verified
        if unverified and self.verification_required and not unverified_ok:
            raise AuthError(Code.UNVERIFIED_USER)


def gravatar(email: str, settings: AuthSettings) -> str:
    """The picture of a new user, or ''. MD5 is what Gravatar asks for; nothing rests on it."""
    if not settings.gravatar_enabled:
        return ""
    digest = hashlib.md5(email.lower().encode(), usedforsecurity=False).hexdigest()
    return f"https://www.gravatar.com/avatar/{digest}?d={settings.gravatar_default}&r={settings.gravatar_rating}"
