"""What the words that change an amount share: the job, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from nself.cli.app import App
from nself.cli.commands.config.change import target
from nself.cli.commands.start import human_failure, say_failures
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.scale.change import Scaled
    from nself.actions.scale.rules import Wish

SHAPE = "nself.actions.scale.change:Scaled"
replicas = click.option("--replicas", type=click.IntRange(min=0), metavar="N", help="How many there are to be.")
memory = click.option("--memory", metavar="SIZE", help="Memory each replica may use: 512M, 4G.")
cpu = click.option("--cpu", type=click.FloatRange(min=0.01), metavar="CORES", help="CPU each replica may use: 0.5, 2.")
dry_run = click.option("--dry-run", is_flag=True, help="Show what would be done, and do nothing.")
timeout = click.option("--timeout", type=click.IntRange(1, 600), metavar="SECONDS", help="Wait this long for health.")


def change(app: App, context: click.Context, service: str, wish: Wish, *, dry: bool, patience: int | None) -> None:
    from nself.actions import start
    from nself.actions.scale import change as action

    settings = start.settings(app.environ, timeout_s=patience)
    job = action.Job(target=target(app, {}), service=service, settings=settings, emit=app.emit)
    result = action.scale(job, wish, dry_run=dry)
    app.output.result(result, human)
    say_failures(app, result.failed)
    context.exit(start.failure_code(result.failed))


def human(result: Scaled) -> Iterator[Line]:
    for failure in result.failed:
        yield from human_failure(failure)
    if result.rolled_back:
        yield Styled(f"✗ {result.service} was left as it was: {result.before}", "red")
        return
    if not result.files:
        yield f"✓ {result.service} is so already: {result.after}"
    elif result.dry_run:
        yield f"{result.service}: {result.before} → {result.after} in {', '.join(result.files)}"
        yield from (f"  {step}" for step in result.steps)
    else:
        yield Styled(f"✓ {result.service}: {result.before} → {result.after}", "green")
        yield from (f"  {step}" for step in result.steps)
        yield f"  written to {', '.join(result.files)}"
    yield from (f"note: {note}" for note in result.notes)
    if not result.dry_run:
        yield f"next: nself scale status {result.service}"


def given(**values: Any) -> dict[str, Any]:
    """Options that were given."""
    return {name: value for name, value in values.items() if value is not None}
