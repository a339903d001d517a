"""A conversation with real mail servers: honest ones, and ones with something wrong at each step."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage

import pytest

from nself.actions.email import check, send
from nself.actions.email.conversation import Step
from nself.actions.email.outgoing import Outgoing
from nself.auth.settings import SmtpAuthMethod
from nself.errors import NetworkError
from tests.actions.email.conftest import PASSWORD, SERVER, Mailbox, Serve, allowed
from tests.cluster import free_port


def steps(server: Outgoing) -> dict[str, Step]:
    return {step.name: step for step in check.of_server(server).steps}


def test_a_plain_server_is_well_and_no_mail_was_sent(serve: Serve, mailbox: Mailbox) -> None:
    found = check.of_server(serve())
    assert found.ok
    assert [step.name for step in found.steps] == ["dns", "tcp", "banner", "tls", "auth"]
    assert mailbox.received == []


@pytest.mark.parametrize("method", [SmtpAuthMethod.PLAIN, SmtpAuthMethod.LOGIN])
def test_a_password_goes_over_starttls_and_counts(serve: Serve, tls: ssl.SSLContext, method: SmtpAuthMethod) -> None:
    server = serve(tls_context=tls, authenticator=allowed, auth_required=True)
    right = replace(server, user="shop", password=PASSWORD, method=method)
    found = steps(right)
    assert found["tls"].detail.startswith("TLSv1.")
    assert (found["auth"].ok, found["auth"].detail) == (True, "signed in as shop")
    wrong = steps(replace(right, password="wrong"))
    assert not wrong["auth"].ok
    assert "535" in wrong["auth"].detail
    assert "wrong" not in str(wrong)


def test_tls_from_the_first_byte_comes_before_the_greeting(serve: Serve, tls: ssl.SSLContext) -> None:
    server = replace(serve(ssl_context=tls), secure=True)
    assert list(steps(server)) == ["dns", "tcp", "tls", "banner", "auth"]


def test_a_certificate_nobody_vouches_for_ends_it(
    serve: Serve, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(tls_context=tls)
    monkeypatch.delenv("SSL_CERT_FILE")
    found = check.of_server(server)
    assert not found.ok
    assert [step.name for step in found.steps] == ["dns", "tcp", "banner", "tls"]
    assert "certificate" in found.steps[-1].detail


def test_a_password_is_never_sent_in_the_clear(serve: Serve) -> None:
    server = serve(authenticator=allowed, auth_require_tls=False)
    found = steps(replace(server, user="shop", password=PASSWORD))
    assert not found["tls"].ok
    assert "auth" not in found


def test_a_host_that_does_not_exist_is_a_failed_step() -> None:
    found = check.of_server(replace(SERVER, host="mail.invalid", port=25))
    assert [(step.name, step.ok) for step in found.steps] == [("dns", False)]


def test_a_closed_port_is_a_failed_step() -> None:
    found = steps(replace(SERVER, host="127.0.0.1", port=free_port()))
    assert "refused" in found["tcp"].detail


@pytest.fixture
def saying() -> Iterator[Callable[[bytes], Outgoing]]:
    """A factory of servers that say one thing and hang up."""
    listeners: list[socket.socket] = []

    def start(words: bytes) -> Outgoing:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(words)

        threading.Thread(target=answer, daemon=True).start()
        return replace(SERVER, host="127.0.0.1", port=listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        (b"554 go away\r\n", "it greets with 554 go away"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it greets with"),
        (b"", "closed"),
        (b"554 \x1b[2Jgone\r\n", "it greets with 554 �[2Jgone"),
    ],
)
def test_a_server_that_is_none_is_told_by_its_greeting(
    saying: Callable[[bytes], Outgoing], words: bytes, detail: str
) -> None:
    found = steps(saying(words))
    assert not found["banner"].ok
    assert detail in found["banner"].detail


def test_a_mail_goes_out_and_a_refused_recipient_is_an_error(serve: Serve, mailbox: Mailbox) -> None:
    server = serve()
    message = EmailMessage()
    message["Subject"] = "hello"
    send.deliver(server, message, "ada@example.com")
    assert [each.rcpt_tos for each in mailbox.received] == [["ada@example.com"]]
    with pytest.raises(NetworkError, match="no such mailbox"):
        send.deliver(server, message, "nobody@example.com")


def test_a_server_that_is_away_is_named_with_the_step() -> None:
    with pytest.raises(NetworkError, match=r"tcp: .*refused"):
        send.deliver(replace(SERVER, host="127.0.0.1", port=free_port()), EmailMessage(), "ada@example.com")
