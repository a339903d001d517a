"""`nself service search dashboard`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.search.configuration import Page


@verb(short_help="Where Meilisearch's own search page is.", result="nself.actions.search.configuration:Page")
@pass_app
def command(app: App) -> None:
    """Show the address of the page that Meilisearch has in development. PostgreSQL has none: ask it with `query`.

    \b
    Example:
      nself service search dashboard
    """
    from nself.actions.search.configuration import page

    app.output.result(page(place(app)), human)


def human(found: Page) -> Iterator[Line]:
    yield found.url
    yield "it asks for a key: nself config get MEILISEARCH_MASTER_KEY --reveal"
