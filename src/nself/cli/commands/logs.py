"""`nself logs`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Table

if TYPE_CHECKING:
    from nself.actions.logs import Counts, Line

GROUPS = ("required", "optional", "monitoring", "custom")
COLOURS = ("cyan", "green", "blue", "yellow")


@verb(short_help="Show what services said.", section="Status", result="nself.actions.logs:Line")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines as they come, until Ctrl-C.")
@click.option(
    "-n",
    "--tail",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="LINES",
    help="Last lines of each service.",
)
@click.option("--more", "tail", flag_value=50, type=int, help="The last 50 of each.")
@click.option("--all", "tail", flag_value=100, type=int, help="The last 100 of each.")
@click.option("--since", metavar="TIME", help="Not before: 10m, 2h, 3d, or a date and time.")
@click.option("--until", metavar="TIME", help="Not after.")
@click.option("-t", "--timestamps", is_flag=True, help="Show the time of each line in front.")
@click.option("-s", "--search", metavar="TEXT", help="Only lines with this text, in any case.")
@click.option("--grep", metavar="REGEX", help="Only lines that match.")
@click.option("-l", "--level", type=click.Choice(["error", "warn", "info", "debug"]), help="This level and worse.")
@click.option("-e", "--errors", is_flag=True, help="The same as --level error.")
@click.option("--no-health", is_flag=True, help="Drop the noise of health checks.")
@click.option("-c", "--compact", is_flag=True, help="Cut lines to the terminal's width.")
@click.option("--raw", is_flag=True, help="The lines alone, without the services' names.")
@click.option("--summary", is_flag=True, help="Count errors, warnings and lines per service.")
@click.option("--top", is_flag=True, help="The same, of the five noisiest services.")
@click.option("--required", is_flag=True, help="Only services of this group; so for the next three.")
@click.option("--optional", is_flag=True)
@click.option("--monitoring", is_flag=True)
@click.option("--custom", is_flag=True)
@pass_app
def command(
    app: App,
    /,
    services: tuple[str, ...],
    follow: bool,
    tail: int,
    since: str | None,
    until: str | None,
    timestamps: bool,
    search: str | None,
    grep: str | None,
    level: str | None,
    errors: bool,
    no_health: bool,
    compact: bool,
    raw: bool,
    summary: bool,
    top: bool,
    **groups: bool,
) -> None:
    """Show the last lines of every service, or of those named; with -f also what comes.

    With --json each line is one object: ts, service, stream, level, message.

    \b
    Examples:
      nself logs -f
      nself logs postgres --since 10m --level warn
      nself logs --summary
    """
    from nself.actions import logs as action

    now = app.host.now()
    chosen = action.Filter(
        services=services,
        since=action.moment(since, now=now) if since else None,
        until=action.moment(until, now=now) if until else None,
        search=action.pattern(grep or search or "", regex=bool(grep)) if grep or search else None,
        level="error" if errors else level,
        no_health=no_health,
        categories=[name for name in GROUPS if groups[name]],
    )
    found = action.open_logs(app.project, app.host, app.environ, chosen)
    if summary or top:
        counts = found.count()
        app.output.result(counts, lambda counts: [human_counts(counts, most=5 if top else None)])
        return
    show = Shown(app, timestamps=timestamps, compact=compact, raw=raw)
    show.lines(found.last(tail))
    if follow:
        show.lines(found.follow())


class Shown:
    """How lines are printed: as JSON, raw, or behind their service's name."""

    def __init__(self, app: App, *, timestamps: bool, compact: bool, raw: bool) -> None:
        self.app, self.timestamps, self.raw = app, timestamps, raw
        self.width: int | None = None
        if compact and app.output.out.isatty():
            import shutil

            self.width = shutil.get_terminal_size().columns

    def lines(self, found: Iterable[Line]) -> None:
        for line in found:
            if self.app.output.json:
                self.app.output.result(line, lambda line: [])
            else:
                self.app.output.text(self.text(line)[: self.width])

    def text(self, line: Line) -> str:
        if self.raw:
            return line.message
        time = f"{line.ts:%Y-%m-%dT%H:%M:%SZ} " if self.timestamps and line.ts else ""
        return f"{line.service:<10} | {time}{line.message}"


def human_counts(counts: Counts, *, most: int | None) -> Table:
    rows = [(each.service, str(each.errors), str(each.warnings), str(each.lines)) for each in counts.services[:most]]
    return Table(("SERVICE", "ERRORS", "WARNINGS", "LINES"), rows)
