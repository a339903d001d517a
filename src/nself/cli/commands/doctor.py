"""`nself doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.doctor import Report

SIGNS = {"pass": ("✓", "green"), "warn": ("!", "yellow"), "fail": ("✗", "red"), "skip": ("-", "dim")}


@verb(
    short_help="Look for what is wrong and say how to mend it.", section="Status", result="nself.actions.doctor:Report"
)
@click.option("--fix", is_flag=True, help="Mend what is safe to mend.")
@click.option("--smoke", is_flag=True, help="Walk the whole path: sign up, query, upload, function, mail.")
@click.option(
    "--check",
    "categories",
    multiple=True,
    metavar="CATEGORY",
    help="Only system, config, docker, ssl, services, graphql.",
)
@click.option("--strict", is_flag=True, help="Exit 1 on warnings too.")
@click.pass_context
@pass_app
def command(
    app: App, context: click.Context, fix: bool, smoke: bool, categories: tuple[str, ...], strict: bool
) -> None:
    """Check the machine, the project's files, its certificate and what runs. Works without a project, too.

    `--smoke` makes real requests through TLS as a new user, and deletes what it made.

    \b
    Examples:
      nself doctor
      nself doctor --fix
      nself doctor --smoke --json
    """
    from nself.actions import doctor as action

    wishes = action.Wishes(categories=categories, fix=fix, smoke=smoke)
    report = action.doctor(app.directory, app.host, app.environ, app.emit, wishes)
    app.output.result(report, human)
    context.exit(action.exit_code(report, strict=strict))


def human(report: Report) -> Iterator[Line]:
    width = max(len(check.category) for check in report.checks)
    for check in report.checks:
        sign, color = SIGNS[check.status]
        yield Styled(f"{sign} {check.category.ljust(width)}  {_label(check.id, check.category)}{check.message}", color)
        if check.fix and check.status in {"warn", "fail"}:
            yield f"  {' ' * width}  fix: {check.fix.command}"
    if report.fixed:
        yield f"mended: {', '.join(report.fixed)}"
    counts = report.summary
    parts = [
        f"{counts.passed} passed",
        f"{counts.warnings} warnings",
        f"{counts.failed} failed",
        f"{counts.skipped} skipped",
    ]
    yield ", ".join(parts)


def _label(id: str, category: str) -> str:
    return f"{id}: " if category == "smoke" else ""
