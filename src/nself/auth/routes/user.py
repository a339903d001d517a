"""The signed-in user: profile, password, e-mail address."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import Response

from nself.auth.bodies import EmailOnly, NewEmail, NewPassword, RedirectOptions, read
from nself.auth.endpoint import Auth, endpoints, ok, reply
from nself.auth.errors import AuthError, Code
from nself.auth.options import redirect_target
from nself.auth.tickets import EMAIL_CHANGE, PASSWORD_RESET, VERIFY_EMAIL
from nself.auth.users import User

log = logging.getLogger("nself.auth")


async def show(auth: Auth, request: Request) -> Response:
    user = await auth.caller(request)
    auth.checks.check(user)
    return reply(user.public())


async def change_password(auth: Auth, request: Request) -> Response:
    """By access token or by the ticket of a reset mail. Both end the sessions that the old password opened."""
    body = await read(request, NewPassword)
    if body.ticket is not None:
        await _change_by_ticket(auth, body.ticket, body.new_password)
        return ok()
    if "authorization" not in request.headers:
        raise AuthError(Code.INVALID_REQUEST)
    user = await auth.caller(request)
    auth.checks.check(user)
    await auth.password_rules.check(body.new_password)
    await auth.store.set_password(user.id, await auth.passwords.hash(body.new_password))
    log.info("user %s changed the password", user.id)
    return ok()


async def _change_by_ticket(auth: Auth, ticket: str, password: str) -> None:
    """A password that is refused does not cost the ticket."""
    user = await auth.store.user_by_ticket(ticket)
    if user is None:
        raise AuthError(Code.INVALID_TICKET)
    auth.checks.check(user)
    await auth.password_rules.check(password)
    if not await auth.store.set_password_by_ticket(ticket, await auth.passwords.hash(password)):
        raise AuthError(Code.INVALID_TICKET)
    log.info("user %s set a new password by mail", user.id)


async def reset_password(auth: Auth, request: Request) -> Response:
    """Says the same, and as fast, whether or not there is such a user: the mail goes out afterwards."""
    body = await read(request, EmailOnly)
    redirect = _redirect(auth, body.options)
    user = await auth.store.user_by_email(body.email)
    if user is not None and _in_good_standing(auth, user):
        work = auth.mail_ticket(user, PASSWORD_RESET, redirect_to=redirect)
        auth.background.start(work, name="the password reset mail")
    return ok()


async def change_email(auth: Auth, request: Request) -> Response:
    """The address changes when the link in the mail to the new one is followed."""
    body = await read(request, NewEmail)
    user = await auth.caller(request)
    auth.checks.check(user)
    redirect = _redirect(auth, body.options)
    if not auth.lists.allow(body.new_email):
        raise AuthError(Code.INVALID_EMAIL_PASSWORD)
    if await auth.store.user_by_email(body.new_email) is not None:
        raise AuthError(Code.USER_EXISTS)
    await auth.mail_ticket(user, EMAIL_CHANGE, redirect_to=redirect, to=body.new_email)
    return ok()


async def send_verification_mail(auth: Auth, request: Request) -> Response:
    body = await read(request, EmailOnly)
    redirect = _redirect(auth, body.options)
    user = await auth.store.user_by_email(body.email)
    if user is None:
        raise AuthError(Code.INVALID_EMAIL_PASSWORD)
    auth.checks.check(user, unverified_ok=True)
    if user.email_verified:
        raise AuthError(Code.EMAIL_ALREADY_VERIFIED)
    await auth.mail_ticket(user, VERIFY_EMAIL, redirect_to=redirect)
    return ok()


def _redirect(auth: Auth, options: RedirectOptions | None) -> str:
    return redirect_target(options.redirect_to if options else None, auth.redirects)


def _in_good_standing(auth: Auth, user: User) -> bool:
    try:
        auth.checks.check(user)
    except AuthError:
        return False
    return True


ENDPOINTS = endpoints(
    ("GET", "/user", show),
    ("POST", "/user/password", change_password),
    ("POST", "/user/password/reset", reset_password),
    ("POST", "/user/email/change", change_email),
    ("POST", "/user/email/send-verification-email", send_verification_mail),
)
