"""`nself scale out`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.scale import _change as shared


@verb(short_help="Run more replicas of a service.", result=shared.SHAPE)
@click.argument("service")
@shared.replicas
@shared.timeout
@shared.dry_run
@click.pass_context
@pass_app
def command(
    app: App, context: click.Context, service: str, replicas: int | None, timeout: int | None, dry_run: bool
) -> None:
    """Run more replicas of a service, behind the proxy: each new one is well before a request goes to it. One more,
    or as many as --replicas says.

    \b
    Examples:
      nself scale out web
      nself scale out web --replicas 3
    """
    from nself.actions.scale.rules import Wish

    shared.change(app, context, service, Wish(direction="out", replicas=replicas), dry=dry_run, patience=timeout)
