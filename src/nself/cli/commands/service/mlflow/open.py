"""`nself service mlflow open`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.service.mlflow import Status


@verb(short_help="Open its page in a browser.", result="nself.actions.service.mlflow:Status")
@pass_app
def command(app: App) -> int:
    """Open MLflow's page in a browser, and say its address.

    \b
    Example:
      nself service mlflow open
    """
    from nself.actions.service import mlflow

    def human(found: Status) -> Iterator[Line]:
        yield found.url if found.running else f"✗ stopped ({found.url})"

    found = mlflow.status(app.project, app.host, app.environ)
    app.output.result(found, human)
    if found.running and app.output.interactive:
        click.launch(found.url)
    return 0 if found.running else 1
