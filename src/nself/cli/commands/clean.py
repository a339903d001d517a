"""`nself clean`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.clean import Cleaned


@verb(
    short_help="Remove old logs, images and stale files.",
    section="Core lifecycle",
    result="nself.actions.clean:Cleaned",
)
@click.option("-i", "--images", is_flag=True, help="Images of earlier builds (the default in containers).")
@click.option("-c", "--containers", is_flag=True, help="Containers that are stopped.")
@click.option("-n", "--networks", is_flag=True, help="Networks that no container is in.")
@click.option("-b", "--builders", is_flag=True, help="What image builds keep to be quick; your projects share it.")
@click.option(
    "-a",
    "--all",
    "everything",
    is_flag=True,
    help="Containers, networks, every image built for it, all logs, the build. Stops the stack.",
)
@click.option("--volumes", is_flag=True, help="Delete the data. Stops the stack, asks first; refused in production.")
@pass_app
def command(app: App, /, everything: bool, volumes: bool, **kinds: bool) -> None:
    """Remove what this project no longer needs: rotated logs, logs of services it no longer has, stale run files; in
    containers also images of earlier builds.

    Only what is this project's own: files below its .nself, and what Docker has with its label. Never data,
    certificates, backups or history, unless --volumes says so.

    \b
    Examples:
      nself clean
      nself clean --containers --networks
      nself clean --all
    """
    from nself.actions import clean as action
    from nself.actions.guard import refuse_in_production

    if volumes:
        refuse_in_production(app.project, "deleting its data")
        app.confirm("Delete it?", consequence=f"All data of {app.project.name} will be lost.")
    named = [action.Kind(kind) for kind, wanted in kinds.items() if wanted]
    wishes = action.Wishes(kinds=named, volumes=volumes, everything=everything)
    app.output.result(action.clean(app.project, app.host, app.environ, app.emit, wishes), human)


def human(cleaned: Cleaned) -> Iterator[Line]:
    removed = cleaned.removed
    counts = {
        "file": removed.files,
        "container": removed.containers,
        "image": removed.images,
        "network": removed.networks,
        "build cache": removed.builders,
        "volume of data": removed.volumes,
    }
    parts = [f"{count} {plural(what, count)}" for what, count in counts.items() if count]
    if parts:
        yield f"✓ removed {', '.join(parts)}: {cleaned.reclaimed_bytes / 1e6:.1f} MB"
    else:
        yield "✓ nothing to clean"


def plural(what: str, count: int) -> str:
    if count == 1:
        return what
    first, _, rest = what.partition(" of ")
    return f"{first}s of {rest}" if rest else f"{first}s"
