"""Who is asking: a role and its session variables, decided once per request and trusted by everything behind."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

ADMIN = "admin"


class Session(Struct, frozen=True, kw_only=True):
    """`variables` are the x-hasura-* ones under lower-case names. `trusted` means the admin secret was given or none is
    configured; `expires_at` (seconds since 1970) ends a websocket that a token opened. `cookies` are Set-Cookie
    values that an authentication webhook wants the client to have."""

    role: str
    variables: Mapping[str, str] = field(default_factory=dict)
    trusted: bool = False
    backend_only: bool = False
    expires_at: float | None = None
    cookies: tuple[str, ...] = ()

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN
