"""Real mail servers on loopback, and a certificate for them."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from nself.actions.email.outgoing import Outgoing
from nself.auth.settings import SmtpAuthMethod
from nself.host import LocalHost
from nself.tls import authority, issue, place
from nself.tls.leaf import CHAIN, KEY
from tests.cluster import free_port

SERVER = Outgoing(
    provider="custom", host="localhost", port=0, user="", password="", sender="shop@example.com", secure=False,
    method=SmtpAuthMethod.PLAIN, ours=False,
)  # fmt: skip
PASSWORD = "right password"


class Mailbox:
    def __init__(self) -> None:
        self.received: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.received.append(envelope)
        return "250 kept"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 ok"


def allowed(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
    return AuthResult(success=right, handled=right)


Serve = Callable[..., Outgoing]


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def serve(mailbox: Mailbox) -> Iterator[Serve]:
    """A factory of running mail servers."""
    started: list[Controller] = []

    def start(**options: Any) -> Outgoing:
        controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), **options)
        controller.start()
        started.append(controller)
        return replace(SERVER, port=controller.port)

    yield start
    for controller in started:
        controller.stop()


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate for localhost, whose authority this process trusts."""
    ca = authority.ensure(tmp_path / "ca", LocalHost())
    issue.into(tmp_path / "certs", ca, ["localhost"], LocalHost())
    monkeypatch.setenv("SSL_CERT_FILE", str(place.certificate_path(tmp_path / "ca")))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "certs" / CHAIN, tmp_path / "certs" / KEY)
    return context
