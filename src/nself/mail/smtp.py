"""The SMTP side: accepts any sender, recipient and password, keeps the message, delivers nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Session
from aiosmtpd.smtp import Envelope as SmtpEnvelope

from nself.errors import NetworkError
from nself.mail.store import Envelope
from nself.records import dataclass

log = logging.getLogger("nself.mail")
Keep = Callable[[bytes, Envelope], Awaitable[object]]
"""Called with each message; the client is told "accepted" only after it returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    message_bytes: int
    recipients: int
    connections: int


@asynccontextmanager
async def listening(host: str, port: int, keep: Keep, limits: Limits) -> AsyncIterator[tuple[str, int]]:
    """An SMTP listener for as long as the block runs; yields the address that was bound."""
    loop = asyncio.get_running_loop()
    open_connections: set[_Conversation] = set()
    inbox = _Inbox(keep, limits)
    try:
        server = await loop.create_server(lambda: _Conversation(inbox, limits, open_connections), host, port)
    except OSError as error:
        raise NetworkError(
            f"mail cannot listen for SMTP on {host}:{port}: {error.strerror or error}",
            fixes=["set MAILPIT_SMTP_PORT to a free port", "nself status mail"],
        ) from error
    try:
        bound = server.sockets[0].getsockname()
        yield bound[0], bound[1]
    finally:
        server.close()
        for conversation in list(open_connections):
            conversation.hang_up()
        await server.wait_closed()


class _Inbox:
    """What aiosmtpd asks at each step of a conversation."""

    def __init__(self, keep: Keep, limits: Limits) -> None:
        self.keep, self.limits = keep, limits

    async def handle_RCPT(  # noqa: N802 - the name aiosmtpd looks for
        self, server: SMTP, session: Session, envelope: SmtpEnvelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= self.limits.recipients:
            return f"452 4.5.3 A message may have {self.limits.recipients} recipients"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: SmtpEnvelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        try:
            await self.keep(content, Envelope(sender=envelope.mail_from or "", recipients=tuple(envelope.rcpt_tos)))
        except Exception:
            # Whatever went wrong, the client must hear that it still owns the message, and the listener must go on.
            log.exception("a message could not be kept")
            return "451 4.3.0 The message could not be kept; try again later"
        return "250 2.0.0 Kept"


class _Conversation(SMTP):
    """One client. Lines may be long: programs that never fold their HTML are what a development inbox is for."""

    line_length_limit = 1024 * 1024

    def __init__(self, inbox: _Inbox, limits: Limits, others: set[_Conversation]) -> None:
        super().__init__(
            inbox,
            data_size_limit=limits.message_bytes,
            enable_SMTPUTF8=True,
            hostname="nself-mail",
            ident="development inbox",
            timeout=60,
            auth_require_tls=False,
            authenticator=_anyone,
            loop=asyncio.get_running_loop(),
        )
        self._others, self._most = others, limits.connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if len(self._others) >= self._most and isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 Too many connections; try again later\r\n")
            transport.close()
        self._others.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._others.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()


def _anyone(server: SMTP, session: Session, envelope: SmtpEnvelope, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=True)
