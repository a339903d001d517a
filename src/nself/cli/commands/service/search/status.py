"""`nself service search status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place
from nself.cli.output import Line, Styled, Table

if TYPE_CHECKING:
    from nself.actions.search.indexes import Listing


@verb(short_help="The engine and its indexes.", result="nself.actions.search.indexes:Listing")
@pass_app
def command(app: App) -> None:
    """Show which engine searches and how each index stands to its definition.

    \b
    Example:
      nself service search status
    """
    from nself.actions.search import indexes as search

    app.output.result(search.listing(place(app)), human)


def human(found: Listing) -> Iterator[Line]:
    yield f"engine: {found.engine}"
    yield Table(("INDEX", "TABLE", "STATE"), [(each.name, each.table or "-", each.state) for each in found.indexes])
    yield from (Styled(f"✗ {each.name}: {each.problem}", "red") for each in found.indexes if each.problem)
    if not found.indexes:
        yield "no index is declared: nself service search docs"
    elif any(each.state != "built" for each in found.indexes):
        yield "next: nself service search setup"
