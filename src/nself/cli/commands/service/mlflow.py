"""`nself service mlflow …`: experiments, runs and models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, group, pass_app, verb
from nself.cli.output import Line, Table

if TYPE_CHECKING:
    from nself.actions.service.mlflow import Experiments, Installed, Models, Runs, Status


@group(short_help="Install MLflow, and look at what it holds.")
def command() -> None:
    """MLflow, with its records in the project's PostgreSQL and its artifacts in the S3 store.

    \b
    Examples:
      nself service mlflow install && nself service enable mlflow && nself start
      nself service mlflow runs churn
    """


@verb(short_help="Get the MLflow of the native runtime.", result="nself.actions.service.mlflow:Installed")
@pass_app
def install(app: App) -> None:
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


@verb(short_help="Whether it answers, and how much is in it.", result="nself.actions.service.mlflow:Status")
@pass_app
def status(app: App) -> int:
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


@verb(short_help="List experiments.", result="nself.actions.service.mlflow:Experiments")
@pass_app
def experiments(app: App) -> None:
    """List the experiments and where their artifacts are.

    \b
    Example:
      nself service mlflow experiments
    """
    from nself.actions.service import mlflow

    def human(found: Experiments) -> Iterator[Line]:
        rows = [(each.id, each.name, each.artifacts) for each in found.experiments]
        yield Table(("ID", "EXPERIMENT", "ARTIFACTS"), rows)

    app.output.result(mlflow.experiments(app.project, app.host, app.environ), human)


@verb(short_help="List the latest runs.", result="nself.actions.service.mlflow:Runs")
@click.argument("experiment", required=False)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, metavar="N", help="At most so many."
)
@pass_app
def runs(app: App, experiment: str | None, limit: int) -> None:
    """List the latest runs with their metrics, of all experiments or of one, by its name or number.

    \b
    Example:
      nself service mlflow runs churn --limit 5
    """
    from nself.actions.service import mlflow

    def human(found: Runs) -> Iterator[Line]:
        if not found.runs:
            yield "no runs yet"
            return
        rows = [
            (
                each.id[:8],
                each.name,
                each.experiment,
                each.status,
                each.started_at.astimezone().strftime("%Y-%m-%d %H:%M"),
                ", ".join(f"{name}={value:g}" for name, value in sorted(each.metrics.items())),
            )
            for each in found.runs
        ]
        yield Table(("RUN", "NAME", "EXPERIMENT", "STATUS", "STARTED", "METRICS"), rows)

    app.output.result(mlflow.runs(app.project, app.host, app.environ, experiment, limit=limit), human)


@verb(short_help="List registered models.", result="nself.actions.service.mlflow:Models")
@pass_app
def models(app: App) -> None:
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


@verb(short_help="Open its page in a browser.", result="nself.actions.service.mlflow:Status")
@pass_app
def open_page(app: App) -> int:
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


open_page.name = "open"

for each in (install, status, experiments, runs, models, open_page):
    command.add_command(each)
