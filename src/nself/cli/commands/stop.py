"""`nself stop`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.stop import Stopped


@verb(
    short_help="Stop the stack, or some services of it.", section="Core lifecycle", result="nself.actions.stop:Stopped"
)
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option("--volumes", is_flag=True, help="Delete the data, too. Asks first; refused in production.")
@click.option(
    "--graceful", type=click.IntRange(1, 600), metavar="SECONDS", help="Time each service has to end by itself."
)
@click.option("--rmi", is_flag=True, help="Remove the images that were built for the project, too.")
@click.option("--remove-orphans", is_flag=True, hidden=True, help="Always done.")
@pass_app
def command(
    app: App, services: tuple[str, ...], volumes: bool, graceful: int | None, rmi: bool, remove_orphans: bool
) -> None:
    """Stop everything, or the services named. What needs others is stopped before them. Data is kept.

    A start or restart that is at work is ended first, when everything is to be stopped.

    \b
    Examples:
      nself stop
      nself stop functions
      nself stop --volumes      and delete the data
    """
    from nself.actions import stop as action

    settings = action.settings(app.environ)
    wishes = action.Wishes(services=services, grace_s=graceful or settings.grace_s, volumes=volumes, images=rmi)
    action.check_whole(app.project, wishes)
    if volumes:
        app.confirm("Delete it?", consequence=f"All data of {app.project.name} will be lost.")
    app.output.result(action.stop(app.project, app.host, app.environ, app.emit, wishes), human)


def human(stopped: Stopped) -> Iterator[Line]:
    yield f"✓ stopped {', '.join(stopped.stopped)}" if stopped.stopped else "nothing was running"
    if stopped.removed.volumes:
        yield f"  the data of {stopped.removed.volumes} volumes was deleted"
    if stopped.removed.images:
        yield f"  {stopped.removed.images} images were removed"
