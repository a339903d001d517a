"""`nself service storage buckets policy`."""

from __future__ import annotations

from typing import Literal

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.storage.buckets._show import one


@verb(short_help="Show or set who may read a bucket.", result="nself.actions.objects.buckets:BucketInfo")
@click.argument("name")
@click.argument("policy", type=click.Choice(["private", "public"]), required=False)
@pass_app
def command(app: App, name: str, policy: Literal["private", "public"] | None) -> None:
    """Show who may read the objects of a bucket, or change it. A policy of your own (custom) is replaced.

    \b
    Examples:
      nself service storage buckets policy uploads
      nself service storage buckets policy uploads public
    """
    from nself.actions.objects import buckets as action

    where = (app.project, app.host, app.environ)
    found = action.set_policy(*where, app.emit, name, policy) if policy else action.one(*where, name)
    app.output.result(found, one)
