"""Point a project at a mail provider: the settings together or none of them, and only when the server takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from email.utils import parseaddr

from nself.actions import project as projects
from nself.actions.config import change
from nself.actions.config.change import Target
from nself.actions.email import providers
from nself.actions.email.check import Checked, of_server
from nself.actions.email.outgoing import Outgoing
from nself.actions.email.providers import CUSTOM, DEVELOPMENT, Provider
from nself.auth.settings import AuthSettings, SmtpAuthMethod
from nself.errors import ConfigError, NetworkError, UsageError
from nself.model.project import Project
from nself.model.spec import Runtime
from nself.records import dataclass
from nself.services import mail
from nself.settings import describe

TLS_FROM_THE_START = 465


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user says of their account; None is the provider's own, or what is set already."""

    provider: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sender: str | None = None
    region: str | None = None
    host: str | None = None
    port: int | None = None
    check: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """`checked` is False when nobody asked the server. `files` are those that were changed."""

    provider: str
    host: str
    port: int
    user: str | None
    sender: str | None
    checked: bool
    files: tuple[str, ...]


def configure(target: Target, wish: Wish) -> Configured:
    """Nothing is written when the server does not take the account."""
    project = projects.load(target.directory, target.environ, env=target.env, host=target.host)
    if wish.provider == DEVELOPMENT:
        return _development(target, project)
    server = account(project, wish)
    if wish.check:
        refuse(of_server(server))
    files = _write(target, server)
    return Configured(
        provider=server.provider,
        host=server.host,
        port=server.port,
        user=server.user or None,
        sender=server.sender,
        checked=wish.check,
        files=files,
    )


def account(project: Project, wish: Wish) -> Outgoing:
    """The server as it would be used; UsageError names what is missing."""
    set_now = project.settings(AuthSettings, **{item.field: "" for item in describe(AuthSettings) if item.required})
    provider = Provider(name=CUSTOM, host="") if wish.provider == CUSTOM else providers.find(wish.provider)
    host = _host(provider, wish, project)
    same = host == set_now.smtp_host
    user = wish.user or provider.user or (set_now.smtp_user if same else "")
    password = wish.password or (set_now.smtp_password if same else "")
    port = wish.port or provider.port
    if not user and provider.name not in {CUSTOM, providers.POSTFIX.name}:
        raise UsageError(f"{provider.name} needs a user", fixes=["--user NAME", _docs(provider)])
    if user and not password:
        raise UsageError(
            f"{user} needs a password, and it does not belong on a command line",
            fixes=[
                "--password-stdin reads it from standard input",
                "run this on a terminal to be asked",
                _docs(provider),
            ],
        )
    return Outgoing(
        provider=provider.name,
        host=host,
        port=port,
        user=user,
        password=password,
        sender=_sender(wish, set_now.smtp_sender, project),
        secure=port == TLS_FROM_THE_START,
        method=set_now.smtp_auth_method if same else SmtpAuthMethod.PLAIN,
        ours=False,
    )


def refuse(checked: Checked) -> None:
    failed = next((step for step in checked.steps if not step.ok), None)
    if failed is None:
        return
    raise NetworkError(
        f"{checked.host}:{checked.port} does not take it: {failed.name}: {failed.detail}; nothing was written",
        fixes=[
            f"nself service email docs {checked.provider}" if checked.provider != CUSTOM else "look at host and port",
            "--no-check writes it without asking the server",
        ],
    )


def _host(provider: Provider, wish: Wish, project: Project) -> str:
    if wish.host:
        if any(char.isspace() or not char.isprintable() or char in "/@" for char in wish.host):
            raise UsageError(f"{wish.host!r} is not a host name", fixes=["--host smtp.example.com"])
        return wish.host
    if provider.name == CUSTOM:
        raise UsageError(
            "custom needs a mail server", fixes=["--host smtp.example.com", "nself service email providers"]
        )
    if provider == providers.POSTFIX and project.runtime is Runtime.COMPOSE:
        raise UsageError(
            "in containers localhost is the container itself", fixes=["--host host.docker.internal --no-check"]
        )
    if "<region>" in provider.host:
        if not wish.region:
            raise UsageError(f"{provider.name} needs a region", fixes=["--region eu-west-1"])
        return provider.host.replace("<region>", wish.region)
    if wish.region and wish.region not in provider.regions:
        known = ", ".join(provider.regions)
        raise UsageError(
            f"{provider.name} has no region {wish.region!r}",
            fixes=[f"its regions are {known}" if known else "leave --region out"],
        )
    return provider.regions[wish.region] if wish.region else provider.host


def _sender(wish: Wish, now: str, project: Project) -> str:
    sender = wish.sender or now or f"noreply@{project.base_domain}"
    address = parseaddr(sender)[1]
    name, _, domain = address.rpartition("@")
    if not (name and domain and sender.isprintable() and " " not in address):
        raise UsageError(f"{sender!r} is not an address", fixes=["--sender noreply@example.com"])
    if not is_public(domain):
        raise UsageError(
            f"mail from {address} would be refused by everybody: {domain} is no public domain",
            fixes=["--sender noreply@example.com"],
        )
    return sender


def is_public(domain: str) -> bool:
    """Whether others could know it: mail from a domain that is nobody's is refused."""
    return "." in domain and not domain.endswith((".localhost", ".local", ".test", ".internal"))


def _write(target: Target, server: Outgoing) -> tuple[str, ...]:
    pairs = {
        "AUTH_SMTP_HOST": server.host,
        "AUTH_SMTP_PORT": str(server.port),
        "AUTH_SMTP_SECURE": str(server.secure).lower(),
        "AUTH_SMTP_USER": server.user,
        "AUTH_SMTP_PASS": server.password,
        "AUTH_SMTP_SENDER": server.sender,
    }
    return _set(target, pairs, f"send mail through {server.provider}")


def _development(target: Target, project: Project) -> Configured:
    if not mail.SERVICE.wanted(project):
        raise UsageError(
            f"the development inbox is off in this project ({project.env})", fixes=["nself service email enable"]
        )
    files = _set(target, {"AUTH_SMTP_HOST": ""}, "send mail to the development inbox")
    return Configured(provider=DEVELOPMENT, host="", port=0, user=None, sender=None, checked=False, files=files)


def _set(target: Target, pairs: Mapping[str, str], what: str) -> tuple[str, ...]:
    """Write them, and see that no other layer says otherwise."""
    edits = [edit for edit in change.variable_edits(target, pairs) if edit.old != edit.new]
    change.apply(target, edits, what)
    values = target.inspect().cascade.values
    other = next((values[key] for key, text in pairs.items() if values[key].text != text), None)
    if other is not None:
        raise ConfigError(
            f"it is written, but {other.file or other.layer} says otherwise of {other.key} and wins",
            fixes=[f"nself config explain {other.key}"],
        )
    return tuple(edit.file for edit in edits)


def _docs(provider: Provider) -> str:
    return f"nself service email docs {provider.name}" if provider.name != CUSTOM else "nself service email providers"
