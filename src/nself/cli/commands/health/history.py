"""`nself health history`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.health.history import History


@verb(short_help="What earlier checks saw.", result="nself.actions.health.history:History")
@click.argument("service", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="How many.")
@pass_app
def command(app: App, service: str | None, limit: int) -> None:
    """Show what `check` and `watch` saw, the newest first; with SERVICE the checks in which it was not well.

    \b
    Examples:
      nself health history
      nself health history postgres --limit 5
    """
    from nself.actions.health.history import history

    app.output.result(history(app.project, limit=limit, service=service), human)


def human(found: History) -> Iterator[Line]:
    rows = [
        (
            f"{each.timestamp.astimezone():%Y-%m-%d %H:%M:%S}",
            f"{each.healthy} of {each.total}",
            ", ".join(f"{one.service} {one.status}" for one in each.unwell) or "-",
        )
        for each in found.checks
    ]
    yield Table(("TIME", "HEALTHY", "NOT WELL"), rows)
    if not rows:
        yield "nothing was seen yet: nself health check"
