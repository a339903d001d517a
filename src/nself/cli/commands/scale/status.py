"""`nself scale status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.scale.status import Allocation, Allocations


@verb(short_help="What each service may use, and uses.", result="nself.actions.scale.status:Allocations")
@click.argument("service", required=False)
@pass_app
def command(app: App, service: str | None) -> None:
    """What each service is given (replicas, memory and CPU of each) and what it uses now, all replicas together.

    \b
    Examples:
      nself scale status
      nself scale status web
    """
    from nself.actions.scale import status as action

    app.output.result(action.status(app.project, app.host, app.environ, service), human)


def human(found: Allocations) -> Iterator[Line]:
    yield Table(("SERVICE", "REPLICAS", "MEMORY", "CPU", "USED"), [row(each) for each in found.services])
    if not found.limits_enforced:
        yield "memory and CPU are not enforced natively: they hold where the project runs in containers"
    yield f"pooler: {'on' if found.pooler.enabled else 'off'}, redis: {'on' if found.redis.enabled else 'off'}"


def row(each: Allocation) -> tuple[str, ...]:
    used = each.usage
    count = each.replicas
    shown = f"{used.memory_bytes / 1024**2:.0f} MB, {used.cpu_percent:.1f} %" if used else "-"
    running = "" if count.running == count.wanted else f" ({count.running} running)"
    return each.name, f"{count.wanted}{running}", each.memory, f"{each.cpu:g}", shown
