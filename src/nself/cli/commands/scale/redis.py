"""`nself scale redis …`: how near Redis is to what bounds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, group, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.scale.redis import Running, Status


@group(short_help="How near Redis is to its limits.")
def command() -> None:
    """Redis is one process: more memory for its data is REDIS_MAX_MEMORY, for the process `nself scale up redis`.

    \b
    Examples:
      nself scale redis status
      nself scale up redis --memory 2G
    """


@verb(short_help="Memory, clients and load.", result="nself.actions.scale.redis:Status")
@pass_app
def status(app: App) -> None:
    """Show how much of its memory and clients a running Redis has, and what it does when they run out.

    \b
    Example:
      nself scale redis status --json
    """
    from nself.actions.scale import redis

    app.output.result(redis.status(app.project, app.host, app.environ), human)


def human(found: Status) -> Iterator[Line]:
    if not found.enabled:
        yield "this project has no Redis"
        yield "next: nself service enable redis"
    elif found.running is None:
        yield "✗ stopped"
        yield "next: nself start redis"
    else:
        yield from figures(found.running)


def figures(found: Running) -> Iterator[Line]:
    used, most = found.memory_bytes / 1024**2, found.max_memory_bytes
    yield f"✓ running: {found.engine} {found.version}"
    yield f"commands a second: {found.commands_per_second}"
    if most is None:
        yield f"memory: {used:.1f} MB, without a limit"
    else:
        yield f"memory: {used:.1f} MB of {most / 1024**2:.0f} MB"
        yield f"when that is full: {found.eviction} (keys removed so far: {found.evicted})"
    yield f"clients: {found.clients} of {found.max_clients} (refused so far: {found.refused_clients})"


def _refuse(name: str) -> click.Command:
    """A word that is understood, and answered with what there is instead."""

    @verb(name=name, hidden=True, context_settings={"ignore_unknown_options": True})
    @click.argument("words", nargs=-1)
    def refuse(words: tuple[str, ...]) -> None:
        """A cluster is not offered.

        \b
        Example:
          nself scale redis status
        """
        from nself.actions.scale.redis import refuse_cluster

        refuse_cluster()

    return refuse


command.add_command(status)
for each in ("cluster", "add-node"):
    command.add_command(_refuse(each))
