"""`nself service mlflow disable`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.service._switch import switch


@verb(short_help="Switch MLflow off.", result="nself.actions.service.switch:Switched")
@click.pass_context
@pass_app
def command(app: App, context: click.Context) -> None:
    """Switch MLflow off: `nself service disable mlflow`. What it holds stays.

    \b
    Example:
      nself service mlflow disable
    """
    switch(app, context, "mlflow", on=False)
