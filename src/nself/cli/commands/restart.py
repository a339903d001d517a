"""`nself restart`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.start import human_failure, say_failures
from nself.cli.output import Line

if TYPE_CHECKING:
    from nself.actions.restart import Restarted


@verb(short_help="Restart what changed.", section="Core lifecycle", result="nself.actions.restart:Restarted")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@click.option("-s", "--smart", is_flag=True, help="Only services that changed since they were started (the default).")
@click.option("-a", "--all", "everything", is_flag=True, help="Everything, changed or not.")
@click.option(
    "--rolling",
    is_flag=True,
    help="Lose no request: of the services named, one replica after the other, each once the proxy asks it nothing "
    "any more. One that is alone has a second beside it meanwhile.",
)
@click.option("--timeout", type=click.IntRange(1, 600), metavar="SECONDS", help="Wait this long for health (120).")
@click.pass_context
@pass_app
def command(
    app: App,
    context: click.Context,
    services: tuple[str, ...],
    smart: bool,
    everything: bool,
    rolling: bool,
    timeout: int | None,
) -> None:
    """Build, then restart the services whose definition, variables, files or program changed. Starts what is down.

    Services that are named are restarted in any case.

    \b
    Examples:
      nself restart
      nself restart functions
      nself restart web --rolling
      nself restart --all
    """
    from nself.actions import restart as action
    from nself.actions import start

    if smart and (everything or services):
        raise click.UsageError("--smart goes with neither --all nor service names")
    if rolling and (everything or not services):
        raise click.UsageError("--rolling wants the names of services: nself restart web --rolling")
    settings = start.settings(app.environ, timeout_s=timeout)
    result = action.restart(
        app.project,
        app.host,
        app.environ,
        app.emit,
        services=services,
        everything=everything,
        rolling=rolling,
        settings=settings,
    )
    app.output.result(result, human)
    say_failures(app, result.failed)
    context.exit(start.failure_code(result.failed))


def human(result: Restarted) -> Iterator[Line]:
    for failure in result.failed:
        yield from human_failure(failure)
    if result.restarted:
        yield f"✓ restarted {', '.join(result.restarted)}"
    elif not result.failed:
        yield "✓ nothing changed, nothing was restarted"
