"""Where well-known providers take mail: host, port and what their user name is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from nself.errors import UnknownNameError
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """`user` is the fixed user name, None where it is the account's own; `note` is what else to know; `steps` is where
    the credentials are found and what must be set up there first. `regions` are hosts that serve one region."""

    name: str
    host: str
    port: int = 587
    user: str | None = None
    note: str = ""
    steps: tuple[str, ...] = ()
    regions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    providers: tuple[Provider, ...]


PROVIDERS = (
    Provider(
        name="sendgrid",
        host="smtp.sendgrid.net",
        user="apikey",
        note="the password is an API key",
        steps=(
            "Settings, API Keys: make one that may send mail; it is the password, the user is the word apikey",
            "Settings, Sender Authentication: verify the sender's domain",
        ),
    ),
    Provider(
        name="aws-ses",
        host="email-smtp.<region>.amazonaws.com",
        note="SMTP credentials, not access keys",
        steps=(
            "SES in the region you send from, SMTP settings: make SMTP credentials; access keys of AWS do not work",
            "Identities: verify the sender's domain",
            "ask for production access: until then SES delivers to verified addresses only",
        ),
    ),
    Provider(
        name="mailgun",
        host="smtp.mailgun.org",
        note="in the EU: smtp.eu.mailgun.org",
        steps=(
            "Sending, Domains: verify the sender's domain",
            "the domain's SMTP credentials: the user is a whole address, as postmaster@mg.example.com",
            "a domain made in the EU is served by --region eu",
        ),
        regions={"us": "smtp.mailgun.org", "eu": "smtp.eu.mailgun.org"},
    ),
    Provider(
        name="postmark",
        host="smtp.postmarkapp.com",
        note="user and password are the server token",
        steps=(
            "your server, API Tokens: the server token is both the user and the password",
            "Sender Signatures: verify the sender's address or domain",
        ),
    ),
    Provider(
        name="gmail",
        host="smtp.gmail.com",
        note="an app password, not the account's",
        steps=(
            "Google Account, Security: switch 2-Step Verification on, then make an app password",
            "the user is the whole address, and mail is sent as that account whatever the sender says",
        ),
    ),
    Provider(
        name="outlook",
        host="smtp.office365.com",
        note="SMTP AUTH must be allowed for the mailbox",
        steps=(
            "Microsoft 365 admin center, the user, Mail, Manage email apps: allow authenticated SMTP",
            "the user is the whole address; Microsoft is giving up passwords here, so a relay will last longer",
        ),
    ),
    Provider(
        name="brevo",
        host="smtp-relay.brevo.com",
        note="an SMTP key, not an API key",
        steps=(
            "SMTP & API, SMTP: the login shown there is the user, an SMTP key the password",
            "Senders & Domains: verify the sender's domain",
        ),
    ),
    Provider(
        name="resend",
        host="smtp.resend.com",
        user="resend",
        note="the password is an API key",
        steps=("API Keys: make one that may send; it is the password", "Domains: verify the sender's domain"),
    ),
    Provider(
        name="sparkpost",
        host="smtp.sparkpostmail.com",
        user="SMTP_Injection",
        note="the password is an API key",
        steps=(
            "API Keys: make one with Send via SMTP; it is the password",
            "Sending Domains: verify the sender's domain",
            "an account in the EU is served by --region eu",
        ),
        regions={"us": "smtp.sparkpostmail.com", "eu": "smtp.eu.sparkpostmail.com"},
    ),
    Provider(
        name="mandrill",
        host="smtp.mandrillapp.com",
        note="the password is an API key",
        steps=(
            "Settings, SMTP & API Info: an API key is the password, any text the user",
            "Sending Domains: verify the sender's domain",
        ),
    ),
    Provider(
        name="elastic-email",
        host="smtp.elasticemail.com",
        port=2525,
        steps=(
            "Settings, SMTP: make credentials; the user is an address, the password is shown once",
            "Settings, Domains: verify the sender's domain",
        ),
    ),
    Provider(
        name="smtp2go",
        host="mail.smtp2go.com",
        steps=(
            "Sending, SMTP Users: add one; its name and password are the user and the password",
            "Sending, Verified Senders: verify the sender's domain",
        ),
    ),
    Provider(
        name="mailersend",
        host="smtp.mailersend.net",
        steps=(
            "Domains: verify the sender's domain",
            "the domain's SMTP: make an SMTP user; its name and password are shown there",
        ),
    ),
)
DEVELOPMENT = "development"
"""The project's own inbox, which delivers nothing."""
CUSTOM = "custom"
POSTFIX = Provider(
    name="postfix",
    host="localhost",
    port=25,
    note="a mail server of this machine; no sign-in",
    steps=(
        "let it relay for this machine alone: mynetworks in main.cf",
        "in containers it is reached as host.docker.internal, and must listen there: --host host.docker.internal",
    ),
)


def find(name: str) -> Provider:
    found = {provider.name: provider for provider in (*PROVIDERS, POSTFIX)}
    if name in found:
        return found[name]
    known = (*found, CUSTOM, DEVELOPMENT)
    raise UnknownNameError(f"no preset is called {name!r}", name, known, fixes=["nself service email providers"])


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
