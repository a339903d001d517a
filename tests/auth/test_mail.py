from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from nself.auth.mail import Mailer, TicketMail
from nself.auth.redirects import AllowList
from nself.auth.settings import AuthSettings
from nself.auth.tickets import EMAIL_CHANGE, VERIFY_EMAIL
from nself.errors import NetworkError
from tests.auth.conftest import Inbox, settings_of
from tests.auth.test_access_tokens import ADA
from tests.cluster import free_port

MAIL = TicketMail(
    user=ADA, to="ada@example.com", kind=VERIFY_EMAIL, ticket="verifyEmail:1", redirect_to="https://app.example.com/a"
)


def settings(port: int = 1, **variables: str) -> AuthSettings:
    base = {
        "AUTH_SMTP_HOST": "127.0.0.1",
        "AUTH_SMTP_PORT": str(port),
        "AUTH_SERVER_URL": "https://auth.example.com/v1/",
    }
    return settings_of(**(base | variables))


def mailer(configured: AuthSettings) -> Mailer:
    return Mailer(configured, AllowList.from_settings(configured))


def test_headers_tell_programs_what_the_mail_is() -> None:
    message = mailer(settings(AUTH_SMTP_SENDER="Auth <auth@example.com>")).compose(MAIL)
    link = (
        "https://auth.example.com/v1/verify?type=emailVerify&ticket=verifyEmail%3A1"
        "&redirectTo=https%3A%2F%2Fapp.example.com%2Fa"
    )
    expected = {
        "From": "Auth <auth@example.com>",
        "To": "ada@example.com",
        "Subject": "Confirm your e-mail address",
        "X-Email-Template": "email-verify",
        "X-Link": link,
        "X-Ticket": "verifyEmail:1",
        "X-Redirect-To": "https://app.example.com/a",
    }
    assert {name: message[name] for name in expected} == expected
    assert message["Message-ID"].endswith("@example.com>")
    body = message.get_body(("plain",))
    assert body is not None and f"Confirm e-mail address: {link}" in body.get_content()


def test_a_long_link_arrives_in_one_piece(inbox: Inbox) -> None:
    mail = replace(MAIL, redirect_to="https://app.example.com/" + "a" * 800)
    asyncio.run(mailer(settings(inbox.port)).send(mail))
    assert inbox.last()["X-Redirect-To"] == mail.redirect_to


def test_without_a_sender_the_server_s_own_name_is_used() -> None:
    assert mailer(settings()).compose(MAIL)["From"] == "noreply@auth.example.com"


@pytest.mark.parametrize("field", ["ticket", "redirect_to", "to"])
def test_nothing_can_be_added_to_the_headers(field: str) -> None:
    forged: Any = {field: "x\r\nBcc: eve@evil.test"}
    mail = replace(MAIL, **forged)
    with pytest.raises(ValueError, match=r"linefeed|newline"):
        mailer(settings()).compose(mail)


def test_a_name_cannot_bring_markup_or_headers_along() -> None:
    user = replace(ADA, display_name="<img src=x>\r\nBcc: eve@evil.test")
    message = mailer(settings()).compose(replace(MAIL, user=user))
    assert message["Bcc"] is None
    html = message.get_body(("html",))
    assert html is not None and "<img" not in html.get_content()


@pytest.mark.parametrize("address", ["a..b@example.com", ".a@localhost", "%s_`{|}@x.y"])
def test_odd_addresses_are_written_to_all_the_same(inbox: Inbox, address: str) -> None:
    asyncio.run(mailer(settings(inbox.port)).send(replace(MAIL, to=address)))
    assert inbox.recipients == [address]


def test_the_old_and_the_new_address_are_told_apart() -> None:
    user = replace(ADA, new_email="stale@example.com")
    message = mailer(settings()).compose(replace(MAIL, user=user, kind=EMAIL_CHANGE, to="new@example.com"))
    body = message.get_body(("plain",))
    assert body is not None and "from ada@example.com to new@example.com" in body.get_content()


@pytest.mark.parametrize("variables", [{}, {"AUTH_SMTP_HOST": ""}, {"AUTH_SMTP_SECURE": "true"}])
def test_a_server_out_of_reach_is_one_kind_of_error(variables: Any) -> None:
    with pytest.raises(NetworkError):
        asyncio.run(mailer(settings(**variables)).send(MAIL))


@pytest.mark.parametrize("method", ["PLAIN", "LOGIN"])
def test_the_mailer_logs_in_where_it_has_a_name(method: str) -> None:
    inbox = Inbox(free_port())
    seen = []

    def check(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        seen.append((mechanism, data.login, data.password))  # type: ignore[attr-defined]
        return AuthResult(success=data.password == b"hush", handled=False)  # type: ignore[attr-defined]

    controller = Controller(inbox, hostname="127.0.0.1", port=inbox.port, authenticator=check, auth_require_tls=False)
    controller.start()
    try:
        variables: Any = {"AUTH_SMTP_USER": "ada", "AUTH_SMTP_PASS": "hush", "AUTH_SMTP_AUTH_METHOD": method}
        asyncio.run(mailer(settings(inbox.port, **variables)).send(MAIL))
        with pytest.raises(NetworkError) as refused:
            asyncio.run(mailer(settings(inbox.port, **(variables | {"AUTH_SMTP_PASS": "guess"}))).send(MAIL))
    finally:
        controller.stop()
    assert seen[0] == (method, b"ada", b"hush") and len(inbox.messages) == 1
    assert "guess" not in refused.value.message
