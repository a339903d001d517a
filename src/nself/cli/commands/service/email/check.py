"""`nself service email check`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled, Table

if TYPE_CHECKING:
    from nself.actions.email.check import Checked


@verb(short_help="Try the mail server step by step.", result="nself.actions.email.check:Checked")
@click.pass_context
@pass_app
def command(app: App, context: click.Context) -> None:
    """Look up the mail server, connect, read its greeting, encrypt, sign in: each step for real, and no mail sent.

    The exit code is 6 when a step fails.

    \b
    Example:
      nself service email check
    """
    from nself.actions.email.check import check

    found = check(app.project, app.host, app.environ)
    app.output.result(found, human)
    context.exit(0 if found.ok else 6)


def human(found: Checked) -> Iterator[Line]:
    yield Styled(f"{found.provider}: {found.host} port {found.port}", "bold")
    rows = [(step.name, "✓ ok" if step.ok else "✗ failed", f"{step.ms} ms", step.detail) for step in found.steps]
    yield Table(("STEP", "RESULT", "TIME", "DETAIL"), rows)
    if found.ok:
        yield "next: nself service email test"
    else:
        yield "next: nself service email config"
