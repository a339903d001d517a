"""`nself service search clear`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.search.indexes import Dropped


@verb(short_help="Remove indexes; refused in production.", result="nself.actions.search.indexes:Dropped")
@click.argument("indexes", nargs=-1, metavar="[INDEX]...")
@pass_app
def command(app: App, indexes: tuple[str, ...]) -> None:
    """Remove the indexes that are named, or all, with their triggers. The tables they were made from stay as they are.

    \b
    Example:
      nself service search clear articles
    """
    from nself.actions.guard import refuse_in_production
    from nself.actions.search import indexes as search

    refuse_in_production(app.project, "removing search indexes")
    app.confirm("Remove them?", consequence=f"{', '.join(indexes) or 'Every search index'} will find nothing any more.")

    def human(done: Dropped) -> Iterator[Line]:
        yield f"✓ removed {', '.join(done.indexes)}" if done.indexes else "there was no index"

    app.output.result(search.clear(place(app), indexes), human)
