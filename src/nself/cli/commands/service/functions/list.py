"""`nself service functions list`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.functions.listing import Functions


@verb(short_help="Every function, its route and its schedule.", result="nself.actions.functions.listing:Functions")
@pass_app
def command(app: App) -> None:
    """List the functions of this project, read from its files.

    \b
    Example:
      nself service functions list
    """
    from nself.actions.functions import listing

    app.output.result(listing.functions(app.project, app.emit), human)


def human(found: Functions) -> Iterator[Line]:
    rows = [
        (each.name, each.language, each.route, each.schedule or "-", f"{each.modified.astimezone():%Y-%m-%d %H:%M}")
        for each in found.functions
    ]
    yield Table(("FUNCTION", "LANGUAGE", "ROUTE", "SCHEDULE", "MODIFIED"), rows)
    yield f"{len(rows)} functions" if len(rows) != 1 else "1 function"
    yield "next: nself service functions invoke NAME" if rows else "next: nself service functions create NAME"
