"""Where well-known providers take mail: host, port and what their user name is."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from nself.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """`user` is the fixed user name, None where it is the account's own; `note` is what else to know."""

    name: str
    host: str
    port: int = 587
    user: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    providers: tuple[Provider, ...]


PROVIDERS = (
    Provider(name="sendgrid", host="smtp.sendgrid.net", user="apikey", note="the password is an API key"),
    Provider(name="aws-ses", host="email-smtp.<region>.amazonaws.com", note="SMTP credentials, not access keys"),
    Provider(name="mailgun", host="smtp.mailgun.org", note="in the EU: smtp.eu.mailgun.org"),
    Provider(name="postmark", host="smtp.postmarkapp.com", note="user and password are the server token"),
    Provider(name="gmail", host="smtp.gmail.com", note="an app password, not the account's"),
    Provider(name="outlook", host="smtp.office365.com"),
    Provider(name="brevo", host="smtp-relay.brevo.com"),
    Provider(name="resend", host="smtp.resend.com", user="resend", note="the password is an API key"),
    Provider(name="sparkpost", host="smtp.sparkpostmail.com", user="SMTP_Injection"),
    Provider(name="mandrill", host="smtp.mandrillapp.com", note="the password is an API key"),
    Provider(name="elastic-email", host="smtp.elasticemail.com", port=2525),
    Provider(name="smtp2go", host="mail.smtp2go.com"),
    Provider(name="mailersend", host="smtp.mailersend.net"),
)
DEVELOPMENT = "development"
"""The project's own inbox, which delivers nothing."""
CUSTOM = "custom"


def find(name: str) -> Provider:
    found = {provider.name: provider for provider in PROVIDERS}
    if name in found:
        return found[name]
    near = get_close_matches(name, found, n=1)
    fixes = [f"did you mean {near[0]}?"] if near else []
    raise UsageError(f"no preset is called {name!r}", fixes=[*fixes, "nself service email providers"])


def named(host: str) -> str:
    """The provider a host belongs to; `custom` for any other."""
    for provider in PROVIDERS:
        domain = provider.host.split(".", 1)[1].removeprefix("<region>.")
        if host == provider.host or host.endswith(f".{domain}"):
            return provider.name
    return CUSTOM


def settings(provider: Provider) -> dict[str, str]:
    """The lines of an env file that use a provider; what is the account's own is left to fill in."""
    return {
        "AUTH_SMTP_HOST": provider.host,
        "AUTH_SMTP_PORT": str(provider.port),
        "AUTH_SMTP_USER": provider.user or "<user>",
        "AUTH_SMTP_PASS": "<password>",
        "AUTH_SMTP_SENDER": "noreply@<your domain>",
    }
