"""What the sub-commands of `nself health` share: their options, one check, and how a report is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, Callback
from nself.cli.output import Line, Styled, Table

if TYPE_CHECKING:
    from nself.actions.health.check import Patience
    from nself.actions.health.report import Report

SYMBOLS = {"healthy": "✓", "running": "✓", "starting": "!", "unhealthy": "✗", "stopped": "✗", "not_found": "✗"}


def check_options(command: Callback) -> Callback:
    for option in (
        click.option(
            "--retries",
            type=click.IntRange(1, 100),
            default=3,
            show_default=True,
            metavar="N",
            help="How often to ask a service before it counts as unwell.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0.1, max=600),
            default=30.0,
            show_default=True,
            metavar="SECONDS",
            help="Wait this long for one answer.",
        ),
    ):
        command = option(command)
    return command


def patience(timeout: float, retries: int) -> Patience:
    from nself.actions.health.check import Patience

    return Patience(timeout_s=timeout, tries=retries)


def one_check(app: App, context: click.Context, *, timeout: float, retries: int, service: str | None = None) -> None:
    from nself.actions.health import check as action

    found = action.check(app.project, app.host, app.environ, app.emit, patience(timeout, retries), service)
    app.output.result(found, human)
    context.exit(action.exit_code(found))


def human(report: Report) -> Iterator[Line]:
    rows = [
        (
            each.service,
            f"{SYMBOLS[each.status]} {each.status.replace('_', ' ')}",
            "-" if each.response_time_ms is None else f"{each.response_time_ms} ms",
            each.details,
        )
        for each in report.services
    ]
    yield Table(("SERVICE", "HEALTH", "TIME", "ANSWER"), rows)
    colour = "green" if report.healthy == report.total else "red" if not report.healthy else "yellow"
    yield Styled(f"{report.healthy} of {report.total} healthy", colour)
    failing = [each.service for each in report.services if each.status in {"unhealthy", "starting"}]
    if failing:
        yield f"next: nself logs {failing[0]}"
    elif any(each.status == "stopped" for each in report.services):
        yield "next: nself start"
