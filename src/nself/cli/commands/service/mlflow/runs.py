"""`nself service mlflow runs`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.service.mlflow import Runs


@verb(short_help="List the latest runs.", result="nself.actions.service.mlflow:Runs")
@click.argument("experiment", required=False)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="At most so many."
)
@pass_app
def command(app: App, experiment: str | None, limit: int) -> None:
    """List the latest runs with their metrics, of all experiments or of one, by its name or number.

    \b
    Example:
      nself service mlflow runs churn --limit 5
    """
    from nself.actions.service import mlflow

    def human(found: Runs) -> Iterator[Line]:
        if not found.runs:
            yield "no runs yet"
            return
        rows = [
            (
                each.id[:8],
                each.name,
                each.experiment,
                each.status,
                each.started_at.astimezone().strftime("%Y-%m-%d %H:%M"),
                ", ".join(f"{name}={value:g}" for name, value in sorted(each.metrics.items())),
            )
            for each in found.runs
        ]
        yield Table(("RUN", "NAME", "EXPERIMENT", "STATUS", "STARTED", "METRICS"), rows)

    app.output.result(mlflow.runs(app.project, app.host, app.environ, experiment, limit=limit), human)
