"""`nself service list`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.status import SYMBOLS
from nself.cli.output import Line, Styled, Table

if TYPE_CHECKING:
    from nself.actions.service.listing import Listed, Services


@verb(short_help="Every service there is, enabled or not.", result="nself.actions.service.listing:Services")
@pass_app
def command(app: App) -> None:
    """Every service of the catalogue and of your own: whether it is on, whether it is well, where it answers.

    \b
    Example:
      nself service list
    """
    from nself.actions.service import listing as action

    def human(found: Services) -> Iterator[Line]:
        yield Styled(f"{app.project.name} ({app.project.env}, {app.project.runtime})", "bold")
        yield table(found.services)
        enabled = [each for each in found.services if each.enabled]
        running = sum(each.running for each in enabled)
        yield f"{len(enabled)} of {len(found.services)} enabled, {running} running"
        yield "next: nself service enable SERVICE" if running else "next: nself start"

    app.output.result(action.services(app.project, app.host, app.environ, app.emit), human)


def table(services: Iterable[Listed]) -> Table:
    rows = [
        (
            each.name,
            "yes" if each.enabled else "no",
            f"{SYMBOLS[each.health]} {each.health}" if each.health else "-",
            each.url or "-",
            each.description,
        )
        for each in services
    ]
    return Table(("SERVICE", "ENABLED", "HEALTH", "URL", "DESCRIPTION"), rows, spare=True)
