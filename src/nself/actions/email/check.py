"""Whether the project's mail server takes our mail: each step of a conversation, and no mail sent."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing

from nself.actions.email.conversation import Conversation, Step
from nself.actions.email.outgoing import Outgoing, outgoing, refuse_stopped
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """`steps` end with the first that failed."""

    provider: str
    host: str
    port: int
    steps: tuple[Step, ...]
    ok: bool


def check(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Checked:
    server = outgoing(project, host, environ)
    refuse_stopped(server, project, host, environ)
    return of_server(server)


def of_server(server: Outgoing) -> Checked:
    with closing(Conversation(server)) as conversation:
        steps = tuple(conversation.steps())
    return Checked(
        provider=server.provider,
        host=server.host,
        port=server.port,
        steps=steps,
        ok=all(step.ok for step in steps),
    )
