"""`nself scale SERVICE [REPLICAS]`: an older form that says everything at once."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.scale import _change as shared


@verb(short_help="Say at once how much of a service there is to be.", result=shared.SHAPE, hidden=True)
@click.argument("service")
@click.argument("count", type=click.IntRange(min=0), required=False, metavar="[REPLICAS]")
@shared.replicas
@shared.memory
@shared.cpu
@shared.timeout
@shared.dry_run
@click.pass_context
@pass_app
def command(
    app: App,
    context: click.Context,
    service: str,
    count: int | None,
    replicas: int | None,
    memory: str | None,
    cpu: float | None,
    timeout: int | None,
    dry_run: bool,
) -> None:
    """Bring a service to what is named, up or down.

    \b
    Examples:
      nself scale web 3
      nself scale web --memory 1G --cpu 1
    """
    from nself.actions.scale.rules import Wish

    if count is not None and replicas not in (None, count):
        raise click.UsageError(f"{count} and --replicas {replicas} are two different numbers")
    number = count if replicas is None else replicas
    if number is None and memory is None and cpu is None:
        raise click.UsageError(f"say how much: nself scale out {service}, nself scale {service} 3, nself scale status")
    wish = Wish(direction="to", replicas=number, memory=memory, cpu=cpu)
    shared.change(app, context, service, wish, dry=dry_run, patience=timeout)
