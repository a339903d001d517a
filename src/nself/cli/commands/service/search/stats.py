"""`nself service search stats`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service.search._place import place
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.search.indexes import Figures


@verb(short_help="Documents, sizes, pending changes.", result="nself.actions.search.indexes:Figures")
@pass_app
def command(app: App) -> None:
    """Show how large each index is and what it has not been told yet.

    \b
    Example:
      nself service search stats --json
    """
    from nself.actions.search import indexes as search

    app.output.result(search.stats(place(app)), human)


def human(found: Figures) -> Iterator[Line]:
    rows = [
        (each.name, str(each.documents), _size(each.bytes), str(each.pending), each.built_at or "-")
        for each in found.indexes
    ]
    yield Table(("INDEX", "DOCUMENTS", "SIZE", "PENDING", "BUILT"), rows)
    if not rows:
        yield "no index is built: nself service search setup"


def _size(count: int | None) -> str:
    return "-" if count is None else f"{count / 1e6:.1f} MB"
