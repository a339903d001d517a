"""What a new user may ask for, completed and checked against the configuration, in the order the API promises."""

from __future__ import annotations

from typing import Any

from nself.auth.bodies import SignUpOptions
from nself.auth.errors import AuthError, Code
from nself.auth.redirects import AllowList
from nself.auth.settings import AuthSettings
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Sign-up options with nothing left open."""

    redirect_to: str
    default_role: str
    roles: tuple[str, ...]
    display_name: str
    locale: str
    metadata: dict[str, Any] | None


def complete(asked: SignUpOptions, settings: AuthSettings, redirects: AllowList, *, display_name: str) -> Options:
    """`display_name` is what the user is called who gives no name."""
    redirect = redirect_target(asked.redirect_to, redirects)
    default_role = asked.default_role or settings.default_role
    roles = settings.roles if asked.allowed_roles is None else tuple(dict.fromkeys(asked.allowed_roles))
    if not set(roles) <= set(settings.roles):
        raise AuthError(Code.ROLE_NOT_ALLOWED)
    if default_role not in roles:
        raise AuthError(Code.DEFAULT_ROLE)
    return Options(
        redirect_to=redirect,
        default_role=default_role,
        roles=roles,
        display_name=asked.display_name or display_name,
        locale=locale(asked.locale, settings),
        metadata=asked.metadata,
    )


def redirect_target(asked: str | None, redirects: AllowList) -> str:
    """Where the link of a mail leads in the end; '' is the same as absent."""
    if not asked:
        return redirects.home
    if not redirects.allows(asked):
        raise AuthError(Code.REDIRECT)
    return asked


def locale(asked: str | None, settings: AuthSettings) -> str:
    """A language nobody allowed becomes the default one, silently."""
    return asked if asked in settings.allowed_locales and asked else settings.default_locale
