"""The settings that say how a project sends mail, and where each comes from."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import field

from nself.actions.config import read as config
from nself.actions.email.conversation import Conversation
from nself.actions.email.outgoing import Outgoing, outgoing, refuse_stopped
from nself.actions.stack import NotRunningError
from nself.auth.settings import AuthSettings
from nself.errors import ConfigError
from nself.host import LocalHost
from nself.model.load import Loaded
from nself.model.project import Project
from nself.records import dataclass
from nself.services import mail
from nself.settings import describe

_PREFIX = "AUTH_SMTP_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`value` is masked when it is secret; `source` is `file:line`, None for a default."""

    key: str
    value: str = field(repr=False)
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """`provider` is None when the project can send no mail; `reason` says why it cannot, or cannot now."""

    provider: str | None
    host: str | None
    port: int | None
    user: str | None
    sender: str | None
    inbox_enabled: bool
    reachable: bool
    reason: str | None


def configuration(loaded: Loaded) -> Configuration:
    keys = [item.variable.name for item in describe(AuthSettings) if item.variable.name.startswith(_PREFIX)]
    got = [config.get(loaded, key) for key in keys]
    return Configuration(
        settings=tuple(
            Setting(key=each.key, value=each.value or "", source=None if each.source == "default" else each.source)
            for each in got
        )
    )


def state(project: Project, host: LocalHost, environ: Mapping[str, str]) -> State:
    """How mail is sent, and whether the server answers now."""
    enabled = mail.SERVICE.wanted(project)
    try:
        server = outgoing(project, host, environ)
    except ConfigError as error:
        return State(provider=None, host=None, port=None, user=None, sender=None, inbox_enabled=enabled,
                     reachable=False, reason=error.message)  # fmt: skip
    reason = _trouble(server, project, host, environ)
    return State(
        provider=server.provider,
        host=server.host,
        port=server.port,
        user=server.user or None,
        sender=server.sender,
        inbox_enabled=enabled,
        reachable=reason is None,
        reason=reason,
    )


def _trouble(server: Outgoing, project: Project, host: LocalHost, environ: Mapping[str, str]) -> str | None:
    try:
        refuse_stopped(server, project, host, environ)
    except NotRunningError as error:
        return error.message
    with closing(Conversation(server)) as conversation:
        failed = next((step for step in conversation.steps() if not step.ok), None)
    return f"{failed.name}: {failed.detail}" if failed else None
