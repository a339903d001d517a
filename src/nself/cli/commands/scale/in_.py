"""`nself scale in`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.scale import _change as shared


@verb(short_help="Run fewer replicas of a service.", result=shared.SHAPE)
@click.argument("service")
@shared.replicas
@shared.timeout
@shared.dry_run
@click.pass_context
@pass_app
def command(
    app: App, context: click.Context, service: str, replicas: int | None, timeout: int | None, dry_run: bool
) -> None:
    """Run fewer replicas of a service: the proxy leads no new request to those that go, and they end when they have
    answered what they were asked. One fewer, or as many as --replicas says.

    \b
    Examples:
      nself scale in web
      nself scale in web --replicas 1 --dry-run
    """
    from nself.actions.scale.rules import Wish

    shared.change(app, context, service, Wish(direction="in", replicas=replicas), dry=dry_run, patience=timeout)
