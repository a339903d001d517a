"""What an endpoint is, and the running server each of them is handed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from nself.auth.access_tokens import AccessTokens, bearer
from nself.auth.background import Background
from nself.auth.email_lists import EmailLists
from nself.auth.errors import UnauthorizedError
from nself.auth.limits import RateLimits
from nself.auth.mail import Mailer, TicketMail
from nself.auth.password_rules import PasswordRules
from nself.auth.passwords import Passwords
from nself.auth.redirects import AllowList
from nself.auth.sessions import Sessions
from nself.auth.settings import AuthSettings
from nself.auth.store import Store
from nself.auth.tickets import TicketKind
from nself.auth.users import User, UserChecks
from nself.records import dataclass
from nself.web.json import JsonResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """One running auth server: everything an endpoint may need."""

    settings: AuthSettings
    store: Store
    passwords: Passwords
    password_rules: PasswordRules
    tokens: AccessTokens
    sessions: Sessions
    checks: UserChecks
    lists: EmailLists
    redirects: AllowList
    mailer: Mailer
    limits: RateLimits
    background: Background

    async def caller(self, request: Request) -> User:
        """The user whose access token the request carries."""
        user = await self.store.user(self.tokens.user_id(bearer(request.headers.get("authorization"))))
        if user is None:
            raise UnauthorizedError("the user of this token no longer exists")
        return user

    async def mail_ticket(self, user: User, kind: TicketKind, *, redirect_to: str, to: str | None = None) -> None:
        """Issue a ticket and mail it to the user, or to the new address `to` that is to be confirmed."""
        ticket = await self.store.issue_ticket(user.id, kind, new_email=to)
        recipient = to or user.email or ""
        await self.mailer.send(TicketMail(user=user, to=recipient, kind=kind, ticket=ticket, redirect_to=redirect_to))


Handler = Callable[[Auth, Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method and path below the prefix."""

    method: str
    path: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What a module in `methods/` or `routes/` exposes as ENDPOINTS. Listed order is matching order."""

    items: tuple[Endpoint, ...]


def client_of(request: Request) -> str:
    """The address a request came from, as the proxy in front of us tells it."""
    return request.client.host if request.client else ""


def endpoints(*items: tuple[str, str, Handler]) -> Endpoints:
    return Endpoints(tuple(Endpoint(*item) for item in items))


def reply(content: Any) -> Response:
    """A JSON answer that no cache on the way keeps."""
    return JsonResponse(content, headers={"Cache-Control": "no-store"})


def ok() -> Response:
    """Success that has nothing to say."""
    return reply("OK")
