"""`nself service mlflow install`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.service.mlflow import Installed


@verb(short_help="Get the MLflow of the native runtime.", result="nself.actions.service.mlflow:Installed")
@pass_app
def command(app: App) -> None:
    """Install the pinned MLflow from PyPI into an environment of its own below .nself: about 900 MB.

    \b
    Example:
      nself service mlflow install
    """
    from nself.actions.service import mlflow

    def human(done: Installed) -> Iterator[Line]:
        yield f"✓ MLflow {done.version} is {'installed' if done.changed else 'there already'}"
        yield "next: nself service enable mlflow, then nself start"

    app.output.result(mlflow.install(app.project, app.host, app.environ, app.emit), human)
