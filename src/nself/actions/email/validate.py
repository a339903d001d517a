"""What is wrong with the settings of the mail server, as far as it can be known without asking it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from email.utils import parseaddr

from nself.actions.email.configure import TLS_FROM_THE_START, is_public
from nself.actions.email.outgoing import Outgoing, outgoing
from nself.errors import ConfigError
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    valid: bool
    problems: tuple[str, ...]


def validate(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Validated:
    try:
        server = outgoing(project, host, environ)
    except ConfigError as error:
        return Validated(valid=False, problems=(error.message,))
    problems = () if server.ours else tuple(_problems(server))
    return Validated(valid=not problems, problems=problems)


def _problems(server: Outgoing) -> Iterator[str]:
    texts = {
        "AUTH_SMTP_HOST": server.host,
        "AUTH_SMTP_USER": server.user,
        "AUTH_SMTP_PASS": server.password,
        "AUTH_SMTP_SENDER": server.sender,
    }
    for key, text in texts.items():
        if text.startswith("<") and text.endswith(">"):
            yield f"{key} was never filled in"
    if "<region>" in server.host:
        yield "AUTH_SMTP_HOST has no region yet"
    if server.user and not server.password:
        yield "AUTH_SMTP_USER is set, AUTH_SMTP_PASS is not"
    if server.password and not server.user:
        yield "AUTH_SMTP_PASS is set, AUTH_SMTP_USER is not, so nobody signs in"
    if server.port == TLS_FROM_THE_START and not server.secure:
        yield "port 465 is TLS from the first byte: set AUTH_SMTP_SECURE=true"
    if server.secure and server.port in {25, 587, 2525}:
        yield f"port {server.port} begins in plain text and turns to TLS: set AUTH_SMTP_SECURE=false"
    address = parseaddr(server.sender)[1]
    if "@" not in address:
        yield "AUTH_SMTP_SENDER is not an address"
    elif not is_public(address.rpartition("@")[2]):
        yield f"mail from {address} is refused by others: set AUTH_SMTP_SENDER to an address of a public domain"
