"""`nself scale auto run`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from threading import Event
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.commands.config.change import target
from nself.cli.commands.start import say_failures
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.scale.controller import Decided, Round


@verb(short_help="Watch the load and act.", result="nself.actions.scale.controller:Round")
@click.option("--once", is_flag=True, help="One round, and its exit code: for cron.")
@click.option(
    "-i",
    "--interval",
    type=click.FloatRange(min=0.2, max=300),
    default=15.0,
    show_default=True,
    metavar="SECONDS",
    help="How long is measured before each decision.",
)
@click.pass_context
@pass_app
def command(app: App, context: click.Context, once: bool, interval: float) -> None:
    """Measure what the services of `autoscale:` use, and scale those that use too much or too little, until Ctrl-C or
    a SIGTERM. With --json each round is one line. Every change is in .nself/history with its reason.

    More is added at once, at most twice as many, then not for a minute. Less there is only when less was enough for
    five minutes.

    \b
    Examples:
      nself scale auto run
      nself scale auto run --once --json
    """
    from dataclasses import replace

    from nself.actions import start
    from nself.actions.scale.controller import Controller

    place = replace(target(app, {}), backup=False)
    controller = Controller(target=place, settings=start.settings(app.environ), emit=app.emit, every_s=interval)
    if once:
        found = controller.once()
        app.output.result(found, human)
        failed = [failure for each in found.services for failure in each.failed]
        say_failures(app, failed)
        context.exit(start.failure_code(failed))
    stopping = Event()
    # A change that has begun is finished.
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    for each in controller.rounds(stopping.is_set):
        app.output.result(each, human)


def human(found: Round) -> Iterator[Line]:
    for each in found.services:
        line = f"{found.timestamp.astimezone():%H:%M:%S} {_line(each)}"
        yield Styled(line, "red" if each.failed else "green") if each.before != each.after else line


def _line(each: Decided) -> str:
    if each.before == each.after:
        return f"{each.service}: stays at {each.before}: {each.why}"
    line = f"{each.service}: {each.before} → {each.after} replicas: {each.why}"
    return f"{line}: failed: {each.failed[0].reason}" if each.failed else line
