"""E-mail and password."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import Response

from nself.auth.bodies import EmailPassword, EmailPasswordSignUp, SignUpOptions, read
from nself.auth.endpoint import Auth, client_of, endpoints, reply
from nself.auth.errors import AuthError, Code
from nself.auth.mail import TicketMail
from nself.auth.options import Options, complete
from nself.auth.store import NewUser
from nself.auth.tickets import MFA_TOTP, VERIFY_EMAIL
from nself.auth.users import gravatar

log = logging.getLogger("nself.auth")


async def sign_up(auth: Auth, request: Request) -> Response:
    body = await read(request, EmailPasswordSignUp)
    if auth.settings.disable_signup:
        raise AuthError(Code.SIGNUP_DISABLED)
    if not auth.lists.allow(body.email):
        raise AuthError(Code.INVALID_EMAIL_PASSWORD)
    await auth.password_rules.check(body.password)
    options = complete(body.options or SignUpOptions(), auth.settings, auth.redirects, display_name=body.email)
    if await auth.store.user_by_email(body.email) is not None:  # spares the work; the constraint decides
        raise AuthError(Code.USER_EXISTS)
    new = _new_user(auth, body.email, await auth.passwords.hash(body.password), options)
    return await _admit(auth, new, options)


async def sign_in(auth: Auth, request: Request) -> Response:
    """The password is compared even for users who will be refused, so that the clock tells no more than the code."""
    body = await read(request, EmailPassword)
    user = await auth.store.user_by_email(body.email)
    matches = await auth.passwords.matches(body.password, user.password_hash if user else None)
    if user is None:
        raise AuthError(Code.INVALID_EMAIL_PASSWORD)
    auth.checks.check(user)
    if not matches:
        log.warning("a wrong password for user %s from %s", user.id, client_of(request))
        raise AuthError(Code.INVALID_EMAIL_PASSWORD)
    if user.active_mfa_type == "totp":
        return reply({"mfa": {"ticket": await auth.store.issue_ticket(user.id, MFA_TOTP)}})
    return reply({"session": await auth.sessions.begin(user)})


async def _admit(auth: Auth, new: NewUser, options: Options) -> Response:
    if auth.settings.disable_new_users:
        await auth.store.add_user(new)
        raise AuthError(Code.DISABLED_USER)
    if not auth.settings.email_verified_required:
        user, token = await auth.store.add_user_with_session(new)
        return reply({"session": await auth.sessions.describe(user, token)})
    # The user is kept when the mail then fails: the caller is told, and can ask for another mail.
    user, ticket = await auth.store.add_user_with_ticket(new, VERIFY_EMAIL)
    await auth.mailer.send(
        TicketMail(user=user, to=user.email or "", kind=VERIFY_EMAIL, ticket=ticket, redirect_to=options.redirect_to)
    )
    return reply({})


def _new_user(auth: Auth, email: str, password_hash: str, options: Options) -> NewUser:
    return NewUser(
        email=email,
        password_hash=password_hash,
        avatar_url=gravatar(email, auth.settings),
        display_name=options.display_name,
        locale=options.locale,
        default_role=options.default_role,
        roles=options.roles,
        metadata=options.metadata,
        disabled=auth.settings.disable_new_users,
    )


ENDPOINTS = endpoints(
    ("POST", "/signup/email-password", sign_up),
    ("POST", "/signin/email-password", sign_in),
)
