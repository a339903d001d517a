"""Where the links of our mails lead: a ticket becomes a session, and the browser goes on to the front end."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from nself.auth import redirects, tickets
from nself.auth.endpoint import Auth, endpoints
from nself.auth.errors import AuthError, Code
from nself.auth.tickets import EMAIL_CHANGE, VERIFY_EMAIL, TicketKind
from nself.auth.users import User


async def look(auth: Auth, request: Request) -> Response:
    """HEAD, as mail scanners send it: the ticket stays good for the person."""
    return Response(headers={"Cache-Control": "no-store"})


async def follow(auth: Auth, request: Request) -> Response:
    """`type` of the query is ignored: the ticket says what it is for."""
    target = request.query_params.get("redirectTo") or auth.redirects.home
    if redirects.parse(target) is None:
        raise AuthError(Code.INVALID_REQUEST)
    if not auth.redirects.allows(target):
        return _refuse(auth, auth.redirects.home, AuthError(Code.REDIRECT))
    try:
        return await _redeem(auth, request.query_params.get("ticket", ""), target)
    except AuthError as error:
        return _refuse(auth, target, error)


async def _redeem(auth: Auth, ticket: str, target: str) -> Response:
    kind = tickets.of(ticket)
    if kind is None or "\x00" in ticket:
        raise AuthError(Code.INVALID_TICKET)
    user = await auth.store.spend_ticket(ticket)
    auth.checks.check(user, unverified_ok=kind is VERIFY_EMAIL)
    session = await auth.sessions.begin(await _apply(auth, kind, user))
    return _redirect(redirects.with_query(target, refreshToken=session.refresh_token, type=kind.prefix))


async def _apply(auth: Auth, kind: TicketKind, user: User) -> User:
    """What following the link proves. A reset proves nothing: its page asks for the new password next."""
    if kind is VERIFY_EMAIL:
        await auth.store.mark_email_verified(user.id)
    elif kind is EMAIL_CHANGE:
        await auth.store.confirm_new_email(user.id)
    else:
        return user
    return await auth.store.user(user.id) or user


def _refuse(auth: Auth, target: str, error: AuthError) -> Response:
    """Without a front end to tell, the answer is the error itself."""
    if not target:
        raise error
    seen = error.seen_by_clients(auth.settings)
    return _redirect(redirects.with_query(target, error=seen.code, errorDescription=seen.message))


def _redirect(url: str) -> Response:
    return RedirectResponse(
        url, status_code=302, headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    )


ENDPOINTS = endpoints(
    ("HEAD", "/verify", look),
    ("GET", "/verify", follow),
)
