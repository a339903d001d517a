"""Which mail providers this project and this machine already know of. Names of variables, never their values."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping

from nself.actions.email import providers
from nself.actions.email.outgoing import outgoing
from nself.errors import ConfigError
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass

KEYS = {
    "SENDGRID_API_KEY": "sendgrid",
    "RESEND_API_KEY": "resend",
    "POSTMARK_API_TOKEN": "postmark",
    "POSTMARK_SERVER_TOKEN": "postmark",
    "POSTMARK_API_KEY": "postmark",
    "MAILGUN_API_KEY": "mailgun",
    "MAILGUN_SMTP_LOGIN": "mailgun",
    "BREVO_API_KEY": "brevo",
    "SENDINBLUE_API_KEY": "brevo",
    "SPARKPOST_API_KEY": "sparkpost",
    "MANDRILL_API_KEY": "mandrill",
    "MAILERSEND_API_KEY": "mailersend",
    "MAILERSEND_API_TOKEN": "mailersend",
    "SMTP2GO_API_KEY": "smtp2go",
    "ELASTICEMAIL_API_KEY": "elastic-email",
    "AWS_SES_REGION": "aws-ses",
    "SES_REGION": "aws-ses",
}
"""Variables under which the providers' own libraries look for their key."""
HOSTS = ("SMTP_HOST", "MAIL_HOST", "EMAIL_HOST", "SMTP_SERVER", "MAIL_SERVER")
WAIT_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`host` is a mail server that is named or listens; None when only the provider is known."""

    provider: str
    because: str
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """`configured` is what mail goes through now, None when none can be sent."""

    configured: str | None
    found: tuple[Found, ...]


def detect(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Detected:
    try:
        configured = outgoing(project, host, environ).provider
    except ConfigError:
        configured = None
    return Detected(configured=configured, found=(*_variables(project, environ), *_listening()))


def _variables(project: Project, environ: Mapping[str, str]) -> Iterator[Found]:
    texts = {**environ, **{key: value.text for key, value in project.values.items()}}
    where = {key: value.file for key, value in project.values.items() if value.file}
    for key, provider in KEYS.items():
        if texts.get(key):
            yield Found(provider=provider, because=f"{key} in {where.get(key, 'the environment')}")
    for key in HOSTS:
        if texts.get(key):
            because = f"{key} in {where.get(key, 'the environment')}"
            yield Found(provider=providers.named(texts[key]), because=because, host=texts[key])


def _listening() -> Iterator[Found]:
    """A mail server of this machine."""
    try:
        socket.create_connection((providers.POSTFIX.host, providers.POSTFIX.port), timeout=WAIT_S).close()
    except OSError:
        return
    yield Found(
        provider=providers.POSTFIX.name, because="a mail server listens on port 25 here", host=providers.POSTFIX.host
    )
