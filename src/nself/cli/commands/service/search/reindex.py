"""`nself service search reindex`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place
from nself.cli.commands.service.search.setup import human


@verb(short_help="Build indexes anew from their tables.", result="nself.actions.search.indexes:Built")
@click.argument("indexes", nargs=-1, metavar="[INDEX]...")
@click.option("--table", metavar="TABLE", help="Those over this table.")
@pass_app
def command(app: App, indexes: tuple[str, ...], table: str | None) -> None:
    """Build the indexes that are named, or all. The old ones answer until the new ones are whole.

    \b
    Examples:
      nself service search reindex
      nself service search reindex articles
    """
    from nself.actions.search import indexes as search

    app.output.result(search.reindex(place(app), indexes, table=table), human)
