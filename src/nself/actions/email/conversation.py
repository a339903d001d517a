"""Talk to a mail server one step at a time: DNS, TCP, banner, TLS, sign-in. Each step is made for real and timed."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Literal

from nself.actions.email.outgoing import Outgoing
from nself.auth.settings import SmtpAuthMethod
from nself.records import dataclass

TIMEOUT_S = 10.0
Name = Literal["dns", "tcp", "banner", "tls", "auth"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    name: Name
    ok: bool
    ms: int
    detail: str


class StepFailedError(Exception):
    """A step that went through and did not end well; the text is for people."""


class _Client(smtplib.SMTP):
    """A client over a connection that is there already, so that connecting is a step of its own."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        super().__init__(timeout=TIMEOUT_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.connection


class Conversation:
    """One connection. After `steps()` ran through without a failure, `client` is ready to send."""

    def __init__(self, server: Outgoing) -> None:
        self.server = server
        self.addresses: list[Any] = []
        self.connection: socket.socket | None = None
        self.client: smtplib.SMTP | None = None

    def steps(self) -> Iterator[Step]:
        """Until one fails."""
        order: list[tuple[Name, Callable[[], str]]] = [("dns", self._dns), ("tcp", self._tcp), ("banner", self._banner)]
        order.insert(2 if self.server.secure else 3, ("tls", self._tls if self.server.secure else self._starttls))
        order.append(("auth", self._auth))
        for name, action in order:
            step = _timed(name, action)
            yield step
            if not step.ok:
                return

    def close(self) -> None:
        with suppress(OSError, smtplib.SMTPException):
            if self.client is not None:
                self.client.quit()
        if self.connection is not None:
            self.connection.close()

    def _dns(self) -> str:
        self.addresses = socket.getaddrinfo(self.server.host, self.server.port, type=socket.SOCK_STREAM)
        return ", ".join(dict.fromkeys(str(address[4][0]) for address in self.addresses))

    def _tcp(self) -> str:
        self.connection = socket.create_connection((self.server.host, self.server.port), timeout=TIMEOUT_S)
        address = self.connection.getpeername()
        return f"connected to {address[0]} port {address[1]}"

    def _tls(self) -> str:
        assert self.connection is not None
        context = ssl.create_default_context()
        self.connection = context.wrap_socket(self.connection, server_hostname=self.server.host)
        return f"{self.connection.version()}, the certificate is trusted"

    def _banner(self) -> str:
        assert self.connection is not None
        client = _Client(self.connection)
        # What STARTTLS checks the certificate against: smtplib sets it in its constructor only.
        client._host = self.server.host  # type: ignore[attr-defined]
        code, said = client.connect(self.server.host, self.server.port)
        if code != 220:
            raise StepFailedError(f"it greets with {code} {_text(said)}")
        self.client = client
        code, answer = client.ehlo()
        if code != 250:
            raise StepFailedError(f"it refuses EHLO: {code} {_text(answer)}")
        return _text(said)

    def _starttls(self) -> str:
        assert self.client is not None
        if not self.client.has_extn("starttls"):
            if self.server.user:
                raise StepFailedError("it offers no STARTTLS, so the password would be readable on its way")
            return "not offered; no password is sent"
        self.client.starttls(context=ssl.create_default_context())
        self.client.ehlo()
        self.connection = self.client.sock
        assert isinstance(self.connection, ssl.SSLSocket)
        return f"{self.connection.version()}, the certificate is trusted"

    def _auth(self) -> str:
        client, server = self.client, self.server
        assert client is not None
        if not server.user:
            return "no user is set, so there is no sign-in"
        client.user, client.password = server.user, server.password
        answer: Any = {
            SmtpAuthMethod.PLAIN: client.auth_plain,
            SmtpAuthMethod.LOGIN: client.auth_login,
            SmtpAuthMethod.CRAM_MD5: client.auth_cram_md5,
        }[server.method]
        client.auth(server.method.value, answer, initial_response_ok=server.method is not SmtpAuthMethod.CRAM_MD5)
        return f"signed in as {server.user}"


def _timed(name: Name, action: Callable[[], str]) -> Step:
    began = time.monotonic()
    try:
        ok, detail = True, action()
    except smtplib.SMTPResponseException as error:
        ok, detail = False, f"{error.smtp_code} {_text(error.smtp_error)}"
    except (smtplib.SMTPException, OSError, UnicodeError, StepFailedError) as error:
        ok, detail = False, str(error) or type(error).__name__
    return Step(name=name, ok=ok, ms=int((time.monotonic() - began) * 1000), detail=detail)


def _text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    # It goes to a terminal, which must not do what a stranger's server says.
    return "".join(char if char.isprintable() else "�" for char in " ".join(text.split()))
