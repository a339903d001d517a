"""`nself service mlflow models`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.service.mlflow import Models


@verb(short_help="List registered models.", result="nself.actions.service.mlflow:Models")
@pass_app
def command(app: App) -> None:
    """List the registered models with their latest version.

    \b
    Example:
      nself service mlflow models
    """
    from nself.actions.service import mlflow

    def human(found: Models) -> Iterator[Line]:
        if not found.models:
            yield "no models yet"
            return
        rows = [(each.name, each.latest_version or "-", each.description) for each in found.models]
        yield Table(("MODEL", "VERSION", "DESCRIPTION"), rows)

    app.output.result(mlflow.models(app.project, app.host, app.environ), human)
