from __future__ import annotations

import pytest

from tests.auth.conftest import EMAIL, HOME, PASSWORD, Api, Execute, Inbox, Start, bearer, redirect

NEW = "battery staple"
BAD_TICKET = (401, "invalid-ticket")


@pytest.fixture
def verified(mailing: Start, inbox: Inbox) -> Api:
    """A server that sends mail, and its one verified user."""
    api = mailing()
    api.sign_up()
    api.get(inbox.link())
    inbox.messages.clear()
    inbox.recipients.clear()
    return api


def test_the_profile_needs_a_token(api: Api) -> None:
    session = api.session()
    assert api.get("/user", headers=bearer(session["accessToken"])).json() == session["user"]
    response = api.get("/user")
    assert response.status_code == 401
    assert response.json() == {
        "status": 401,
        "message": "Unauthorized",
        "error": "unauthorized",
        "reason": "missing or malformed authorization header",
        "securityScheme": "BearerAuth",
    }


def test_a_changed_password_ends_the_sessions_and_replaces_the_old_one(api: Api, execute: Execute) -> None:
    session = api.session()
    assert api.ok("/user/password", {"newPassword": NEW}, session["accessToken"]) == "OK"
    body = {"email": EMAIL, "password": PASSWORD}
    assert api.fails("/signin/email-password", body) == (401, "invalid-email-password")
    assert api.fails("/token", {"refreshToken": session["refreshToken"]}) == (401, "invalid-refresh-token")
    api.sign_in(password=NEW)


def test_a_password_needs_a_token_or_a_ticket(api: Api) -> None:
    assert api.fails("/user/password", {"newPassword": NEW}) == (400, "invalid-request")
    assert api.fails("/user/password", {"newPassword": NEW}, "forged") == (401, "unauthorized")
    assert api.fails("/user/password", {"newPassword": NEW, "ticket": "passwordReset:x"}) == BAD_TICKET
    assert api.fails("/user/password", {"newPassword": NEW, "ticket": "verifyEmail:x"}) == (400, "invalid-request")


def reset(api: Api, inbox: Inbox, **options: object) -> str:
    """Ask for a reset and wait for its mail, which is sent after the answer."""
    body = {"email": EMAIL} | ({"options": options} if options else {})
    assert api.ok("/user/password/reset", body) == "OK"
    inbox.wait_for(1)
    ticket: str = inbox.last()["X-Ticket"]
    return ticket


def test_a_reset_link_signs_in_and_the_page_sets_the_password(verified: Api, inbox: Inbox) -> None:
    reset(verified, inbox, redirectTo=f"{HOME}/reset?x=1")
    assert inbox.last()["X-Email-Template"] == "password-reset"
    target, query = redirect(verified.get(inbox.link()))
    assert target == f"{HOME}/reset" and query["x"] == "1" and query["type"] == "passwordReset"
    session = verified.ok("/token", {"refreshToken": query["refreshToken"]})
    verified.ok("/user/password", {"newPassword": NEW}, session["accessToken"])
    verified.sign_in(password=NEW)


def test_a_reset_ticket_works_once_without_a_session(verified: Api, inbox: Inbox) -> None:
    ticket = reset(verified, inbox)
    assert verified.fails("/user/password", {"newPassword": "ab", "ticket": ticket}) == (400, "invalid-request")
    verified.ok("/user/password", {"newPassword": NEW, "ticket": ticket})
    assert verified.fails("/user/password", {"newPassword": PASSWORD, "ticket": ticket}) == BAD_TICKET
    verified.sign_in(password=NEW)


def test_a_short_password_does_not_cost_the_ticket(mailing: Start, verified: Api, inbox: Inbox) -> None:
    ticket = reset(verified, inbox)
    strict = mailing(AUTH_PASSWORD_MIN_LENGTH="9")
    assert strict.fails("/user/password", {"newPassword": "short", "ticket": ticket}) == (400, "password-too-short")
    strict.ok("/user/password", {"newPassword": NEW, "ticket": ticket})


def test_an_expired_ticket_is_refused(verified: Api, inbox: Inbox, execute: Execute) -> None:
    ticket = reset(verified, inbox)
    execute("UPDATE auth.users SET ticket_expires_at = now()")
    assert verified.fails("/user/password", {"newPassword": NEW, "ticket": ticket}) == BAD_TICKET


def test_a_reset_says_nothing_about_who_exists(verified: Api, inbox: Inbox, execute: Execute) -> None:
    assert verified.ok("/user/password/reset", {"email": "eve@example.com"}) == "OK"
    execute("UPDATE auth.users SET disabled = true")
    assert verified.ok("/user/password/reset", {"email": EMAIL}) == "OK"
    execute("UPDATE auth.users SET disabled = false")
    reset(verified, inbox)
    assert inbox.recipients == [EMAIL]


def test_a_reset_is_fine_although_the_mail_server_is_dead(mailing: Start, verified: Api) -> None:
    broken = mailing(AUTH_SMTP_PORT="1")
    assert broken.ok("/user/password/reset", {"email": EMAIL}) == "OK"


def test_a_reset_leads_nowhere_else(verified: Api) -> None:
    body = {"email": EMAIL, "options": {"redirectTo": "https://evil.test"}}
    assert verified.fails("/user/password/reset", body) == (400, "redirectTo-not-allowed")


def test_an_address_changes_when_the_new_one_is_confirmed(verified: Api, inbox: Inbox, execute: Execute) -> None:
    token = verified.sign_in()["accessToken"]
    verified.ok("/user/email/change", {"newEmail": "ada@new.example"}, token)
    assert inbox.recipients == ["ada@new.example"]
    assert inbox.last()["X-Email-Template"] == "email-confirm-change"
    assert "from ada@example.com to ada@new.example" in inbox.last().as_string()
    verified.sign_in()
    target, query = redirect(verified.get(inbox.link()))
    assert (target, query["type"]) == (HOME, "emailConfirmChange")
    assert verified.sign_in("ada@new.example")["user"]["emailVerified"] is True
    assert execute("SELECT new_email, ticket FROM auth.users") == [{"new_email": None, "ticket": None}]


def test_an_address_taken_meanwhile_stays_where_it_is(verified: Api, inbox: Inbox, execute: Execute) -> None:
    token = verified.sign_in()["accessToken"]
    verified.ok("/user/email/change", {"newEmail": "new@example.com"}, token)
    link = inbox.link()
    verified.sign_up("new@example.com")
    _, query = redirect(verified.get(link))
    assert (query["error"], query["errorDescription"]) == ("user-already-exists", "User already exists")
    verified.sign_in()


def test_a_taken_or_blocked_address_cannot_be_asked_for(mailing: Start, verified: Api) -> None:
    api = mailing(AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS="evil.test")
    token = api.sign_in()["accessToken"]
    assert api.fails("/user/email/change", {"newEmail": EMAIL.upper()}, token) == (409, "user-already-exists")
    assert api.fails("/user/email/change", {"newEmail": "a@evil.test"}, token) == (401, "invalid-email-password")
    assert api.fails("/user/email/change", {"newEmail": "a@b.test"}) == (401, "unauthorized")


def test_a_ticket_for_one_new_address_never_confirms_another(verified: Api, inbox: Inbox) -> None:
    """The first mail went to a mistyped address; its reader must not be able to confirm the second."""
    token = verified.sign_in()["accessToken"]
    verified.ok("/user/email/change", {"newEmail": "mistyped@example.com"}, token)
    first = inbox.link()
    verified.ok("/user/email/change", {"newEmail": "right@example.com"}, token)
    assert redirect(verified.get(first))[1]["error"] == "invalid-ticket"
    redirect(verified.get(inbox.link()))
    verified.sign_in("right@example.com")


def test_a_verification_mail_sent_again_carries_the_same_ticket(mailing: Start, inbox: Inbox) -> None:
    api = mailing()
    api.sign_up()
    first = inbox.link()
    api.ok("/user/email/send-verification-email", {"email": EMAIL})
    assert inbox.link() == first
    redirect(api.get(first))
    body = {"email": EMAIL}
    assert api.fails("/user/email/send-verification-email", body) == (400, "email-already-verified")


def test_nobody_unknown_gets_a_verification_mail(verified: Api) -> None:
    body = {"email": "eve@example.com"}
    assert verified.fails("/user/email/send-verification-email", body) == (401, "invalid-email-password")
