"""`nself start`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Level, Line, Styled

if TYPE_CHECKING:
    from nself.actions.start import Failure, Planned, Started


@verb(
    short_help="Start the stack, or some services of it.",
    section="Core lifecycle",
    result="nself.actions.start:Started",
)
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option("--fresh", "--force-recreate", "--clean-start", is_flag=True, help="Restart what already runs, too.")
@click.option("--quick", is_flag=True, help="Be content when 60 % are healthy within 30 seconds.")
@click.option("--timeout", type=click.IntRange(1, 600), metavar="SECONDS", help="Wait this long for health (120).")
@click.option("--skip-health-checks", "--no-wait", is_flag=True, help="Return once the processes are started.")
@click.option("--build/--no-build", default=True, help="Build first when the generated files are stale (yes).")
@click.option("--empty-volumes", is_flag=True, help="Begin empty where volumes that had data are gone.")
@click.option("--adopt-volumes", is_flag=True, help="In containers: take over volumes that another folder made.")
@click.option("--dry-run", is_flag=True, help="Show what would be started, and why.")
@click.pass_context
@pass_app
def command(
    app: App,
    context: click.Context,
    services: tuple[str, ...],
    fresh: bool,
    quick: bool,
    timeout: int | None,
    skip_health_checks: bool,
    build: bool,
    empty_volumes: bool,
    adopt_volumes: bool,
    dry_run: bool,
) -> None:
    """Start everything this project wants, in the order of needs, each service once what it needs is healthy.

    What runs and has not changed is left alone. Naming services starts those and what they need.

    \b
    Examples:
      nself start
      nself start auth storage
      nself start --dry-run
    """
    from nself.actions import start as action

    settings = action.settings(app.environ, quick=quick, timeout_s=timeout, skip_health_checks=skip_health_checks)
    wishes = action.Wishes(
        services=services,
        fresh=fresh or settings.mode != "smart",
        build=build,
        settings=settings,
        empty_volumes=empty_volumes,
        adopt_volumes=adopt_volumes,
    )
    if dry_run:
        app.output.result(action.preview(app.project, app.host, app.environ, app.emit, wishes), human_plan)
        return
    result = action.start(app.project, app.host, app.environ, app.emit, wishes)
    app.output.result(result, human)
    say_failures(app, result.failed)
    context.exit(action.failure_code(result.failed))


def say_failures(app: App, failed: Sequence[Failure]) -> None:
    """With --quiet results are not shown; failures are."""
    if failed and app.output.level == Level.QUIET and not app.output.json:
        from nself.actions.start import summary

        app.output.error(summary(failed))


def human_plan(planned: Planned) -> Iterator[Line]:
    yield from (str(step) for step in planned.steps)
    if planned.migrations:
        yield "apply migrations: db/migrations changed"
    elif not planned.steps:
        yield "nothing to do: everything runs as it should"


def human(started: Started) -> Iterator[Line]:
    for failure in started.failed:
        yield from human_failure(failure)
    seconds = started.duration_ms / 1000
    if started.failed:
        yield Styled(f"✗ {started.healthy} of {started.total} services are healthy", "red")
        return
    what = "started" if started.started else "already running"
    yield Styled(f"✓ {what}: {started.healthy} of {started.total} services healthy in {seconds:.1f} s", "green")
    yield from (f"  {url}" for url in started.urls)
    yield "next: nself status, nself urls, nself logs -f"


def human_failure(failure: Failure) -> Iterator[Line]:
    """What was asked, what came back, what the service said last, and what to do now."""
    yield Styled(f"✗ {failure.service}: {failure.reason}", "red")
    if failure.probe:
        yield f"  asked:    {failure.probe}"
        yield f"  answered: {failure.answer}"
    yield from (f"  | {line}" for line in failure.log)
    if not failure.blocked:
        yield f"  next: nself logs {failure.service}"
