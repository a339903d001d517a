"""`nself service search import`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.search.documents import Imported


@verb(short_help="Write documents into an index's table.", result="nself.actions.search.documents:Imported")
@click.argument("index")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Try it and take it back.")
@pass_app
def command(app: App, index: str, file: Path, dry_run: bool) -> None:
    """Write the documents of FILE, a line of JSON each as `export` writes them, into the table INDEX follows. Rows
    whose key is there are changed, others inserted: all of them or none. Columns that a document does not name stay.

    \b
    Examples:
      nself service search import articles articles.ndjson --dry-run
      nself service search import articles articles.ndjson
    """
    from nself.actions.search import documents

    if not dry_run:
        app.confirm("Write them?", consequence=f"Rows of the table of {index} with the same keys will be changed.")
    with file.open(encoding="utf-8") as lines:
        done = documents.import_(place(app), index, lines, dry_run=dry_run)
    app.output.result(done, human)


def human(done: Imported) -> Iterator[Line]:
    yield f"{'would write' if done.dry_run else '✓ wrote'} {done.rows} rows into {done.table}"
    if done.engine == "meilisearch" and not done.dry_run:
        yield "next: nself service search sync"
