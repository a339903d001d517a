"""`nself service search setup`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.search.indexes import Built


@verb(short_help="Make the indexes what search/indexes.yml says.", result="nself.actions.search.indexes:Built")
@click.option("--table", metavar="TABLE", help="Declare an index over this table first, unless there is one.")
@click.option("--dry-run", is_flag=True, help="Show what would be built and dropped.")
@pass_app
def command(app: App, table: str | None, dry_run: bool) -> None:
    """Build the indexes that are new or changed, drop those that are no longer declared. The tables are not touched.

    \b
    Examples:
      nself service search setup --dry-run
      nself service search setup
      nself service search setup --table articles
    """
    from nself.actions.search import indexes as search

    app.output.result(search.setup(place(app), table=table, dry_run=dry_run), human)


def human(done: Built) -> Iterator[Line]:
    for each in done.indexes:
        rows = f" ({each.rows} rows)" if each.rows is not None else ""
        yield f"{'would ' if done.dry_run and each.action != 'kept' else '✓ '}{each.action} {each.index}{rows}"
