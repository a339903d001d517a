"""Send one real mail through the project's mail server, and see it arrive where we can look."""

from __future__ import annotations

import secrets
import smtplib
from collections.abc import Mapping
from contextlib import closing
from email.message import EmailMessage
from email.utils import localtime, make_msgid, parseaddr

from nself.actions.door import open_door
from nself.actions.email import inbox
from nself.actions.email.conversation import Conversation
from nself.actions.email.outgoing import Outgoing, outgoing, refuse_stopped
from nself.errors import NetworkError, UsageError
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass

ARRIVAL_S = 10.0
_BODY = "This mail was sent by `nself service email test`: the mail server of your project works.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """`arrived` is None where we cannot look: in the mailbox of somebody else."""

    to: str
    sender: str
    provider: str
    host: str
    port: int
    message_id: str
    arrived: bool | None
    duration_ms: int


def send(project: Project, host: LocalHost, environ: Mapping[str, str], to: str | None = None) -> Sent:
    """NetworkError when a step on the way fails, or the mail is not in the inbox it was sent to."""
    server = outgoing(project, host, environ)
    recipient = _address(to or (f"test@{project.base_domain}" if server.ours else ""))
    refuse_stopped(server, project, host, environ)
    message = _message(server, recipient)
    began = host.monotonic()
    deliver(server, message, recipient)
    arrived = _wait(project, host, environ, message["Subject"]) if server.ours else None
    if arrived is False:
        raise NetworkError(
            f"the inbox took the mail, and it is not there after {ARRIVAL_S:g} s",
            fixes=["nself logs mail", "nself service email inbox"],
        )
    return Sent(
        to=recipient,
        sender=server.sender,
        provider=server.provider,
        host=server.host,
        port=server.port,
        message_id=message["Message-ID"],
        arrived=arrived,
        duration_ms=int((host.monotonic() - began) * 1000),
    )


def deliver(server: Outgoing, message: EmailMessage, recipient: str) -> None:
    with closing(Conversation(server)) as conversation:
        for step in conversation.steps():
            if not step.ok:
                raise NetworkError(
                    f"{server.host}:{server.port}: {step.name}: {step.detail}",
                    fixes=["nself service email check", "nself service email config"],
                )
        assert conversation.client is not None
        try:
            conversation.client.send_message(message, parseaddr(server.sender)[1], [recipient])
        except (smtplib.SMTPException, OSError) as error:
            raise NetworkError(
                f"{server.host}:{server.port} does not take the mail: {error}",
                fixes=["nself service email config", "check that the sender's domain is verified at your provider"],
            ) from error


def _message(server: Outgoing, recipient: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = server.sender
    message["To"] = recipient
    # What the mail is found by: a message id is not searched for.
    message["Subject"] = f"nself test {secrets.token_hex(6)}"
    message["Date"] = localtime()
    message["Message-ID"] = make_msgid(domain=parseaddr(server.sender)[1].rpartition("@")[2] or "localhost")
    message.set_content(_BODY)
    return message


def _wait(project: Project, host: LocalHost, environ: Mapping[str, str], subject: str) -> bool:
    door = open_door(project, host, environ)
    until = host.monotonic() + ARRIVAL_S
    with door.client() as client:
        while True:
            if inbox.search(door, client, f'subject:"{subject}"'):
                return True
            if host.monotonic() > until:
                return False
            host.sleep(0.1)


def _address(text: str) -> str:
    if not text:
        raise UsageError("name an address to send to", fixes=["nself service email test you@example.com"])
    if parseaddr(text)[1] != text or text.count("@") != 1 or not text.isprintable() or " " in text:
        raise UsageError(f"{text!r} is not an address", fixes=["nself service email test you@example.com"])
    return text
