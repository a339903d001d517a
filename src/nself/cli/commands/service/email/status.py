"""`nself service email status`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled

if TYPE_CHECKING:
    from nself.actions.email.configuration import State


@verb(short_help="How mail is sent, and whether its server answers.", result="nself.actions.email.configuration:State")
@click.pass_context
@pass_app
def command(app: App, context: click.Context) -> None:
    """Show through which server mail is sent, and whether it answers. The exit code is 6 when it does not.

    \b
    Example:
      nself service email status
    """
    from nself.actions.email.configuration import state

    found = state(app.project, app.host, app.environ)
    app.output.result(found, human)
    context.exit(0 if found.reachable else 6)


def human(found: State) -> Iterator[Line]:
    if found.provider is None:
        yield Styled(f"✗ {found.reason}", "red")
        yield "next: nself service email setup"
        return
    yield f"mail goes to {found.provider}: {found.host} port {found.port}, from {found.sender}"
    if found.reachable:
        yield Styled("✓ it answers" + (f" and takes {found.user}'s password" if found.user else ""), "green")
    else:
        yield Styled(f"✗ {found.reason}", "red")
    yield "next: " + ("nself service email test" if found.reachable else "nself service email check")
