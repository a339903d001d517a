"""`nself health watch`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.health import _shared
from nself.cli.commands.status import CLEAR
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.health.report import Report


@verb(short_help="Ask again and again.", result="nself.actions.health.report:Report")
@click.option(
    "-i",
    "--interval",
    type=click.FloatRange(min=0.2),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two rounds.",
)
@click.option("--timeout", type=click.FloatRange(min=0.1, max=600), default=5.0, show_default=True, metavar="SECONDS")
@pass_app
def command(app: App, interval: float, timeout: float) -> None:
    """Ask every service that is enabled, again and again, until Ctrl-C. With --json each round is one line.

    \b
    Example:
      nself health watch --interval 2
    """
    from nself.actions.health import check as action

    def human(report: Report) -> Iterator[Line]:
        yield Styled(f"{app.project.name} ({app.project.env}) at {report.timestamp.astimezone():%H:%M:%S}", "bold")
        yield from _shared.human(report)
        if app.output.out.isatty():
            yield f"every {interval:g} s; Ctrl-C ends"

    rounds = action.watch(app.project, app.host, app.environ, app.emit, _shared.patience(timeout, 1), every_s=interval)
    for report in rounds:
        if not app.output.json and app.output.out.isatty():
            app.output.text(CLEAR)
        app.output.result(report, human)
