"""`nself service mlflow status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.service.mlflow import Status


@verb(short_help="Whether it answers, and how much is in it.", result="nself.actions.service.mlflow:Status")
@pass_app
def command(app: App) -> int:
    """Show whether MLflow answers, its version, and how many experiments and models it has. Exits 1 when it is down.

    \b
    Example:
      nself service mlflow status
    """
    from nself.actions.service import mlflow

    def human(found: Status) -> Iterator[Line]:
        if not found.running:
            yield "✗ stopped"
            yield "next: nself start mlflow"
            return
        yield f"✓ MLflow {found.version} at {found.url}"
        yield f"{found.experiments} experiments, {found.models} registered models"

    found = mlflow.status(app.project, app.host, app.environ)
    app.output.result(found, human)
    return 0 if found.running else 1
