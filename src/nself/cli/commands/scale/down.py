"""`nself scale down`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.scale import _change as shared


@verb(short_help="Give a service less memory and CPU.", result=shared.SHAPE)
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
    """Give each replica of a service less memory and CPU: what is named, else the next below it of large (2G, 2 CPU),
    medium (1G, 1) and small (512M, 0.5). Limits hold for containers; native processes are shown with them only.

    \b
    Examples:
      nself scale down web
      nself scale down web --memory 128M
    """
    from nself.actions.scale.rules import Wish

    wish = Wish(direction="down", memory=memory, cpu=cpu)
    shared.change(app, context, service, wish, dry=dry_run, patience=timeout)
