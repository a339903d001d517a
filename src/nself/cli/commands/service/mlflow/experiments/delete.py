"""`nself service mlflow experiments delete`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb


@verb(short_help="Delete an experiment.", result="nself.actions.service.mlflow_records:Changed")
@click.argument("experiment")
@pass_app
def command(app: App, experiment: str) -> None:
    """Delete an experiment and its runs, by its name or number; asks first. MLflow keeps them until its own garbage
    collection.

    \b
    Example:
      nself service mlflow experiments delete churn
    """
    from nself.actions.service.mlflow_records import delete

    app.confirm("Delete it?", consequence=f"The runs of {experiment} will be gone from every list.")
    done = delete(app.project, app.host, app.environ, experiment)
    app.output.result(done, lambda done: [f"✓ {done.name} (experiment {done.id}) is deleted"])
