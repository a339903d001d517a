"""The mail server a project sends through, as this machine reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from nself.actions.email import providers
from nself.actions.stack import open_stack
from nself.auth.settings import AuthSettings, SmtpAuthMethod
from nself.errors import ConfigError
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.spec import Endpoint
from nself.records import dataclass
from nself.services import mail
from nself.settings import describe


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """`ours` is the development inbox. `secure` is TLS from the first byte; otherwise STARTTLS when it is offered."""

    provider: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str
    secure: bool
    method: SmtpAuthMethod
    ours: bool


def outgoing(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Outgoing:
    """ConfigError when the project can send no mail at all."""
    found = project.settings(AuthSettings, **_required(project))
    ours = not found.smtp_host and mail.SERVICE.wanted(project)
    if not found.smtp_host and not ours:
        raise ConfigError(
            "this project can send no mail: AUTH_SMTP_HOST is not set, and the development inbox is off",
            fixes=["nself service email setup", "nself service enable mail"],
        )
    at = _inbox(project, host, environ) if ours else Endpoint(found.smtp_host, found.smtp_port)
    return Outgoing(
        provider=providers.DEVELOPMENT if ours else providers.named(found.smtp_host),
        host=at.host,
        port=at.port,
        user="" if ours else found.smtp_user,
        password="" if ours else found.smtp_password,
        sender=found.smtp_sender or f"noreply@{project.base_domain}",
        secure=found.smtp_secure and not ours,
        method=found.smtp_auth_method,
        ours=ours,
    )


def refuse_stopped(server: Outgoing, project: Project, host: LocalHost, environ: Mapping[str, str]) -> None:
    """The inbox of a project that is down: who listens at its port then is another's."""
    if server.ours:
        open_stack(project, host, environ).refuse_stopped()


def _inbox(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Endpoint:
    stack = open_stack(project, host, environ)
    published = stack.runtime.published(stack.spec(mail.NAME))
    if mail.SMTP.name not in published:
        raise ConfigError(
            f"the development inbox takes mail inside the stack only ({stack.runtime.kind}, {project.env})",
            fixes=["nself service email inbox shows what it got"],
        )
    return published[mail.SMTP.name]


def _required(project: Project) -> dict[str, str]:
    """Stand-ins for what has nothing to do with mail."""
    return {item.field: "" for item in describe(AuthSettings) if item.required}
