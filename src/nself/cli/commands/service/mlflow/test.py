"""`nself service mlflow test`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.service.mlflow_records import Tested


@verb(short_help="Record a run, read it back.", result="nself.actions.service.mlflow_records:Tested")
@pass_app
def command(app: App) -> None:
    """Record a metric in an experiment of its own, as a training program does, read it back, and delete the experiment.

    \b
    Example:
      nself service mlflow test
    """
    from nself.actions.service.mlflow_records import test

    def human(done: Tested) -> Iterator[Line]:
        yield f"✓ a run was recorded and read back in {done.duration_ms} ms"
        yield "next: nself service mlflow runs"

    app.output.result(test(app.project, app.host, app.environ), human)
