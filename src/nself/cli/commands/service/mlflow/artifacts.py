"""`nself service mlflow artifacts`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.service.mlflow_records import Artifacts


@verb(short_help="List a run's files.", result="nself.actions.service.mlflow_records:Artifacts")
@click.argument("run")
@click.argument("path", required=False)
@pass_app
def command(app: App, run: str, path: str | None) -> None:
    """List the files of a run, or those below PATH in it. RUN is its number, or how that begins.

    \b
    Example:
      nself service mlflow artifacts 621ef4ff model
    """
    from nself.actions.service.mlflow_records import artifacts

    app.output.result(artifacts(app.project, app.host, app.environ, run, path), human)


def human(found: Artifacts) -> Iterator[Line]:
    rows = [
        (each.path + ("/" if each.folder else ""), "-" if each.bytes is None else str(each.bytes))
        for each in found.artifacts
    ]
    yield Table(("PATH", "BYTES"), rows)
    if not rows:
        yield "no files"
