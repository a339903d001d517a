"""`nself service mlflow experiments …`: the bare word lists them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app
from nself.cli.folder import folder_group
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.service.mlflow import Experiments


@folder_group(
    __file__,
    __name__,
    short_help="List, make and delete experiments.",
    invoke_without_command=True,
    result="nself.actions.service.mlflow:Experiments",
)
@click.pass_context
@pass_app
def command(app: App, context: click.Context) -> None:
    """List the experiments and where their artifacts are.

    \b
    Examples:
      nself service mlflow experiments
      nself service mlflow experiments create churn
    """
    if context.invoked_subcommand is not None:
        return
    from nself.actions.service import mlflow

    app.output.result(mlflow.experiments(app.project, app.host, app.environ), human)


def human(found: Experiments) -> Iterator[Line]:
    rows = [(each.id, each.name, each.artifacts) for each in found.experiments]
    yield Table(("ID", "EXPERIMENT", "ARTIFACTS"), rows)
