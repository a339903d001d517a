"""`nself service search sync`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.search.indexes import Synced


@verb(short_help="Tell the engine what changed.", result="nself.actions.search.indexes:Synced")
@pass_app
def command(app: App) -> None:
    """Tell Meilisearch which rows changed since it was last told. PostgreSQL's own indexes need no telling.

    \b
    Example:
      nself service search sync
    """
    from nself.actions.search import indexes as search

    def human(done: Synced) -> Iterator[Line]:
        for name, count in done.changes.items():
            yield f"✓ {name}: {count} changed rows told"

    app.output.result(search.sync(place(app)), human)
