"""Before the socket is open: is this origin welcome, and which of the handshake's headers count."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.types import Scope

from nself.graphql.errors import ApiError
from nself.graphql.http.cors import origins
from nself.graphql.settings import GraphqlSettings
from nself.records import dataclass


@dataclass(frozen=True, slots=True)
class Handshake:
    """The CORS settings protect cookies: browsers send them with any page's websocket, and enforce nothing there."""

    allowed: re.Pattern[str] | None
    read_cookie: bool

    @classmethod
    def of(cls, settings: GraphqlSettings) -> Handshake:
        if settings.disable_cors:
            return cls(None, settings.ws_read_cookie)
        return cls(re.compile(origins(settings.cors_domain)), read_cookie=True)

    def headers(self, scope: Scope) -> dict[str, str]:
        """Lower-case names; of a repeated header the first counts. ApiError if the origin may not connect."""
        found: dict[str, str] = {}
        for name, value in scope["headers"]:
            found.setdefault(name.decode("latin-1"), value.decode("latin-1"))
        origin = found.get("origin")
        if self.allowed is not None and origin is not None and not self.allowed.fullmatch(origin.rstrip("/")):
            raise ApiError("access-denied", f"this origin is not allowed: {origin}")
        if not self.read_cookie:
            found.pop("cookie", None)
        return found


def request_headers(handshake: Mapping[str, str], payload: object) -> dict[str, str]:
    """What counts as the headers of every operation: those of `connection_init`, then the handshake's own."""
    given = payload.get("headers") if isinstance(payload, Mapping) else None
    if given is not None and not isinstance(given, Mapping):
        raise ApiError("parse-failed", "headers must be an object", path="$.payload.headers")
    own = {str(name).lower(): _text(value) for name, value in (given or {}).items() if value is not None}
    return {**handshake, **own}


def _text(value: object) -> str:
    """Headers are text; JSON clients also send numbers and booleans."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ApiError("parse-failed", "the value of a header must be text", path="$.payload.headers")
