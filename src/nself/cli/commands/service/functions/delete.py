"""`nself service functions delete`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.functions.scaffold import Deleted


@verb(short_help="Remove a function.", result="nself.actions.functions.scaffold:Deleted")
@click.argument("name")
@pass_app
def command(app: App, name: str) -> None:
    """Remove a function's file; asks first, and keeps a copy in .nself/backups.

    \b
    Example:
      nself service functions delete greet
    """
    from nself.actions.functions import listing, scaffold

    found = listing.find(app.project, name)
    app.confirm("Delete it?", consequence=f"{found.route} will answer 404.")
    app.output.result(scaffold.delete(target(app, {}), found.name), human)


def human(done: Deleted) -> Iterator[Line]:
    yield f"✓ removed {done.file}; a copy is {done.backup}"
    if done.still_called_by:
        yield Styled(f"! the trigger {done.still_called_by} in metadata/cron_triggers.yaml still calls it", "yellow")
