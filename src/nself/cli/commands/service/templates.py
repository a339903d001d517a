"""`nself service templates`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.service.templates import Listing


@verb(short_help="What a service of your own can be made from.", result="nself.actions.service.templates:Listing")
@pass_app
def command(app: App) -> None:
    """The templates of services, and the programs each needs natively.

    \b
    Example:
      nself service templates
    """
    from nself.actions.service import templates as action

    def human(found: Listing) -> Iterator[Line]:
        rows = [(each.name, each.language, ", ".join(each.needs) or "-", each.summary) for each in found.templates]
        yield Table(("TEMPLATE", "LANGUAGE", "NEEDS", "WHAT IT IS"), rows)
        yield "next: nself service init NAME --template TEMPLATE"

    app.output.result(action.listing(), human)
