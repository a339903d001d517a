"""`nself clean`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.clean import Cleaned


@verb(short_help="Remove old logs and stale files.", section="Core lifecycle", result="nself.actions.clean:Cleaned")
@click.option("-a", "--all", "everything", is_flag=True, help="All logs and the build, too. Stops the stack.")
@click.option(
    "--volumes", is_flag=True, help="Delete the data, too. Stops the stack, asks first; refused in production."
)
@click.option("-i", "--images", is_flag=True, hidden=True, help="Natively there are none.")
@click.option("-c", "--containers", is_flag=True, hidden=True, help="Natively there are none.")
@click.option("-n", "--networks", is_flag=True, hidden=True, help="Natively there are none.")
@click.option("-b", "--builders", is_flag=True, hidden=True, help="Natively there are none.")
@pass_app
def command(
    app: App, everything: bool, volumes: bool, images: bool, containers: bool, networks: bool, builders: bool
) -> None:
    """Remove what this project no longer needs: rotated logs, logs of services it no longer has, stale run files.

    Only below this project's .nself, and never data, certificates, backups or history unless --volumes says so.

    \b
    Examples:
      nself clean
      nself clean --all
    """
    from nself.actions import clean as action
    from nself.actions.guard import refuse_in_production

    if volumes:
        refuse_in_production(app.project, "deleting its data")
        app.confirm("Delete it?", consequence=f"All data of {app.project.name} will be lost.")
    wishes = action.Wishes(volumes=volumes, everything=everything)
    app.output.result(action.clean(app.project, app.host, app.environ, app.emit, wishes), human)


def human(cleaned: Cleaned) -> Iterator[Line]:
    removed = cleaned.removed
    if not removed.files and not removed.volumes:
        yield "✓ nothing to clean"
        return
    volumes = f" and the data of {removed.volumes} volumes" if removed.volumes else ""
    yield f"✓ removed {removed.files} files{volumes}: {cleaned.reclaimed_bytes / 1e6:.1f} MB"
