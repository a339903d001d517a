"""`nself frontend list`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.frontends.listing import Frontends


@verb(short_help="Every frontend, its address and what is served.", result="nself.actions.frontends.listing:Frontends")
@pass_app
def command(app: App) -> None:
    """List the frontends of this project: where each answers, and whether the proxy passes requests on to a server of
    yours or serves what was built. Nothing needs to run.

    \b
    Example:
      nself frontend list
    """
    from nself.actions.frontends.listing import frontends

    app.output.result(frontends(app.project, app.host), human)


def human(found: Frontends) -> Iterator[Line]:
    rows = [(each.name, each.framework or "-", each.url, f"{each.serves}: {each.target}") for each in found.frontends]
    yield Table(("FRONTEND", "FRAMEWORK", "URL", "SERVES"), rows)
    yield "next: nself frontend status" if rows else "no frontends yet: nself frontend add NAME --port 5173"
