"""`nself frontend status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.health._shared import SYMBOLS
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.frontends.check import Checked


@verb(short_help="Whether frontends answer.", result="nself.actions.frontends.check:Checked")
@click.argument("name", required=False)
@click.pass_context
@pass_app
def command(app: App, context: click.Context, name: str | None) -> None:
    """Ask every frontend, or the one named, as a browser does: through the proxy. Exits 1 when one is not well.

    \b
    Examples:
      nself frontend status
      nself frontend status shop
    """
    from nself.actions.frontends import check as action

    found = action.check(app.project, app.host, app.environ, name)
    app.output.result(found, human)
    context.exit(action.exit_code(found))


def human(found: Checked) -> Iterator[Line]:
    rows = [
        (
            each.name,
            f"{SYMBOLS[each.status]} {each.status}",
            "-" if each.response_time_ms is None else f"{each.response_time_ms} ms",
            each.url,
            each.details,
        )
        for each in found.frontends
    ]
    yield Table(("FRONTEND", "HEALTH", "TIME", "URL", "ANSWER"), rows)
    if not rows:
        yield "no frontends yet: nself frontend add NAME --port 5173"
    elif any(each.status == "stopped" for each in found.frontends):
        yield "next: nself start"
