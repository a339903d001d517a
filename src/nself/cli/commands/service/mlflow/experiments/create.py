"""`nself service mlflow experiments create`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb


@verb(short_help="Make an experiment.", result="nself.actions.service.mlflow_records:Changed")
@click.argument("name")
@pass_app
def command(app: App, name: str) -> None:
    """Make an empty experiment.

    \b
    Example:
      nself service mlflow experiments create churn
    """
    from nself.actions.service.mlflow_records import create

    made = create(app.project, app.host, app.environ, name)
    app.output.result(made, lambda made: [f"✓ {made.name} is experiment {made.id}"])
