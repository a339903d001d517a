"""Sign-in without credentials: a user of its own, to be made a real one later."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from nself.auth.bodies import Anonymous, read
from nself.auth.endpoint import Auth, endpoints, reply
from nself.auth.errors import AuthError, Code
from nself.auth.options import locale
from nself.auth.store import NewUser

ROLE = "anonymous"
NAME = "Anonymous User"


async def sign_in(auth: Auth, request: Request) -> Response:
    """Some clients announce JSON and send nothing."""
    body = await read(request, Anonymous, optional=True)
    if not auth.settings.anonymous_users_enabled:
        raise AuthError(Code.DISABLED_ENDPOINT)
    if auth.settings.disable_signup:
        raise AuthError(Code.SIGNUP_DISABLED)
    new = NewUser(
        display_name=body.display_name or NAME,
        locale=locale(body.locale, auth.settings),
        default_role=ROLE,
        roles=(ROLE,),
        metadata=body.metadata,
        disabled=auth.settings.disable_new_users,
        is_anonymous=True,
    )
    if new.disabled:
        await auth.store.add_user(new)
        raise AuthError(Code.DISABLED_USER)
    user, token = await auth.store.add_user_with_session(new)
    return reply({"session": await auth.sessions.describe(user, token)})


ENDPOINTS = endpoints(("POST", "/signin/anonymous", sign_in))
