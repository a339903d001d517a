"""`nself service storage buckets list`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.storage.buckets._show import table
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.objects.buckets import Buckets


@verb(short_help="Every bucket, how much is in it, who may read it.", result="nself.actions.objects.buckets:Buckets")
@pass_app
def command(app: App) -> None:
    """Every bucket with its objects counted and who may read them.

    \b
    Example:
      nself service storage buckets list
    """
    from nself.actions.objects import buckets as action

    app.output.result(action.buckets(app.project, app.host, app.environ), human)


def human(found: Buckets) -> Iterator[Line]:
    if found.buckets:
        yield table(found.buckets)
    else:
        yield "there is no bucket yet"
        yield "next: nself service storage buckets create NAME"
