"""`nself service storage buckets delete`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.objects.buckets import Deleted


@verb(short_help="Delete a bucket.", result="nself.actions.objects.buckets:Deleted")
@click.argument("name")
@click.option("--contents", is_flag=True, help="And every object in it.")
@pass_app
def command(app: App, name: str, contents: bool) -> None:
    """Delete a bucket that is empty, or with --contents one that is not. Refused in production.

    \b
    Examples:
      nself service storage buckets delete temp
      nself service storage buckets delete temp --contents
    """
    from nself.actions.guard import refuse_in_production
    from nself.actions.objects import buckets as action

    refuse_in_production(app.project, f"deleting the bucket {name}")
    if contents:
        app.confirm("Delete it?", consequence=f"Every object in {name} will be lost.")
    app.output.result(action.delete(app.project, app.host, app.environ, app.emit, name, contents=contents), human)


def human(deleted: Deleted) -> Iterator[Line]:
    count = "1 object" if deleted.objects == 1 else f"{deleted.objects} objects"
    yield f"✓ deleted {deleted.bucket}" + (f" and {count}" if deleted.objects else "")
