"""`nself service storage buckets create`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.storage.buckets._show import one


@verb(short_help="Make a bucket.", result="nself.actions.objects.buckets:BucketInfo")
@click.argument("name")
@click.option("--public", is_flag=True, help="Anybody may read its objects.")
@pass_app
def command(app: App, name: str, public: bool) -> None:
    """Make a bucket; nobody without keys may read it unless --public says so.

    \b
    Example:
      nself service storage buckets create invoices
    """
    from nself.actions.objects import buckets as action

    app.output.result(action.create(app.project, app.host, app.environ, app.emit, name, public=public), one)
