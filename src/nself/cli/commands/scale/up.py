"""`nself scale up`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.scale import _change as shared


@verb(short_help="Give a service more memory and CPU.", result=shared.SHAPE)
@click.argument("service")
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
    memory: str | None,
    cpu: float | None,
    timeout: int | None,
    dry_run: bool,
) -> None:
    """Give each replica of a service more memory and CPU: what is named, else the next of small (512M, 0.5 CPU),
    medium (1G, 1) and large (2G, 2). Limits hold for containers; native processes are shown with them only.

    \b
    Examples:
      nself scale up web
      nself scale up web --memory 4G --cpu 2
    """
    from nself.actions.scale.rules import Wish

    wish = Wish(direction="up", memory=memory, cpu=cpu)
    shared.change(app, context, service, wish, dry=dry_run, patience=timeout)
