"""`nself service mlflow enable`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service._switch import switch


@verb(short_help="Switch MLflow on.", result="nself.actions.service.switch:Switched")
@click.pass_context
@pass_app
def command(app: App, context: click.Context) -> None:
    """Switch MLflow on: `nself service enable mlflow`. What it holds stays.

    \b
    Example:
      nself service mlflow enable
    """
    switch(app, context, "mlflow", on=True)
